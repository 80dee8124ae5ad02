package anonymize

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// TestTokenKeepsItsAlphabet: what is hexadecimal stays so, and two tokens never
// become one.
func TestTokenKeepsItsAlphabet(t *testing.T) {
	f := one(t, 1, "text", Mask{Kind: "token"}, unique)
	lower, upper := regexp.MustCompile(`^[0-9a-f]{32}$`), regexp.MustCompile(`^ACME_[0-9A-F]{32}$`)
	seen := map[string]string{}
	for i := range 2000 {
		sum := md5.Sum(fmt.Append(nil, i))
		v := hex.EncodeToString(sum[:])
		if out := f(v); !lower.MatchString(out) || out == v {
			t.Fatalf("%s became %s", v, out)
		}
		if out := f("ACME_" + strings.ToUpper(v)); !upper.MatchString(out) {
			t.Fatalf("ACME_%s became %s", strings.ToUpper(v), out)
		}
	}
	// One letter and fifteen digits: what is hexadecimal and what is not share a shape.
	for i := range 26000 {
		v := fmt.Sprintf("%c0000000000%05d", 'a'+i%26, i/26)
		out := f(v)
		if other, ok := seen[out]; ok {
			t.Fatalf("%s comes from %s and from %s", out, other, v)
		}
		seen[out] = v
		if (v[0] <= 'f') != (out[0] <= 'f') {
			t.Fatalf("%s became %s, of another alphabet", v, out)
		}
	}
}

// TestTokenPrefix: a prefix is words; an underscore within random letters, as
// base64 in URLs has them, leaves nothing before it readable.
func TestTokenPrefix(t *testing.T) {
	for v, want := range map[string]string{
		"sk_live_4eC39HqLyjWDarjtT1zdp7dc":        "sk_live_",
		"github_pat_11ABCDEFG0123456789abcdefghi": "github_pat_",
		"dop_v1_0123456789abcdef0123456789abcdef": "dop_v1_",
		"ACME_0123456789abcdef0123":               "ACME_",
		"AbCdEfGhIjKl_MnOpQrStUvWxYz012345":       "",
		"x9Kd_sk_live_4eC39HqLyjWDarjtT1zdp":      "",
		"0123_56789abcdefghijklmn":                "",
		"__abcdefghijklmnopqr":                    "",
		"sk_Ab1Cd2_fGhIjKlMnOpQr":                 "sk_",
	} {
		if got := v[:tokenPrefix([]byte(v))]; got != want {
			t.Errorf("of %s %q is kept, want %q", v, got, want)
		}
	}
}
