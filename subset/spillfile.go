package subset

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
)

// spillFile is a temporary file of sealed blocks. Its key is made with it and
// is nowhere but in memory, so that what is left of the file after a crash, or
// on the disk after its blocks were freed, is noise. Its name is removed as
// soon as it is open where the system allows that, else when it is closed.
//
// A block is sealed with AES-GCM. The nonce is the number of blocks sealed
// before it, so none is used twice whatever is written over. All methods may be
// called at the same time.
type spillFile struct {
	f    *os.File
	name string // to be removed by close, or ""
	aead cipher.AEAD

	mu     sync.Mutex
	blocks uint32   // the file has so many
	free   []uint32 // of these
	seals  uint64

	cache   []atomic.Pointer[block]
	writing sync.Pool // of *[sealedSize]byte
}

const (
	sealedSize = 4096
	tagSize    = 16
	nonceSize  = 12                   // never written: it is kept with the place of the block
	blockSize  = sealedSize - tagSize // bytes of a block before it is sealed
)

// block is what one block of the file holds. It is read-only.
type block struct {
	at    uint32
	nonce uint64
	data  [blockSize]byte
}

// newSpillFile makes the file in dir, the system's folder of temporary files
// if that is empty. It keeps about so many bytes of blocks in memory.
func newSpillFile(dir string, cache int64) (*spillFile, error) {
	f, err := os.CreateTemp(dir, "pgstandin-keys-*") // mode 0600
	if err != nil {
		return nil, fileError("create", err)
	}
	s := &spillFile{f: f}
	if os.Remove(f.Name()) != nil {
		s.name = f.Name()
	}
	var key [32]byte
	rand.Read(key[:]) // never fails
	c, err := aes.NewCipher(key[:])
	clear(key[:])
	if err == nil {
		s.aead, err = cipher.NewGCM(c)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cipher: %w", err), s.close())
	}
	s.cache = make([]atomic.Pointer[block], max(4, min(cache, 32<<20)/sealedSize))
	s.writing.New = func() any { return new([sealedSize]byte) }
	return s, nil
}

// fileError leaves the file's path out: it is of no use when the file has no
// name any more.
func fileError(what string, err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%s: %w; free space there, set TMPDIR to a folder that has some, or allow more memory", what, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// write seals data, which has at most blockSize bytes, into a block. The caller
// needs where it is and its nonce to read it.
func (s *spillFile) write(data []byte) (at uint32, nonce uint64, err error) {
	s.mu.Lock()
	if n := len(s.free); n > 0 {
		at, s.free = s.free[n-1], s.free[:n-1]
	} else if at = s.blocks; at+1 == 0 {
		s.mu.Unlock()
		return 0, 0, errors.New("more than 16 TiB")
	} else {
		s.blocks++
	}
	nonce = s.seals
	s.seals++
	s.mu.Unlock()

	buf := s.writing.Get().(*[sealedSize]byte)
	defer s.writing.Put(buf)
	n := copy(buf[:blockSize], data)
	clear(buf[n:blockSize])
	s.aead.Seal(buf[:0], nonceOf(nonce), buf[:blockSize], nil)
	if _, err := s.f.WriteAt(buf[:], int64(at)*sealedSize); err != nil {
		return 0, 0, fileError("write", err)
	}
	return at, nonce, nil
}

func nonceOf(n uint64) []byte {
	return binary.BigEndian.AppendUint64(make([]byte, 4, nonceSize), n)
}

// read returns a block, from memory if it was read not long ago. The caller
// must not change it.
func (s *spillFile) read(at uint32, nonce uint64) (*block, error) {
	slot := &s.cache[int(at)%len(s.cache)]
	if b := slot.Load(); b != nil && b.at == at && b.nonce == nonce {
		return b, nil
	}
	b := &block{at: at, nonce: nonce}
	if err := s.fill(b); err != nil {
		return nil, err
	}
	slot.Store(b)
	return b, nil
}

// fill reads the block that b names, past the cache.
func (s *spillFile) fill(b *block) error {
	buf := s.writing.Get().(*[sealedSize]byte)
	defer s.writing.Put(buf)
	if _, err := s.f.ReadAt(buf[:], int64(b.at)*sealedSize); err != nil {
		return fileError("read", err)
	}
	if _, err := s.aead.Open(b.data[:0], nonceOf(b.nonce), buf[:], nil); err != nil {
		return errors.New("read: a block is not what was written")
	}
	return nil
}

// release gives blocks back.
func (s *spillFile) release(blocks []uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, blocks...)
}

// close ends the file, and removes it if that was not possible before.
func (s *spillFile) close() error {
	err := s.f.Close()
	if s.name != "" {
		err = errors.Join(err, os.Remove(s.name))
	}
	if err != nil {
		return fileError("close", err)
	}
	return nil
}
