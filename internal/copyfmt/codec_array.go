package copyfmt

import (
	"encoding/binary"
	"math"
	"strconv"
)

// An array is the number of its dimensions, whether it holds NULL, and the OID of
// its elements' type; of each dimension the size and the first subscript, all in
// four bytes; then the elements, as fields are written.
const (
	arrayHead = 12
	mostDims  = 6
)

func appendArrayText(s *CodecScratch, dst, src []byte, elem *Codec) ([]byte, error) {
	if len(src) < arrayHead || binary.BigEndian.Uint32(src[8:]) != elem.oid {
		return dst, ErrValue
	}
	dims := int(binary.BigEndian.Uint32(src))
	if dims > mostDims || len(src) < arrayHead+8*dims {
		return dst, ErrValue
	}
	if dims == 0 {
		return append(dst, '{', '}'), nil
	}
	var sizes [mostDims]int // elements in a sub-array of that depth
	shape, rest := src[arrayHead:arrayHead+8*dims], src[arrayHead+8*dims:]
	total, plain := 1, true
	for d := dims - 1; d >= 0; d-- {
		size := int(binary.BigEndian.Uint32(shape[8*d:]))
		if size <= 0 || size > len(rest)/4 {
			return dst, ErrValue
		}
		total *= size
		if sizes[d] = total; total > len(rest)/4 {
			return dst, ErrValue
		}
		plain = plain && binary.BigEndian.Uint32(shape[8*d+4:]) == 1
	}
	if !plain {
		dst = appendBounds(dst, shape)
	}
	for i := range total {
		if i > 0 {
			dst = append(dst, ',')
		}
		for d := range dims {
			if i%sizes[d] == 0 {
				dst = append(dst, '{')
			}
		}
		value, behind, err := CutBinary(rest)
		if err != nil {
			return dst, ErrValue
		}
		rest = behind
		if dst, err = appendElementText(s, dst, value, elem); err != nil {
			return dst, err
		}
		for d := range dims {
			if (i+1)%sizes[d] == 0 {
				dst = append(dst, '}')
			}
		}
	}
	if len(rest) > 0 {
		return dst, ErrValue
	}
	return dst, nil
}

func appendBounds(dst, shape []byte) []byte {
	for ; len(shape) > 0; shape = shape[8:] {
		first := int64(int32(binary.BigEndian.Uint32(shape[4:])))
		dst = strconv.AppendInt(append(dst, '['), first, 10)
		dst = strconv.AppendInt(append(dst, ':'), first+int64(binary.BigEndian.Uint32(shape))-1, 10)
		dst = append(dst, ']')
	}
	return append(dst, '=')
}

func appendElementText(s *CodecScratch, dst, value []byte, elem *Codec) ([]byte, error) {
	if value == nil {
		return AppendArrayNull(dst), nil
	}
	if elem.Same() {
		return AppendArrayElement(dst, value), nil
	}
	start := len(dst)
	dst, err := elem.toText(s, dst, value)
	if err != nil {
		return dst, err
	}
	// Few values need quotes: they are written in place, and again behind.
	end := len(dst)
	dst = AppendArrayElement(dst, dst[start:end])
	return append(dst[:start], dst[end:]...), nil
}

// arrayShape is what has been seen of an array's braces.
type arrayShape struct {
	depth, dims int // dims is 0 until the first element
	counts      [mostDims]int
	sizes       [mostDims]int
	known       [mostDims]bool
}

// item counts an element or sub-array.
func (a *arrayShape) item() { a.counts[a.depth-1]++ }

func (a *arrayShape) open() bool {
	if a.depth == mostDims || a.dims > 0 && a.depth == a.dims {
		return false
	}
	a.depth++
	a.counts[a.depth-1] = 0
	return true
}

func (a *arrayShape) close() bool {
	d := a.depth - 1
	if a.known[d] && a.sizes[d] != a.counts[d] || a.counts[d] == 0 {
		return false
	}
	a.known[d], a.sizes[d] = true, a.counts[d]
	if a.depth--; a.depth > 0 {
		a.item()
	}
	return true
}

func appendArrayBinary(s *CodecScratch, dst, text []byte, elem *Codec) ([]byte, error) {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0, 0, 0, 0, 0)
	dst = binary.BigEndian.AppendUint32(dst, elem.oid)
	if string(text) == "{}" {
		return dst, nil
	}
	var shape arrayShape
	var bounds []byte
	s.array.Reset(text)
	for {
		tok, value, err := s.array.Next()
		if err != nil {
			return dst, ErrSpelling
		}
		ok := true
		switch tok {
		case ArrayBounds:
			bounds = s.array.Raw()
		case ArrayOpen:
			ok = shape.open()
		case ArrayClose:
			ok = shape.close()
		case ArrayElement, ArrayNull:
			if shape.dims == 0 {
				shape.dims = shape.depth
				dst = append(dst, make([]byte, 8*shape.dims)...)
			}
			if ok = shape.depth == shape.dims; !ok {
				break
			}
			shape.item()
			if tok == ArrayNull {
				dst[start+7] = 1
				dst = AppendBinaryNull(dst)
				break
			}
			dst = BeginBinaryField(dst)
			at := len(dst)
			if dst, err = elem.AppendBinary(s, dst, value); err != nil {
				return dst, err
			}
			dst = EndBinaryField(dst, at)
		case ArrayEnd:
			return dst, putShape(dst[start:], &shape, bounds)
		}
		if !ok {
			return dst, ErrSpelling
		}
	}
}

// putShape fills in the dimensions of an array.
func putShape(head []byte, shape *arrayShape, bounds []byte) error {
	binary.BigEndian.PutUint32(head, uint32(shape.dims))
	head = head[arrayHead:]
	for d := range shape.dims {
		first := int64(1)
		if bounds != nil {
			var ok bool
			if first, bounds, ok = cutBounds(bounds, shape.sizes[d]); !ok {
				return ErrSpelling
			}
		}
		binary.BigEndian.PutUint32(head[8*d:], uint32(shape.sizes[d]))
		binary.BigEndian.PutUint32(head[8*d+4:], uint32(int32(first)))
	}
	if bounds != nil && string(bounds) != "=" {
		return ErrSpelling
	}
	return nil
}

// cutBounds reads [first:last], of which there must be size.
func cutBounds(text []byte, size int) (first int64, rest []byte, ok bool) {
	colon, end := -1, -1
	for i, c := range text {
		if c == ':' && colon < 0 {
			colon = i
		}
		if c == ']' {
			end = i
			break
		}
	}
	if text[0] != '[' || colon < 0 || end < colon {
		return 0, nil, false
	}
	first, ok1 := parseInt(text[1:colon], math.MaxInt32)
	last, ok2 := parseInt(text[colon+1:end], math.MaxInt32)
	return first, text[end+1:], ok1 && ok2 && last-first+1 == int64(size)
}
