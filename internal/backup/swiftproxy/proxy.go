// Package swiftproxy is a reverse proxy that gives an instance access to one Swift container for the length of one run. The
// instance gets a token that only the proxy accepts; the proxy sends allowed requests on with the credential of the manager,
// so that no OpenStack credential reaches the instance.
package swiftproxy

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"mycloudmanager/internal/fault"
)

// Access is what may be done in the container.
type Access int

// The rights, each with those before it. Objects below locks/ are the engine's own notes of who works: they
// may come and go by every right.
const (
	ReadOnly  Access = iota
	Append           // new objects, never in the place of others: who has taken the instance over destroys no backup
	ReadWrite        // deletion too
)

// Proxy is the container as one run may use it.
type Proxy struct {
	Container string
	Token     string // of the run
	Limit     int    // bytes a second that may be stored, 0 for as many as come
	RunID     string // what is stored carries it, under the header Marked
	access    Access
	backend   *url.URL
	proxy     *httputil.ReverseProxy

	uploaded, downloaded atomic.Int64
	mu                   sync.Mutex
	lastError            error
	limiter              *rate.Limiter
}

// RunHeader is the header that tells of an object by which run it was stored. Who comes through the door cannot set it.
const RunHeader = "X-Object-Meta-Mcm-Run"

// Prefix is the path of the account as who enters by the door sees it.
const Prefix = "/v1/mcm"

// New makes a door to a container of the account at base; storage asks it with the manager's token.
func New(base *url.URL, storage http.RoundTripper, container string, right Access) *Proxy {
	token := make([]byte, 32)
	_, _ = rand.Read(token) // never fails
	d := &Proxy{Container: container, Token: hex.EncodeToString(token), access: right, backend: base}
	d.proxy = &httputil.ReverseProxy{
		Rewrite:        d.rewrite,
		Transport:      &createOnce{storage},
		ModifyResponse: d.checkResponse,
		ErrorHandler:   d.proxyError,
		ErrorLog:       log.New(io.Discard, "", 0), // trouble is told by Trouble
	}
	return d
}

// Serve answers what comes in by the listener until it is closed.
func (d *Proxy) Serve(l net.Listener) {
	server := &http.Server{Handler: d, ReadHeaderTimeout: time.Minute, IdleTimeout: time.Hour, MaxHeaderBytes: 64 << 10, ErrorLog: log.New(io.Discard, "", 0)}
	_ = server.Serve(l) // ends with the run
	_ = server.Close()
}

// ServeHTTP lets in what has the token and is about the container.
func (d *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("X-Auth-Token")), []byte(d.Token)) != 1 {
		http.Error(w, "this token is not good here", http.StatusUnauthorized)
		return
	}
	object, ok := d.object(r.URL)
	if !ok || !plain(r.URL.Query()) {
		http.Error(w, "this is not the container that was lent", http.StatusForbidden)
		return
	}
	if !d.allowed(r.Method, object) {
		http.Error(w, r.Method+" was not lent", http.StatusForbidden)
		return
	}
	if r.Method == http.MethodPut {
		r.Body = &countingReader{d.throttle(r.Context(), r.Body), &d.uploaded}
	}
	d.proxy.ServeHTTP(w, r)
}

// object is the name of the object that an address is about, "" for the container itself.
func (d *Proxy) object(u *url.URL) (string, bool) {
	rest, ok := strings.CutPrefix(u.Path, Prefix+"/"+d.Container)
	if !ok || rest != "" && rest[0] != '/' {
		return "", false
	}
	for _, part := range strings.Split(rest, "/") {
		if part == "." || part == ".." {
			return "", false // whoever is behind might walk
		}
	}
	return strings.TrimPrefix(rest, "/"), true
}

// plain tells that the query only lists: others change what an object is made of.
func plain(query url.Values) bool {
	for name := range query {
		switch name {
		case "format", "prefix", "delimiter", "marker", "end_marker", "limit", "path":
		default:
			return false
		}
	}
	return true
}

func (d *Proxy) allowed(method, object string) bool {
	switch method {
	case http.MethodGet, http.MethodHead:
		return true
	case http.MethodPut:
		return object != "" && (d.access >= Append || isLock(object))
	case http.MethodDelete:
		return object != "" && (d.access >= ReadWrite || isLock(object))
	}
	return false
}

func isLock(object string) bool { return strings.HasPrefix(object, "locks/") && object != "locks/" }

// headers are those that go on. Others could make an object of another container's bytes.
var headers = []string{"Accept", "Content-Type", "Etag", "Range", "User-Agent"}

func (d *Proxy) rewrite(r *httputil.ProxyRequest) {
	kept := http.Header{}
	for _, name := range headers {
		if v, ok := r.In.Header[name]; ok {
			kept[name] = v
		}
	}
	object, _ := d.object(r.In.URL) // it was looked at
	if r.In.Method == http.MethodPut && d.access < ReadWrite && !isLock(object) {
		kept.Set("If-None-Match", "*")
		if d.RunID != "" {
			kept.Set(RunHeader, d.RunID)
		}
	}
	r.Out.Header = kept
	to := d.backend.JoinPath(d.Container)
	if object != "" {
		to.Path += "/" + object // not joined: a name may have two slashes
	}
	to.RawPath, to.RawQuery = "", r.In.URL.Query().Encode()
	r.Out.URL, r.Out.Host = to, ""
}

// checkResponse keeps in mind why the storage refused.
func (d *Proxy) checkResponse(answer *http.Response) error {
	switch code := answer.StatusCode; {
	case code == http.StatusRequestEntityTooLarge:
		d.recordError(fault.New(fault.Quota, nil, "swift: the project's quota of object storage is used up"))
	case code == http.StatusInsufficientStorage, code == http.StatusTooManyRequests, code >= 500:
		d.recordError(fault.New(fault.Unavailable, nil, "swift does not respond"))
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		d.recordError(fault.New(fault.Unavailable, nil, "the cloud refuses the manager's own credential: %s", "swift"))
	}
	answer.Body = &countingReader{answer.Body, &d.downloaded}
	return nil
}

func (d *Proxy) proxyError(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil {
		d.recordError(fault.New(fault.Unavailable, err, "swift does not respond"))
	}
	w.WriteHeader(http.StatusServiceUnavailable)
}

func (d *Proxy) recordError(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lastError = err
}

// LastError is why the storage refused last, nil when it never did.
func (d *Proxy) LastError() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lastError
}

// BytesUploaded is how many bytes of objects went into the storage.
func (d *Proxy) BytesUploaded() int64 { return d.uploaded.Load() }

// BytesDownloaded is how many bytes came out of it.
func (d *Proxy) BytesDownloaded() int64 { return d.downloaded.Load() }

// countingReader counts what is read.
type countingReader struct {
	io.ReadCloser
	n *atomic.Int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.n.Add(int64(n))
	return n, err
}
