package anonymize

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
)

// placeholder is a smallest file of one type, as the text of a bytea.
type placeholder struct {
	magic string // what such a file begins with
	text  []byte
}

// makeFile puts a small file of the same type in the place of each: of an image
// a white point, of a document an empty one. What has no known beginning becomes
// one byte, and is counted as opaque.
func makeFile(*compiler) maskFunc {
	files := placeholders()
	return func(dst, value []byte, r *Rewriter) []byte {
		var buf [16]byte
		head := byteaHead(buf[:0], value)
		for i := range files {
			if bytes.HasPrefix(head, []byte(files[i].magic)) {
				return append(dst, files[i].text...)
			}
		}
		r.opaque = true
		return append(dst, `\x00`...)
	}
}

// byteaHead appends the first bytes of a bytea's text, in hex or as
// bytea_output = escape writes it, as many as dst has room for.
func byteaHead(dst, v []byte) []byte {
	if bytes.HasPrefix(v, []byte(`\x`)) {
		n := min(cap(dst)-len(dst), (len(v)-2)/2)
		at := len(dst)
		n, _ = hex.Decode(dst[at:at+n], v[2:2+2*n])
		return dst[:at+n]
	}
	for len(v) > 0 && len(dst) < cap(dst) {
		ch, w := v[0], 1
		switch {
		case ch == '\\' && len(v) >= 4 && v[1] != '\\':
			ch, w = v[1]&3<<6|v[2]&7<<3|v[3]&7, 4
		case ch == '\\':
			w = min(2, len(v))
		}
		dst, v = append(dst, ch), v[w:]
	}
	return dst
}

func placeholders() []placeholder {
	point := image.NewGray(image.Rect(0, 0, 1, 1))
	point.Pix[0] = 0xff
	made := func(magic string, write func(*bytes.Buffer) error) placeholder {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			panic("anonymize: " + err.Error()) // a buffer takes everything
		}
		return placeholder{magic, hex.AppendEncode([]byte(`\x`), b.Bytes())}
	}
	return []placeholder{
		made("\x89PNG\r\n\x1a\n", func(b *bytes.Buffer) error { return png.Encode(b, point) }),
		made("\xff\xd8\xff", func(b *bytes.Buffer) error { return jpeg.Encode(b, point, nil) }),
		made("GIF8", func(b *bytes.Buffer) error { return gif.Encode(b, point, nil) }),
		made("%PDF-", emptyPDF),
		made("PK\x03\x04", emptyZip),
		made("\x1f\x8b", func(b *bytes.Buffer) error { return gzip.NewWriter(b).Close() }),
	}
}

// emptyPDF writes a document of one empty page (ISO 32000-1, section 7.5).
func emptyPDF(b *bytes.Buffer) error {
	b.WriteString("%PDF-1.4\n")
	var at [4]int
	for i, object := range []string{
		"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>", "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>>>",
	} {
		at[i+1] = b.Len()
		fmt.Fprintf(b, "%d 0 obj%s endobj\n", i+1, object)
	}
	xref := b.Len()
	fmt.Fprintf(b, "xref\n0 4\n0000000000 65535 f \n%010d 00000 n \n%010d 00000 n \n%010d 00000 n \n", at[1], at[2], at[3])
	fmt.Fprintf(b, "trailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", xref)
	return nil
}

// emptyZip writes an archive of no files, which is also what office documents
// begin as.
func emptyZip(b *bytes.Buffer) error { return zip.NewWriter(b).Close() }
