package sim

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// Handler handles one call with the lock held. The body is encoded before the lock is released.
type Handler func(*Request) (any, error)

// Reply is a response with its own status or headers.
type Reply struct {
	Status int
	Header map[string]string
	Body   any
}

// Service is one API of the cloud below its own path prefix.
type Service struct {
	cloud  *Cloud
	Name   string
	prefix string
	scoped bool
	mux    *http.ServeMux
	direct *route

	// Format renders a fault in the format of this service: content type and body.
	Format func(*Fault) (string, []byte)
	// Deny returns the fault for a caller whose role is too low.
	Deny func(*Request) *Fault
	// Decorate adds the headers that this service sets on every response.
	Decorate func(*Request, http.Header)
	// Unauthorized returns the fault for a caller without a valid token.
	Unauthorized func() *Fault
	// Admit refuses a request regardless of its caller.
	Admit func(*Request) error
	// Authenticate accepts a request by a credential other than a token.
	Authenticate func(*Request) error
}

// Service registers an API. A scoped one has the project's id as the first path segment.
func (c *Cloud) Service(name, prefix string, scoped bool) *Service {
	s := &Service{cloud: c, Name: name, prefix: prefix, scoped: scoped, mux: http.NewServeMux(), Unauthorized: unauthorized}
	c.services = append(c.services, s)
	return s
}

type route struct {
	status  int
	handler Handler
	open    bool
	admin   bool
	read    bool
	stream  bool
}

// Option changes how a route is guarded.
type Option func(*route)

// Anonymous routes need no token.
func Anonymous(r *route) { r.open = true }

// Admin routes are for administrators.
func Admin(r *route) { r.admin = true }

// Read routes change nothing, whatever their method.
func Read(r *route) { r.read = true }

// Stream routes run without the lock and read the body themselves.
func Stream(r *route) { r.stream = true }

type ctxKey struct{}

// HandleAll routes every path to one handler that parses it itself, because names in it may have any form.
func (s *Service) HandleAll(h Handler, opts ...Option) {
	s.direct = &route{status: http.StatusOK, handler: h}
	for _, o := range opts {
		o(s.direct)
	}
}

// Handle registers a route, as an http.ServeMux pattern relative to the prefix.
func (s *Service) Handle(pattern string, status int, h Handler, opts ...Option) {
	rt := &route{status: status, handler: h}
	for _, o := range opts {
		o(rt)
	}
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		req := r.Context().Value(ctxKey{}).(*Request)
		req.Request, req.Writer = r, w
		s.run(req, rt)
	})
}

// serve guards and handles one request; inner requests come from the cloud itself, which already holds the
// lock.
func (s *Service) serve(w http.ResponseWriter, r *http.Request, inner bool) {
	req := &Request{Request: r, Writer: w, Cloud: s.cloud, Service: s, inner: inner}
	if a, ok := r.Context().Value(actorKey{}).(Actor); ok && inner {
		req.Actor = a
	}
	if !s.undisturbed(req) {
		return
	}
	path := strings.TrimPrefix(r.URL.Path, s.prefix)
	if s.scoped {
		req.scope, path = cutScope(path)
	}
	if s.direct != nil {
		req.Path = path
		s.run(req, s.direct)
		return
	}
	if path != "/" {
		path = strings.TrimRight(path, "/")
	}
	if path == "" {
		path = "/"
	}
	r2 := r.WithContext(context.WithValue(r.Context(), ctxKey{}, req))
	u := *r.URL
	u.Path, u.RawPath = path, ""
	r2.URL = &u
	if _, pattern := s.mux.Handler(r2); pattern == "" {
		req.refuse(&Fault{Status: 404, Message: "The resource could not be found."})
		return
	}
	s.mux.ServeHTTP(w, r2)
}

// cutScope removes the project (or Swift's AUTH_<project>) from a path.
func cutScope(path string) (scope, rest string) {
	scope, rest, found := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if found {
		rest = "/" + rest
	}
	return strings.TrimPrefix(scope, "AUTH_"), rest
}

// undisturbed applies fault injections; false means that an injection handled the request.
func (s *Service) undisturbed(req *Request) bool {
	var latency time.Duration
	var hit *Injection
	find := func() { latency, hit = s.cloud.disturb(s.Name, req.Method, req.URL.Path) }
	if req.inner {
		find() // the caller holds the lock, so the latency of inner calls cannot be simulated here
	} else {
		s.cloud.Locked(find)
		select {
		case <-time.After(latency):
		case <-req.Context().Done():
			return false
		}
	}
	switch {
	case hit == nil:
		return true
	case hit.Kind == "status":
		req.refuse(hit.fault())
	case hit.Kind == "drop":
		req.drop()
	case hit.Kind == "expire_token":
		s.expire(req)
		return true
	}
	return false
}

func (s *Service) expire(req *Request) {
	forget := func() { s.cloud.Delete("keystone/tokens", req.Header.Get("X-Auth-Token")) }
	if req.inner {
		forget()
		return
	}
	s.cloud.Locked(forget)
}

// run authenticates, authorizes, decodes and handles the request.
func (s *Service) run(req *Request, rt *route) {
	if rt.stream {
		var err error
		s.cloud.Locked(func() { err = s.guard(req, rt) })
		s.finish(req, rt, func() (any, error) { return rt.handler(req) }, err)
		return
	}
	raw, err := io.ReadAll(io.LimitReader(req.Request.Body, 64<<20))
	if err != nil {
		return // the client disconnected
	}
	if !req.inner {
		s.cloud.mu.Lock()
		defer s.cloud.mu.Unlock()
		s.cloud.settle()
		defer s.cloud.commit()
	}
	if err = s.guard(req, rt); err == nil {
		err = req.decode(raw)
	}
	s.finish(req, rt, func() (any, error) { return rt.handler(req) }, err)
}

func (s *Service) finish(req *Request, rt *route, call func() (any, error), err error) {
	var body any
	if err == nil {
		body, err = call()
	}
	if err != nil {
		req.refuse(err)
		return
	}
	req.respond(rt.status, body)
}

func (s *Service) guard(req *Request, rt *route) error {
	if rt.open {
		return nil
	}
	if err := s.identify(req); err != nil {
		return err
	}
	if s.Admit != nil {
		if err := s.Admit(req); err != nil {
			return err
		}
	}
	if s.scoped && req.scope != req.Actor.ProjectID && !req.Actor.Admin() {
		return s.Deny(req)
	}
	change := !rt.read && req.Method != http.MethodGet && req.Method != http.MethodHead
	if (rt.admin && !req.Actor.Admin()) || (change && !req.Actor.Member()) {
		return s.Deny(req)
	}
	return nil
}

func (s *Service) identify(req *Request) error {
	if req.inner {
		return nil // the caller already set the actor
	}
	if s.Authenticate != nil {
		return s.Authenticate(req)
	}
	actor, ok := s.cloud.Actor(req.Header.Get("X-Auth-Token"))
	if !ok {
		return s.Unauthorized()
	}
	req.Actor = actor
	return nil
}

// decode parses a JSON object; services with other bodies read them from raw.
func (r *Request) decode(raw []byte) error {
	r.Raw = raw
	r.Body = Document{}
	if len(raw) == 0 || (raw[0] != '{' && !strings.Contains(r.Header.Get("Content-Type"), "json")) {
		return nil
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return BadRequest("Malformed request body")
	}
	if o, ok := v.(Document); ok {
		r.Body = o
	}
	return nil
}

// refuse writes a fault; any other error is a bug of the simulator and reported as such.
func (r *Request) refuse(err error) {
	var f *Fault
	if !errors.As(err, &f) {
		f = &Fault{Status: 500, Message: err.Error()}
	}
	if f.Status == http.StatusUnauthorized {
		r.Writer.Header().Set("WWW-Authenticate", "Keystone uri=\""+r.Root()+"/identity\"")
	}
	if f.Status == http.StatusTooManyRequests || f.Status == http.StatusRequestEntityTooLarge {
		r.Writer.Header().Set("Retry-After", "0")
	}
	ctype, body := "application/json", f.Raw
	if body == nil {
		ctype, body = r.Service.Format(f)
	} else if !json.Valid(body) {
		ctype = "text/html; charset=UTF-8"
	}
	r.write(f.Status, ctype, body)
}

func (r *Request) respond(status int, body any) {
	if rep, ok := body.(Reply); ok {
		for k, v := range rep.Header {
			r.Writer.Header().Set(k, v)
		}
		if rep.Status != 0 {
			status = rep.Status
		}
		body = rep.Body
	}
	switch b := body.(type) {
	case nil:
		r.write(status, "", nil)
	case []byte:
		r.write(status, "", b)
	case done:
	default:
		r.write(status, "application/json", JSON(b))
	}
}

// done marks a response that the handler wrote itself.
type done struct{}

// Done is returned by a handler that wrote the response itself.
var Done = done{}

func (r *Request) write(status int, ctype string, body []byte) {
	h := r.Writer.Header()
	if ctype != "" && h.Get("Content-Type") == "" {
		h.Set("Content-Type", ctype)
	}
	id := "req-" + UUID()
	h.Set("X-Openstack-Request-Id", id)
	if r.Service.Decorate != nil {
		r.Service.Decorate(r, h)
	}
	r.Writer.WriteHeader(status)
	if r.Method != http.MethodHead && status != http.StatusNoContent {
		_, _ = r.Writer.Write(body) // a disconnected client is not an error
	}
}

// drop closes the connection without a response.
func (r *Request) drop() {
	if h, ok := r.Writer.(http.Hijacker); ok {
		if conn, _, err := h.Hijack(); err == nil {
			_ = conn.Close()
			return
		}
	}
	r.refuse(&Fault{Status: 503, Message: "Unable to establish connection to " + r.Root() + r.URL.Path})
}
