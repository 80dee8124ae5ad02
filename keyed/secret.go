package keyed

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
)

// Secret is the root of all keys: 32 random bytes. It never prints itself.
type Secret struct{ key [32]byte }

// NewSecret makes a secret from the operating system's random source.
func NewSecret() (*Secret, error) {
	s := new(Secret)
	_, err := rand.Read(s.key[:])
	return s, err
}

// ErrSecret is a text that is no secret.
var ErrSecret = errors.New("not a secret: write 32 bytes as 64 hex digits or as base64 (pgstandin keygen makes one)")

// ParseSecret reads a secret as 64 hex digits or as base64 (standard or URL
// alphabet) of 32 bytes; white space around it is ignored.
func ParseSecret(text []byte) (*Secret, error) {
	t := strings.TrimSpace(string(text))
	var raw []byte
	var err error
	if len(t) == 64 {
		raw, err = hex.DecodeString(t)
	} else {
		t = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(t), "=")
		raw, err = base64.RawStdEncoding.DecodeString(t)
	}
	if err != nil || len(raw) != 32 {
		return nil, ErrSecret
	}
	s := new(Secret)
	copy(s.key[:], raw)
	if s.key == [32]byte{} {
		return nil, errors.New("not a secret: all bytes are zero")
	}
	return s, nil
}

// Hex returns the secret as text, for keygen alone.
func (s *Secret) Hex() string { return hex.EncodeToString(s.key[:]) }

// ID returns a short public name of the secret: two runs with the same ID used
// the same one. It reveals nothing about it.
func (s *Secret) ID() string {
	k := s.subkey("id", "")
	return hex.EncodeToString(k[:6])
}

// String hides the secret.
func (s *Secret) String() string { return "secret(" + s.ID() + ")" }

// GoString hides the secret from %#v.
func (s *Secret) GoString() string { return s.String() }

// subkey derives the key of a purpose and domain by HKDF-SHA256 (RFC 5869).
func (s *Secret) subkey(purpose, domain string) [32]byte {
	info := "pgstandin/1 " + strconv.Itoa(len(purpose)) + ":" + purpose + domain
	out, err := hkdf.Key(sha256.New, s.key[:], nil, info, 32)
	if err != nil {
		panic("keyed: " + err.Error()) // only for impossible lengths
	}
	return [32]byte(out)
}

// PRF returns the pseudo-random function of a purpose ("sample", "mask") and a
// domain; functions of different pairs are independent.
func (s *Secret) PRF(purpose, domain string) *PRF {
	k := s.subkey(purpose, domain)
	return newPRF(k[:])
}
