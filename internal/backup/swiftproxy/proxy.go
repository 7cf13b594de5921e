// Package swiftproxy provides a reverse proxy that grants an instance access to one Swift container for the duration of one run.
// The instance receives a token that only the proxy accepts. The proxy forwards allowed requests with the credential of the
// manager, so that the instance never holds an OpenStack credential.
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

// Access is the level of access to the container.
type Access int

// The access levels. Each level includes the previous ones. Objects below locks/ are lock files of the engine: every level allows
// to create and delete them.
const (
	ReadOnly  Access = iota
	Append           // creating objects, without replacing existing ones, so that an attacker on the instance cannot destroy backups
	ReadWrite        // replacing and deleting objects
)

// Proxy is the reverse proxy of one run. It implements http.Handler.
type Proxy struct {
	Container string // the only container that the proxy grants access to
	Token     string // the X-Auth-Token that clients must send
	Limit     int    // upload limit in bytes per second, 0 means no limit
	RunID     string // value of RunHeader on uploaded objects, "" means no header
	access    Access
	backend   *url.URL
	proxy     *httputil.ReverseProxy

	uploaded, downloaded atomic.Int64
	mu                   sync.Mutex
	lastError            error
	limiter              *rate.Limiter
}

// RunHeader is the object metadata header with the ID of the run that uploaded the object. Clients of the proxy cannot set it.
const RunHeader = "X-Object-Meta-Mcm-Run"

// Prefix is the path of the account that clients of the proxy use.
const Prefix = "/v1/mcm"

// New returns a proxy for a container of the account at base. storage sends the requests with the manager's token.
func New(base *url.URL, storage http.RoundTripper, container string, access Access) *Proxy {
	token := make([]byte, 32)
	_, _ = rand.Read(token) // crypto/rand.Read never returns an error
	p := &Proxy{Container: container, Token: hex.EncodeToString(token), access: access, backend: base}
	p.proxy = &httputil.ReverseProxy{
		Rewrite:        p.rewrite,
		Transport:      &createOnce{storage},
		ModifyResponse: p.checkResponse,
		ErrorHandler:   p.proxyError,
		ErrorLog:       log.New(io.Discard, "", 0), // LastError returns the errors
	}
	return p
}

// Serve serves connections of the listener until the listener is closed.
func (p *Proxy) Serve(l net.Listener) {
	server := &http.Server{Handler: p, ReadHeaderTimeout: time.Minute, IdleTimeout: time.Hour, MaxHeaderBytes: 64 << 10, ErrorLog: log.New(io.Discard, "", 0)}
	_ = server.Serve(l) // returns when the run closes the listener
	_ = server.Close()
}

// ServeHTTP forwards requests that have the token, concern the container and are allowed by the access level. It responds to
// others with 401 or 403.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("X-Auth-Token")), []byte(p.Token)) != 1 {
		http.Error(w, "the token is not valid", http.StatusUnauthorized)
		return
	}
	object, ok := p.object(r.URL)
	if !ok || !isListing(r.URL.Query()) {
		http.Error(w, "the token grants no access to this path", http.StatusForbidden)
		return
	}
	if !p.allowed(r.Method, object) {
		http.Error(w, "the token does not allow "+r.Method, http.StatusForbidden)
		return
	}
	if r.Method == http.MethodPut {
		r.Body = &countingReader{p.throttle(r.Context(), r.Body), &p.uploaded}
	}
	p.proxy.ServeHTTP(w, r)
}

// object returns the name of the object in the URL, or "" for the container itself. ok is false if the URL is not in the container.
func (p *Proxy) object(u *url.URL) (name string, ok bool) {
	rest, ok := strings.CutPrefix(u.Path, Prefix+"/"+p.Container)
	if !ok || rest != "" && rest[0] != '/' {
		return "", false
	}
	for part := range strings.SplitSeq(rest, "/") {
		if part == "." || part == ".." {
			return "", false // the storage or a proxy before it might resolve the path
		}
	}
	return strings.TrimPrefix(rest, "/"), true
}

// isListing reports whether all query parameters are listing options. Other parameters can change the meaning of a request.
func isListing(query url.Values) bool {
	for name := range query {
		switch name {
		case "format", "prefix", "delimiter", "marker", "end_marker", "limit", "path":
		default:
			return false
		}
	}
	return true
}

func (p *Proxy) allowed(method, object string) bool {
	switch method {
	case http.MethodGet, http.MethodHead:
		return true
	case http.MethodPut:
		return object != "" && (p.access >= Append || isLock(object))
	case http.MethodDelete:
		return object != "" && (p.access >= ReadWrite || isLock(object))
	}
	return false
}

func isLock(object string) bool { return strings.HasPrefix(object, "locks/") && object != "locks/" }

// forwardedHeaders are the request headers that the proxy forwards. Others could copy the content of other containers.
var forwardedHeaders = []string{"Accept", "Content-Type", "Etag", "Range", "User-Agent"}

func (p *Proxy) rewrite(r *httputil.ProxyRequest) {
	header := http.Header{}
	for _, name := range forwardedHeaders {
		if v, ok := r.In.Header[name]; ok {
			header[name] = v
		}
	}
	object, _ := p.object(r.In.URL) // ServeHTTP has checked the URL
	if r.In.Method == http.MethodPut && p.access < ReadWrite && !isLock(object) {
		header.Set("If-None-Match", "*")
		if p.RunID != "" {
			header.Set(RunHeader, p.RunID)
		}
	}
	r.Out.Header = header
	target := p.backend.JoinPath(p.Container)
	if object != "" {
		target.Path += "/" + object // JoinPath would merge consecutive slashes in the name
	}
	target.RawPath, target.RawQuery = "", r.In.URL.Query().Encode()
	r.Out.URL, r.Out.Host = target, ""
}

// checkResponse records the reason if the storage refuses a request.
func (p *Proxy) checkResponse(response *http.Response) error {
	switch code := response.StatusCode; {
	case code == http.StatusRequestEntityTooLarge:
		p.recordError(fault.New(fault.Quota, nil, "swift: the project's quota of object storage is used up"))
	case code == http.StatusInsufficientStorage, code == http.StatusTooManyRequests, code >= 500:
		p.recordError(fault.New(fault.Unavailable, nil, "swift does not respond"))
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		p.recordError(fault.New(fault.Unavailable, nil, "the cloud refuses the manager's own credential: %s", "swift"))
	}
	response.Body = &countingReader{response.Body, &p.downloaded}
	return nil
}

// proxyError handles a request that got no response from the storage.
func (p *Proxy) proxyError(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil {
		p.recordError(fault.New(fault.Unavailable, err, "swift does not respond"))
	}
	w.WriteHeader(http.StatusServiceUnavailable)
}

func (p *Proxy) recordError(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lastError = err
}

// LastError returns the last fault of the storage (unavailable, quota, credential), or nil if there was none.
func (p *Proxy) LastError() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lastError
}

// BytesUploaded returns the number of bytes sent to the storage in request bodies.
func (p *Proxy) BytesUploaded() int64 { return p.uploaded.Load() }

// BytesDownloaded returns the number of bytes received from the storage in response bodies.
func (p *Proxy) BytesDownloaded() int64 { return p.downloaded.Load() }

// countingReader counts the bytes that are read.
type countingReader struct {
	io.ReadCloser
	n *atomic.Int64
}

// Read implements io.Reader.
func (c *countingReader) Read(b []byte) (int, error) {
	n, err := c.ReadCloser.Read(b)
	c.n.Add(int64(n))
	return n, err
}
