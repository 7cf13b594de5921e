// Package ssh connects to the stack and to instances over SSH, directly or through the bastion, with pinned host keys. The choice
// between a direct connection and the bastion is made only in this package.
package ssh

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/crypto/ssh"
)

// LoadKey reads the manager's private SSH key from the file. It generates an ed25519 key if the file does not exist, and returns an
// error if the file is damaged.
func LoadKey(file string) (ssh.Signer, error) {
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		raw, err = newKey(file)
	}
	if err != nil {
		return nil, err
	}
	return ssh.ParsePrivateKey(raw)
}

func newKey(file string) ([]byte, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	block, err := ssh.MarshalPrivateKey(key, "mycloudmanager")
	if err != nil {
		return nil, err
	}
	raw := pem.EncodeToMemory(block)
	if err := os.WriteFile(file+".new", raw, 0o600); err != nil {
		return nil, err
	}
	return raw, os.Rename(file+".new", file)
}

// AuthorizedKey returns the public key of the signer as a line for authorized_keys.
func AuthorizedKey(s ssh.Signer) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.PublicKey()))) + " mycloudmanager"
}
