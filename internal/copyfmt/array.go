package copyfmt

import "errors"

// ErrArray is text that is no array literal.
var ErrArray = errors.New("text is no array literal")

// ArrayToken is a piece of an array literal.
type ArrayToken uint8

const (
	ArrayOpen    ArrayToken = iota // {
	ArrayClose                     // }
	ArrayComma                     // ,
	ArrayElement                   // a value
	ArrayNull                      // the word NULL
	ArrayBounds                    // [1:2]= before the first brace, verbatim
)

// ScanArray returns the first token of text and what follows it. An element's
// value is appended to scratch, unquoted; for other tokens scratch comes back
// as it was. The delimiter is ',' (that of every type but box).
func ScanArray(scratch, text []byte) (tok ArrayToken, value, rest []byte, err error) {
	if len(text) == 0 {
		return 0, scratch, nil, ErrArray
	}
	switch text[0] {
	case '{':
		return ArrayOpen, scratch, text[1:], nil
	case '}':
		return ArrayClose, scratch, text[1:], nil
	case ',':
		return ArrayComma, scratch, text[1:], nil
	case '[':
		for i, c := range text {
			if c == '=' {
				return ArrayBounds, append(scratch, text[:i+1]...), text[i+1:], nil
			}
		}
		return 0, scratch, nil, ErrArray
	case '"':
		for i := 1; i < len(text); i++ {
			switch text[i] {
			case '\\':
				i++
				if i == len(text) {
					return 0, scratch, nil, ErrArray
				}
				scratch = append(scratch, text[i])
			case '"':
				return ArrayElement, scratch, text[i+1:], nil
			default:
				scratch = append(scratch, text[i])
			}
		}
		return 0, scratch, nil, ErrArray
	}
	i := 0
	for i < len(text) && text[i] != ',' && text[i] != '}' && text[i] != '{' && text[i] != '"' {
		if text[i] == '\\' {
			i++
			if i == len(text) {
				return 0, scratch, nil, ErrArray
			}
		}
		scratch = append(scratch, text[i])
		i++
	}
	if i == 4 && foldNull(text[:4]) {
		return ArrayNull, scratch[:len(scratch)-4], text[4:], nil
	}
	return ArrayElement, scratch, text[i:], nil
}

func foldNull(s []byte) bool {
	return s[0]|0x20 == 'n' && s[1]|0x20 == 'u' && s[2]|0x20 == 'l' && s[3]|0x20 == 'l'
}

// AppendArrayElement appends value as an array element, quoted where needed.
func AppendArrayElement(dst, value []byte) []byte {
	quote := len(value) == 0 || len(value) == 4 && foldNull(value)
	for _, c := range value {
		switch c {
		case '"', '\\', '{', '}', ',', ' ', '\t', '\n', '\r', '\v', '\f', '[':
			quote = true
		}
	}
	if !quote {
		return append(dst, value...)
	}
	dst = append(dst, '"')
	for _, c := range value {
		if c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}
