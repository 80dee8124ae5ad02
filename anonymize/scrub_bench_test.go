package anonymize

import (
	"strings"
	"testing"

	"github.com/pgstandin/pgstandin/internal/copyfmt"
)

// ticketTable is a table whose text quotes its other columns.
func ticketTable() Table {
	return Table{Name: "tickets", Entity: 0, EntityDomain: "users(id)", Columns: []Column{
		{Name: "user_id", Type: Type{Name: "int8"}},
		{Name: "name", Type: Type{Name: "text"}, Mask: &Mask{Kind: "person.name"}},
		{Name: "email", Type: Type{Name: "text"}, Mask: &Mask{Kind: "email"}},
		{Name: "phone", Type: Type{Name: "text"}, Mask: &Mask{Kind: "phone"}},
		{Name: "city", Type: Type{Name: "text"}, Mask: &Mask{Kind: "address.city"}},
		{Name: "body", Type: Type{Name: "text"}, Mask: &Mask{Kind: "scrub"}},
	}}
}

func ticketRow(body string) []byte {
	row := []byte("17\tAnna-Marie Lindberg\tanna.lindberg@post.test\t+49 30 1234567\tBerlin\t")
	return copyfmt.AppendEscaped(row, []byte(body))
}

// scrubText is a text as some column holds it.
type scrubText struct{ name, body string }

func scrubTexts() []scrubText {
	const prose = "Thank you for the quick answer. The lamp came on Tuesday and it works, but the shade is a little darker than on the " +
		"picture; could you tell me whether there is a lighter one, and what it would cost to have it sent? No hurry at all. "
	const message = "Hello, this is Anna-Marie Lindberg from Berlin. " + prose + "You can call me at 030 1234567 or write to anna.lindberg@post.test (order 4711, of 2024-05-06, 1.249,00 EUR)."
	return []scrubText{
		{"prose", strings.Repeat(prose, 3)},
		{"message", message},
		{"message in its row", message},
		{"short", "Please ring twice, or call +49 30 1234567. Anna"},
		{"log", strings.Repeat("2024-05-06 10:11:12.131415 INFO [worker-7] request id=8f14e45fceea167a user=1742 took=12.5ms status=200 path=/api/v2/orders/991827 bytes=18273\n", 4)},
		{"access log", `203.0.113.7 - - [06/May/2024:10:11:12 +0200] "GET /orders/1742?page=2 HTTP/1.1" 200 18273 "-" "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0"`},
		{"cyrillic", strings.Repeat("Здравствуйте, заказ пришёл вовремя, спасибо большое. Упаковка была немного повреждена, но всё работает. ", 4)},
		{"japanese", strings.Repeat("先日注文した商品が届きました。箱が少し壊れていましたが、中身は問題ありませんでした。ありがとうございます。", 4)},
		{"csv", strings.Repeat("2024-05-06,10:11:12,1742,0.25,-13.370000,49.99,0004711,A-17,4.0012,2024-05-07\n", 6)},
		{"hex", strings.Repeat("00000010: 48 65 6c 6c 6f 2c 20 77 6f 72 6c 64 21 0a 00 ff deadbeef 0x7fff5fbff8c8 ", 6)},
		{"json log", strings.Repeat(`{"ts":"2024-05-06T10:11:12.131Z","level":"info","pid":17421,"trace":"4bf92f3577b34da6a3ce929d0e0e4736","ms":12.5,"msg":"done"}`+"\n", 4)},
		{"numbers", strings.Repeat("1048576 2097152 33554432 4096 17 65536 1234567890 99 ", 8)},
	}
}

// BenchmarkScrub measures what a worker rewrites of texts of several sorts: in a
// row of its own, and ("message in its row") with the columns that it quotes.
func BenchmarkScrub(b *testing.B) {
	for _, c := range scrubTexts() {
		b.Run(c.name, func(b *testing.B) {
			table, row := ticketTable(), ticketRow(c.body)
			if !strings.HasSuffix(c.name, "row") {
				table = Table{Entity: -1, Columns: table.Columns[5:]}
				row = copyfmt.AppendEscaped(nil, []byte(c.body))
			}
			p, err := Compile(testSecret(b, 1), table)
			if err != nil {
				b.Fatal(err)
			}
			r := p.NewRewriter()
			b.SetBytes(int64(len(c.body)))
			b.ReportAllocs()
			var dst []byte
			for b.Loop() {
				dst, _ = r.AppendRow(dst[:0], row)
			}
		})
	}
}
