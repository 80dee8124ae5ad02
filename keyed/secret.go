package keyed

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
)

// Secret is the root of all keys: 32 random bytes. It never prints itself:
// under every verb it is "secret(ID)", and a struct that holds one shows an
// address at most. Immutable, safe for concurrent use.
type Secret struct {
	key  func() [32]byte // a closure: package fmt follows pointers, in unexported fields too
	prfs func(purpose, domain string) *PRF
}

func newSecret(key [32]byte) *Secret {
	s := &Secret{key: func() [32]byte { return key }}
	var mu sync.Mutex
	made := map[[2]string]*PRF{}
	s.prfs = func(purpose, domain string) *PRF {
		mu.Lock()
		defer mu.Unlock()
		p := made[[2]string{purpose, domain}]
		if p == nil {
			k := s.subkeys(purpose, domain, 96)
			p = newPRF(k[:32], k[32:64], k[64:])
			made[[2]string{purpose, domain}] = p
		}
		return p
	}
	return s
}

// NewSecret makes a secret from the operating system's random source.
func NewSecret() (*Secret, error) {
	var key [32]byte
	if _, err := rand.Read(key[:]); err != nil {
		return nil, fmt.Errorf("random source: %w", err)
	}
	return newSecret(key), nil
}

// testKey is public: it is for tests of rules files alone.
const testKey = "pgstandin test key, published!!!"

// TestSecret returns the secret under which tests of rules files run. It is the
// same for everybody, so that results can be written down; ParseSecret refuses it.
func TestSecret() *Secret { return newSecret([32]byte([]byte(testKey))) }

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
	key := [32]byte(raw)
	if key == [32]byte{} {
		return nil, errors.New("not a secret: all bytes are zero (pgstandin keygen makes one)")
	}
	if string(key[:]) == testKey {
		return nil, errors.New("not a secret: it is the published key of tests (pgstandin keygen makes one)")
	}
	return newSecret(key), nil
}

// Hex returns the secret as text, for keygen alone.
func (s *Secret) Hex() string {
	key := s.key()
	return hex.EncodeToString(key[:])
}

// ID returns a short public name of the secret: two runs with the same ID used
// the same one. It reveals nothing about it.
func (s Secret) ID() string {
	return hex.EncodeToString(s.subkeys("id", "", 6))
}

// String hides the secret.
func (s Secret) String() string {
	if s.key == nil {
		return "secret()"
	}
	return "secret(" + s.ID() + ")"
}

// Format hides the secret from every verb of package fmt, on a copy as on a
// pointer.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// subkeys derives n bytes for a purpose and domain by HKDF-SHA256 (RFC 5869).
func (s Secret) subkeys(purpose, domain string, n int) []byte {
	info := "pgstandin/1 " + strconv.Itoa(len(purpose)) + ":" + purpose + domain
	key := s.key()
	out, err := hkdf.Key(sha256.New, key[:], nil, info, n)
	if err != nil {
		panic("keyed: " + err.Error()) // only for impossible lengths
	}
	return out
}

// PRF returns the pseudo-random function of a purpose ("sample", "mask") and a
// domain; functions of different pairs are independent. It is made once, in some
// microseconds, and the same for all who ask: most columns of a large schema share
// few domains.
func (s *Secret) PRF(purpose, domain string) *PRF { return s.prfs(purpose, domain) }
