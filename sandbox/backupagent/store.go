package backupagent

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// store is a repository: encrypted objects in a Swift container.
type store struct {
	ctx   context.Context
	http  *http.Client
	url   string // URL of the container
	below string // common prefix of all names
	token string
	seal  cipher.AEAD
	wait  time.Duration
}

func (r *run) open() *store {
	env := map[string]string{}
	for _, line := range r.lines("env") {
		name, value, _ := strings.Cut(line, "=")
		env[name] = value
	}
	url, token, password, below := env["OS_STORAGE_URL"], env["OS_AUTH_TOKEN"], r.given["password"], ""
	_, container, _ := strings.Cut(strings.TrimSuffix(env["RESTIC_REPOSITORY"], ":/"), ":")
	if of, ok := strings.CutPrefix(r.given["repository"], "swift://"); ok {
		url, token, password, r.sets = env["SWIFT_PREAUTHURL"], env["SWIFT_PREAUTHTOKEN"], env["PASSPHRASE"], true
		container, below, _ = strings.Cut(of, "/")
		below += "/"
	}
	key := sha256.Sum256([]byte(password))
	block, _ := aes.NewCipher(key[:]) // the key length is valid
	seal, _ := cipher.NewGCM(block)   // AES has the required block size
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(_ context.Context, _, address string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		number, err := strconv.Atoi(port)
		if err != nil {
			return nil, err
		}
		return r.Dial(number)
	}}
	return &store{ctx: r.ctx, http: &http.Client{Transport: transport}, url: url + "/" + container, below: below, token: token, seal: seal, wait: 10 * r.Step}
}

var errAbsent = errors.New("does not exist")

// tries is the number of attempts per request while the storage is unavailable.
const tries = 4

func (s *store) ask(method, name, query string, body []byte) ([]byte, error) {
	for try := 1; ; try++ {
		raw, status, err := s.once(method, name, query, body)
		switch {
		case s.ctx.Err() != nil:
			return nil, errors.New("terminated: the manager disconnected")
		case err == nil && status == http.StatusNotFound:
			return nil, fmt.Errorf("%s %w", name, errAbsent)
		case err == nil && status < 300:
			return raw, nil
		case err != nil && try == tries:
			return nil, fmt.Errorf("%s %s: %w", method, name, err)
		case err == nil && (status < 500 || try == tries):
			return nil, fmt.Errorf("%s %s: %d %s", method, name, status, bytes.TrimSpace(raw))
		}
		select {
		case <-s.ctx.Done():
		case <-time.After(s.wait << try):
		}
	}
}

func (s *store) once(method, name, query string, body []byte) ([]byte, int, error) {
	if name != "" {
		name = s.below + name
	}
	request, err := http.NewRequestWithContext(s.ctx, method, s.url+"/"+name+query, bytes.NewReader(body))
	if err != nil {
		return nil, 0, err
	}
	request.Header.Set("X-Auth-Token", s.token)
	response, err := s.http.Do(request)
	if err != nil {
		return nil, 0, err
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	raw, err := io.ReadAll(response.Body)
	return raw, response.StatusCode, err
}

func (s *store) names(prefix string) (out []string, err error) {
	raw, err := s.ask(http.MethodGet, "", "?format=json&prefix="+url.QueryEscape(s.below+prefix), nil)
	if err != nil {
		return nil, err
	}
	var list []struct{ Name string }
	err = json.Unmarshal(raw, &list)
	for _, o := range list {
		out = append(out, strings.TrimPrefix(o.Name, s.below))
	}
	return out, err
}

func (s *store) put(name string, plain []byte) error {
	raw, err := s.sealed(plain)
	if err != nil {
		return err
	}
	return s.putRaw(name, raw)
}

func (s *store) putRaw(name string, raw []byte) error {
	_, err := s.ask(http.MethodPut, name, "", raw)
	return err
}

// sealed compresses and encrypts plain.
func (s *store) sealed(plain []byte) ([]byte, error) {
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	if _, err := zip.Write(plain); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	nonce := make([]byte, s.seal.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return s.seal.Seal(nonce, nonce, packed.Bytes(), nil), nil
}

func (s *store) get(name string) ([]byte, error) {
	raw, err := s.ask(http.MethodGet, name, "", nil)
	if err != nil {
		return nil, err
	}
	if len(raw) < s.seal.NonceSize() {
		return nil, errors.New("ciphertext verification failed: " + name)
	}
	plain, err := s.seal.Open(nil, raw[:s.seal.NonceSize()], raw[s.seal.NonceSize():], nil)
	if err != nil {
		return nil, errors.New("ciphertext verification failed: " + name)
	}
	zip, err := gzip.NewReader(bytes.NewReader(plain))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(zip)
}

func (s *store) remove(name string) error {
	_, err := s.ask(http.MethodDelete, name, "", nil)
	if errors.Is(err, errAbsent) {
		return nil
	}
	return err
}

func (s *store) create() error { return s.put("config", []byte(`{"version":2}`)) }

// check verifies the repository's password.
func (s *store) check() error {
	_, err := s.get("config")
	if err != nil && strings.Contains(err.Error(), "ciphertext") {
		return errors.New("wrong password or no key found")
	}
	return err
}
