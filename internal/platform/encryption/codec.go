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

// Keyring holds the keys. The newest key encrypts new payloads; older keys decrypt older payloads.
type Keyring struct {
	dir    string
	newest string
	keys   map[string]cipher.AEAD
}

// OpenKeyring reads the keyring in dir, or creates it with one key. Each file is a key; its name is the ID, and the
// greatest name is the newest key.
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

// Rotate adds a new key with the ID, which must be greater than all others. All replicas must have the key before one of
// them encrypts with it: copy the keyring, then restart.
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

// NextID returns the ID after the newest.
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

// Decode implements converter.PayloadCodec. It returns payloads of other codecs unchanged.
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

// Converter returns Temporal's default converter with encryption by the keyring.
func (r *Keyring) Converter() converter.DataConverter {
	return converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), r)
}

// Existing reads a key of the data directory that does not belong to the keyring.
func Existing(file string) ([]byte, error) {
	key, err := os.ReadFile(file)
	if err == nil && len(key) != keyBytes {
		return nil, fmt.Errorf("%s: a key has %d bytes", file, keyBytes)
	}
	return key, err
}

// Key reads or creates a key of the data directory that does not belong to the keyring: for session cookies, the audit
// chain and backups.
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
