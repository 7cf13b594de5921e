// Package lend lets an instance use one container of the project's object storage for the length of one
// run, without any credential of the cloud: requests come with a token that is good for this run alone,
// and go on with the manager's own when they are about that container.
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

// Right is what may be done in the container.
type Right int

// The rights, each with those before it. Objects below locks/ are the engine's own notes of who works: they
// may come and go by every right.
const (
	Read   Right = iota
	Append       // new objects, never in the place of others: who has taken the instance over destroys no backup
	Full         // deletion too
)

// Door is the container as one run may use it.
type Door struct {
	Container string
	Token     string // of the run
	Limit     int    // bytes a second that may be stored, 0 for as many as come
	Mark      string // what is stored carries it, under the header Marked
	right     Right
	base      *url.URL
	proxy     *httputil.ReverseProxy

	stored, fetched atomic.Int64
	mu              sync.Mutex
	trouble         error
	pace            *rate.Limiter
}

// Marked is the header that tells of an object by which run it was stored. Who comes through the door cannot set it.
const Marked = "X-Object-Meta-Mcm-Run"

// Prefix is the path of the account as who enters by the door sees it.
const Prefix = "/v1/mcm"

// New makes a door to a container of the account at base; storage asks it with the manager's token.
func New(base *url.URL, storage http.RoundTripper, container string, right Right) *Door {
	token := make([]byte, 32)
	_, _ = rand.Read(token) // never fails
	d := &Door{Container: container, Token: hex.EncodeToString(token), right: right, base: base}
	d.proxy = &httputil.ReverseProxy{
		Rewrite:        d.rewrite,
		Transport:      &once{storage},
		ModifyResponse: d.look,
		ErrorHandler:   d.broken,
		ErrorLog:       log.New(io.Discard, "", 0), // trouble is told by Trouble
	}
	return d
}

// Serve answers what comes in by the listener until it is closed.
func (d *Door) Serve(l net.Listener) {
	server := &http.Server{Handler: d, ReadHeaderTimeout: time.Minute, IdleTimeout: time.Hour, MaxHeaderBytes: 64 << 10, ErrorLog: log.New(io.Discard, "", 0)}
	_ = server.Serve(l) // ends with the run
	_ = server.Close()
}

// ServeHTTP lets in what has the token and is about the container.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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
		r.Body = &counted{d.slowed(r.Context(), r.Body), &d.stored}
	}
	d.proxy.ServeHTTP(w, r)
}

// object is the name of the object that an address is about, "" for the container itself.
func (d *Door) object(u *url.URL) (string, bool) {
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

func (d *Door) allowed(method, object string) bool {
	switch method {
	case http.MethodGet, http.MethodHead:
		return true
	case http.MethodPut:
		return object != "" && (d.right >= Append || lock(object))
	case http.MethodDelete:
		return object != "" && (d.right >= Full || lock(object))
	}
	return false
}

func lock(object string) bool { return strings.HasPrefix(object, "locks/") && object != "locks/" }

// headers are those that go on. Others could make an object of another container's bytes.
var headers = []string{"Accept", "Content-Type", "Etag", "Range", "User-Agent"}

func (d *Door) rewrite(r *httputil.ProxyRequest) {
	kept := http.Header{}
	for _, name := range headers {
		if v, ok := r.In.Header[name]; ok {
			kept[name] = v
		}
	}
	object, _ := d.object(r.In.URL) // it was looked at
	if r.In.Method == http.MethodPut && d.right < Full && !lock(object) {
		kept.Set("If-None-Match", "*")
		if d.Mark != "" {
			kept.Set(Marked, d.Mark)
		}
	}
	r.Out.Header = kept
	to := d.base.JoinPath(d.Container)
	if object != "" {
		to.Path += "/" + object // not joined: a name may have two slashes
	}
	to.RawPath, to.RawQuery = "", r.In.URL.Query().Encode()
	r.Out.URL, r.Out.Host = to, ""
}

// look keeps in mind why the storage refused.
func (d *Door) look(answer *http.Response) error {
	switch code := answer.StatusCode; {
	case code == http.StatusRequestEntityTooLarge:
		d.note(fault.New(fault.Quota, nil, "swift: the project's quota of object storage is used up"))
	case code == http.StatusInsufficientStorage, code == http.StatusTooManyRequests, code >= 500:
		d.note(fault.New(fault.Unavailable, nil, "swift does not answer"))
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		d.note(fault.New(fault.Unavailable, nil, "the cloud refuses the manager's own credential: %s", "swift"))
	}
	answer.Body = &counted{answer.Body, &d.fetched}
	return nil
}

func (d *Door) broken(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil {
		d.note(fault.New(fault.Unavailable, err, "swift does not answer"))
	}
	w.WriteHeader(http.StatusServiceUnavailable)
}

func (d *Door) note(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.trouble = err
}

// Trouble is why the storage refused last, nil when it never did.
func (d *Door) Trouble() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.trouble
}

// Stored is how many bytes of objects went into the storage.
func (d *Door) Stored() int64 { return d.stored.Load() }

// Fetched is how many bytes came out of it.
func (d *Door) Fetched() int64 { return d.fetched.Load() }

// counted counts what is read.
type counted struct {
	io.ReadCloser
	n *atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.n.Add(int64(n))
	return n, err
}
