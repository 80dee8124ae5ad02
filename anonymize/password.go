package anonymize

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"sync"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/blowfish" //nolint:staticcheck // bcrypt is made of it, with a salt of our own
)

func makePassword(c *compiler) maskFunc {
	if !c.given("value") {
		c.problem("value", "password needs a value: { mask: password, value: staging }")
		return nil
	}
	value, cost := c.string("value", ""), c.int("cost", 10, 4)
	if len(value) > 72 || value == "" {
		c.problem("value", "the password must have 1 to 72 bytes")
		return nil
	}
	salt := c.prf().Sum([]byte(value))
	var compute func() []byte
	var n int // characters
	switch scheme := c.string("scheme", "bcrypt"); {
	case scheme == "bcrypt" && cost > 15:
		c.problem("cost", "cost must be 4 to 15")
	case scheme == "bcrypt":
		n, compute = 60, func() []byte { return bcrypt([]byte(value), salt, uint(cost)) }
	case c.given("cost"):
		c.problem("cost", "cost is for the scheme bcrypt")
	case scheme == "argon2id":
		n, compute = 97, func() []byte { return argon2id([]byte(value), salt) }
	case scheme == "pbkdf2_sha256":
		n, compute = 88, func() []byte { return pbkdf2sha256(value, salt) }
	default:
		c.problem("scheme", "scheme must be bcrypt, argon2id or pbkdf2_sha256")
	}
	if c.room(n) < n {
		c.problem("", "mask password needs %d characters, and the column holds %d", n, c.room(n))
	}
	hash := sync.OnceValue(compute) // slow, and needed by runs only
	return func(dst, _ []byte, _ *Rewriter) []byte { return append(dst, hash()...) }
}

// argon2id computes a hash of RFC 9106, two passes over 19 MiB in one lane (what
// OWASP's password storage cheat sheet has for servers), written as the reference
// implementation does.
func argon2id(password []byte, salt [16]byte) []byte {
	const passes, kib, lanes = 2, 19456, 1
	sum := argon2.IDKey(password, salt[:], passes, kib, lanes, 32)
	out := fmt.Appendf(nil, "$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, kib, passes, lanes)
	out = append(base64.RawStdEncoding.AppendEncode(out, salt[:]), '$')
	return base64.RawStdEncoding.AppendEncode(out, sum)
}

// pbkdf2sha256 computes a hash of RFC 8018 as Django writes it.
func pbkdf2sha256(password string, salt [16]byte) []byte {
	const rounds = 600000
	text := appendTail(nil, salt, 22)
	sum, err := pbkdf2.Key(sha256.New, password, text, rounds, sha256.Size)
	if err != nil {
		panic("anonymize: " + err.Error()) // only where a standard forbids short salts
	}
	out := fmt.Appendf(nil, "pbkdf2_sha256$%d$%s$", rounds, text)
	return base64.StdEncoding.AppendEncode(out, sum)
}

// bcrypt computes a hash of Provos and Mazières' scheme ("A Future-Adaptable
// Password Scheme", 1999) with a given salt, which the well-known package does
// not take: a run must give the same hash as the last one.
func bcrypt(password []byte, salt [16]byte, cost uint) []byte {
	key := append(password[:len(password):len(password)], 0)
	cipher, err := blowfish.NewSaltedCipher(key, salt[:])
	if err != nil {
		panic("anonymize: " + err.Error()) // only for impossible lengths
	}
	for range uint64(1) << cost {
		blowfish.ExpandKey(key, cipher)
		blowfish.ExpandKey(salt[:], cipher)
	}
	text := []byte("OrpheanBeholderScryDoubt")
	for i := 0; i < len(text); i += 8 {
		for range 64 {
			cipher.Encrypt(text[i:i+8], text[i:i+8])
		}
	}
	enc := base64.NewEncoding("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789").WithPadding(base64.NoPadding)
	out := []byte{'$', '2', 'a', '$', '0' + byte(cost/10), '0' + byte(cost%10), '$'}
	out = enc.AppendEncode(out, salt[:])
	return enc.AppendEncode(out, text[:23])
}
