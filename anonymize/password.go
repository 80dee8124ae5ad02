package anonymize

import (
	"encoding/base64"

	"golang.org/x/crypto/blowfish"
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
	if cost > 15 {
		c.problem("cost", "cost must be 4 to 15")
		return nil
	}
	if c.room(60) < 60 {
		c.problem("", "mask password needs 60 characters, and the column holds %d", c.room(60))
		return nil
	}
	hash := bcrypt([]byte(value), c.prf().Sum([]byte(value)), uint(cost))
	return func(dst, _ []byte, _ *Rewriter) []byte { return append(dst, hash...) }
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
