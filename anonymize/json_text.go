package anonymize

import "github.com/pgstandin/pgstandin/internal/textfold"

// text makes j.value what a string or a number says.
func (j *jsonState) text(raw []byte, quoted bool) []byte {
	if quoted {
		j.value = textfold.AppendUnquoted(j.value[:0], raw[1:len(raw)-1])
	} else {
		j.value = append(j.value[:0], raw...)
	}
	return j.value
}

func (j *jsonState) space() {
	for j.at < len(j.in) {
		switch j.in[j.at] {
		case ' ', '\t', '\n', '\r':
			j.at++
		default:
			return
		}
	}
}

func (j *jsonState) copySpace(dst []byte) []byte {
	start := j.at
	j.space()
	return append(dst, j.in[start:j.at]...)
}

// string returns the string at the reader, with its quotes.
func (j *jsonState) string() []byte {
	start := j.at
	for j.at++; j.at < len(j.in); j.at++ {
		switch j.in[j.at] {
		case '\\':
			j.at++
		case '"':
			j.at++
			return j.in[start:j.at]
		}
	}
	j.bad, j.at = true, len(j.in)
	return nil
}

// word returns a number, true, false or null.
func (j *jsonState) word() []byte {
	start := j.at
	for j.at < len(j.in) {
		switch ch := j.in[j.at]; {
		case ch >= 'a' && ch <= 'z', ch >= '0' && ch <= '9', ch == '-', ch == '+', ch == '.', ch == 'E':
			j.at++
			continue
		}
		break
	}
	if j.at == start {
		j.bad = true
	}
	return j.in[start:j.at]
}

// appendQuoted appends v as a JSON string.
func appendQuoted(dst, v []byte) []byte {
	dst = append(dst, '"')
	for _, ch := range v {
		switch {
		case ch == '"' || ch == '\\':
			dst = append(dst, '\\', ch)
		case ch < ' ':
			const digits = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', digits[ch>>4], digits[ch&15])
		default:
			dst = append(dst, ch)
		}
	}
	return append(dst, '"')
}

// isJSONNumber reports whether v may stand without quotes (RFC 8259, section 6).
func isJSONNumber(v []byte) bool {
	digits := func() bool {
		n := 0
		for n < len(v) && radix(v[n]) == 10 {
			n++
		}
		v = v[n:]
		return n > 0
	}
	if len(v) > 0 && v[0] == '-' {
		v = v[1:]
	}
	if len(v) > 1 && v[0] == '0' && radix(v[1]) == 10 || !digits() {
		return false
	}
	if len(v) > 0 && v[0] == '.' {
		if v = v[1:]; !digits() {
			return false
		}
	}
	if len(v) > 0 && v[0]|0x20 == 'e' {
		if v = v[1:]; len(v) > 0 && (v[0] == '+' || v[0] == '-') {
			v = v[1:]
		}
		if !digits() {
			return false
		}
	}
	return len(v) == 0
}
