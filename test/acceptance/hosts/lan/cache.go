package main

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// cache is a forward proxy for one host. It keeps immutable files forever: packages, and lists that are named
// by their hash.
type cache struct {
	dir, host string
	busy      sync.Map // a mutex per URL: many hosts request the same file at the same time
}

func (c *cache) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if (r.Method != http.MethodGet && r.Method != http.MethodHead) || r.URL.Scheme != "http" || r.URL.Host != c.host {
		http.Error(w, "not allowed", http.StatusForbidden)
		return
	}
	if !strings.HasSuffix(r.URL.Path, ".deb") && !strings.Contains(r.URL.Path, "/by-hash/") {
		c.pass(w, r)
		return
	}
	sum := sha256.Sum256([]byte(r.URL.String()))
	file := filepath.Join(c.dir, hex.EncodeToString(sum[:]))
	l, _ := c.busy.LoadOrStore(file, &sync.Mutex{})
	lock := l.(*sync.Mutex)
	lock.Lock()
	defer lock.Unlock()
	if _, err := os.Stat(file); err != nil {
		status, err := c.fetch(r, file)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		if status != http.StatusOK {
			w.WriteHeader(status)
			return
		}
	}
	http.ServeFile(w, r, file)
}

// fetch downloads a file, or returns the status if it is not 200.
func (c *cache) fetch(r *http.Request, file string) (int, error) {
	q, err := http.NewRequestWithContext(r.Context(), http.MethodGet, r.URL.String(), http.NoBody)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultTransport.RoundTrip(q)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return response.StatusCode, nil
	}
	t, err := os.CreateTemp(c.dir, "new")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.Remove(t.Name()) }() // it no longer exists after a success
	if _, err := io.Copy(t, response.Body); err != nil {
		_ = t.Close()
		return 0, err
	}
	if err := t.Close(); err != nil {
		return 0, err
	}
	return http.StatusOK, os.Rename(t.Name(), file)
}

func (c *cache) pass(w http.ResponseWriter, r *http.Request) {
	q, err := http.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), http.NoBody)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, name := range []string{"If-Modified-Since", "Range", "If-Range", "Accept"} {
		if v := r.Header.Get(name); v != "" {
			q.Header.Set(name, v)
		}
	}
	response, err := http.DefaultTransport.RoundTrip(q)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer func() { _ = response.Body.Close() }()
	maps.Copy(w.Header(), response.Header)
	w.WriteHeader(response.StatusCode)
	_, _ = io.Copy(w, response.Body)
}
