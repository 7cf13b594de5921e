// Package encryption encrypts Temporal payloads (inputs, results, memos and failures) with the keys of a keyring that can be
// rotated.
package encryption

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

const (
	encoding    = "binary/mcm-aes256gcm"
	metaKeyID   = "mcm-key"
	keyBytes    = 32
	keyIDLength = 16
)

// Keyring holds the keys. New payloads are sealed with the newest; older ones stay to open what they
// sealed.
type Keyring struct {
	dir    string
	newest string
	keys   map[string]cipher.AEAD
}

// OpenKeyring reads the ring in dir, or makes it with one key. A file is one key; the name is its id
// and the greatest name is the newest.
func OpenKeyring(dir string) (*Keyring, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	r := &Keyring{dir: dir, keys: map[string]cipher.AEAD{}}
	names, err := filepath.Glob(filepath.Join(dir, "*.key"))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	for _, name := range names {
		if err := r.load(name); err != nil {
			return nil, err
		}
	}
	if len(names) == 0 {
		return r, r.Rotate("0001")
	}
	return r, nil
}

func (r *Keyring) load(file string) error {
	key, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if len(key) != keyBytes {
		return fmt.Errorf("%s: a key has %d bytes", file, keyBytes)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return err
	}
	seal, err := cipher.NewGCM(block)
	if err != nil {
		return err
	}
	id := strings.TrimSuffix(filepath.Base(file), ".key")
	r.keys[id], r.newest = seal, max(r.newest, id)
	return nil
}

// Rotate adds a new newest key under the id, which must be greater than those before. Replicas must
// have it before one of them seals with it: copy the ring, then restart.
func (r *Keyring) Rotate(id string) error {
	if id <= r.newest || len(id) > keyIDLength {
		return fmt.Errorf("a new key's id must be greater than %q", r.newest)
	}
	key := make([]byte, keyBytes)
	if _, err := rand.Read(key); err != nil {
		return err
	}
	file := filepath.Join(r.dir, id+".key")
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return r.load(file)
	}
	if err != nil {
		return err
	}
	if _, err := f.Write(key); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return r.load(file)
}

// NextID returns the id after the newest.
func (r *Keyring) NextID() string {
	var n int
	if _, err := fmt.Sscanf(r.newest, "%d", &n); err != nil {
		return r.newest + "1"
	}
	return fmt.Sprintf("%04d", n+1)
}

// Encode implements converter.PayloadCodec.
func (r *Keyring) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		plain, err := proto.Marshal(p)
		if err != nil {
			return nil, err
		}
		seal := r.keys[r.newest]
		nonce := make([]byte, seal.NonceSize())
		if _, err := rand.Read(nonce); err != nil {
			return nil, err
		}
		out[i] = &commonpb.Payload{
			Metadata: map[string][]byte{converter.MetadataEncoding: []byte(encoding), metaKeyID: []byte(r.newest)},
			Data:     seal.Seal(nonce, nonce, plain, []byte(r.newest)),
		}
	}
	return out, nil
}

// Decode implements converter.PayloadCodec. What this codec did not seal passes through.
func (r *Keyring) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		if string(p.GetMetadata()[converter.MetadataEncoding]) != encoding {
			out[i] = p
			continue
		}
		id := string(p.Metadata[metaKeyID])
		seal, ok := r.keys[id]
		if !ok {
			return nil, fmt.Errorf("the key %q is not in the ring", id)
		}
		if len(p.Data) < seal.NonceSize() {
			return nil, errors.New("a sealed payload is cut short")
		}
		n := seal.NonceSize()
		plain, err := seal.Open(nil, p.Data[:n], p.Data[n:], []byte(id))
		if err != nil {
			return nil, fmt.Errorf("a payload does not open with the key %q", id)
		}
		out[i] = &commonpb.Payload{}
		if err := proto.Unmarshal(plain, out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Converter is Temporal's default converter behind the ring.
func (r *Keyring) Converter() converter.DataConverter {
	return converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), r)
}

// Existing reads a key of the data directory that is not part of the ring.
func Existing(file string) ([]byte, error) {
	key, err := os.ReadFile(file)
	if err == nil && len(key) != keyBytes {
		return nil, fmt.Errorf("%s: a key has %d bytes", file, keyBytes)
	}
	return key, err
}

// Key reads or makes a key of the data directory that is not part of the ring: the one of the
// session cookies, of the audit's chain, of the backups.
func Key(file string) ([]byte, error) {
	key, err := Existing(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	key = make([]byte, keyBytes)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	temporary := file + ".new"
	if err := os.WriteFile(temporary, key, 0o600); err != nil {
		return nil, err
	}
	return key, os.Rename(temporary, file)
}
