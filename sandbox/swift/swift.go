// Package swift is the simulated object storage service.
// https://docs.openstack.org/api-ref/object-store/
package swift

import (
	"net/http"
	"strconv"
	"strings"

	"mycloudmanager/sandbox/sim"
)

// Document kinds.
const (
	Accounts   = "swift/accounts"
	Containers = "swift/containers"
	Objects    = "swift/objects"
)

// Service is the object storage API.
type Service struct {
	*sim.Service
	cloud *sim.Cloud
}

// New registers the object storage API.
func New(c *sim.Cloud) *Service {
	s := &Service{Service: c.Service("swift", "/object-store/v1", true), cloud: c}
	s.Format = format
	s.Deny = func(*sim.Request) *sim.Fault { return fault(403) }
	s.Unauthorized = func() *sim.Fault { return fault(401) }
	s.Decorate = func(r *sim.Request, h http.Header) {
		h.Set("X-Trans-Id", "tx"+sim.RandomHex(10)+"-sandbox")
		if h.Get("WWW-Authenticate") != "" {
			h.Set("WWW-Authenticate", "Swift realm=\"AUTH_"+r.Scope()+"\"")
		}
	}
	s.Authenticate = s.enter
	s.HandleAll(s.serve, sim.Stream)
	return s
}

var texts = map[int]string{
	401: "This server could not verify that you are authorized to access the document you requested.",
	403: "Access was denied to this resource.",
	404: "The resource could not be found.",
	409: "There was a conflict when trying to complete your request.",
	411: "Content-Length header required.",
	412: "A precondition for this request was not met.",
	416: "The Range requested is not available.",
	422: "Unable to process the contained instructions",
}

func fault(status int) *sim.Fault { return &sim.Fault{Status: status} }

func format(f *sim.Fault) (string, []byte) {
	if f.Message != "" {
		return "text/html; charset=UTF-8", []byte(f.Message)
	}
	return "text/html; charset=UTF-8", []byte("<html><h1>" + http.StatusText(f.Status) + "</h1><p>" + texts[f.Status] + "</p></html>")
}

// target is the resource that a path addresses.
type target struct{ project, container, object string }

func (t target) containerID() string { return t.project + "/" + t.container }
func (t target) objectID() string    { return t.project + "/" + t.container + "/" + t.object }

// serve dispatches a path to the account, the container or the object.
func (s *Service) serve(r *sim.Request) (any, error) {
	container, object, _ := strings.Cut(strings.TrimPrefix(r.Path, "/"), "/")
	t := target{r.Scope(), container, object}
	if len(container) > 256 {
		return nil, sim.BadRequest("Container name length of %d longer than 256", len(container))
	}
	if len(object) > 1024 {
		return nil, sim.BadRequest("Object name length of %d longer than 1024", len(object))
	}
	if object != "" {
		return s.serveObject(r, t)
	}
	if sim.ToInt(r.Query("limit")) > maxEntries {
		return nil, sim.NewFault(412, "Maximum limit is %d", maxEntries)
	}
	var reply any
	var err error
	s.cloud.Locked(func() {
		if container == "" {
			reply, err = s.serveAccount(r, t)
		} else {
			reply, err = s.serveContainer(r, t)
		}
	})
	return reply, err
}

func (s *Service) serveAccount(r *sim.Request, t target) (any, error) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		var entries []entry
		var objects, size int
		for _, c := range s.cloud.With(Containers, "project", t.project) {
			n, b := s.content(target{t.project, sim.Str(c, "name"), ""})
			objects, size = objects+n, size+b
			entries = append(entries, entry{name: sim.Str(c, "name"), doc: sim.Document{"name": c["name"], "count": n, "bytes": b,
				"last_modified": c["last_modified"]}})
		}
		h := map[string]string{"X-Account-Container-Count": strconv.Itoa(len(entries)), "X-Account-Object-Count": strconv.Itoa(objects),
			"X-Account-Bytes-Used": strconv.Itoa(size)}
		metadata(s.cloud.Get(Accounts, t.project), h)
		return list(r, entries, h), nil
	case http.MethodPost:
		o := s.cloud.Get(Accounts, t.project)
		if o == nil {
			o = sim.Document{"id": t.project, "project": t.project}
		}
		remember(o, r.Header, "X-Account-Meta-", "X-Remove-Account-Meta-")
		s.cloud.Put(Accounts, o)
		return sim.Reply{Status: 204}, nil
	}
	return nil, sim.NewFault(405, "<html><h1>Method Not Allowed</h1><p>The method is not allowed for this resource.</p></html>")
}

// content counts the objects of a container and their bytes.
func (s *Service) content(t target) (objects, size int) {
	for _, o := range s.cloud.With(Objects, "_container", t.containerID()) {
		objects++
		size += sim.Int(o, "bytes")
	}
	return objects, size
}

func (s *Service) serveContainer(r *sim.Request, t target) (any, error) {
	o := s.cloud.Get(Containers, t.containerID())
	if r.Method == http.MethodPut {
		return s.putContainer(r, t, o)
	}
	if o == nil {
		return nil, fault(404)
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		n, size := s.content(t)
		h := map[string]string{"X-Container-Object-Count": strconv.Itoa(n), "X-Container-Bytes-Used": strconv.Itoa(size),
			"X-Storage-Policy": "Policy-0", "Accept-Ranges": "bytes", "X-Timestamp": stamp(o)}
		metadata(o, h)
		return list(r, s.entries(t), h), nil
	case http.MethodPost:
		remember(o, r.Header, "X-Container-Meta-", "X-Remove-Container-Meta-", "X-Container-Read", "X-Container-Write", "X-Versions-Enabled")
		s.cloud.Put(Containers, o)
		return sim.Reply{Status: 204}, nil
	case http.MethodDelete:
		if n, _ := s.content(t); n > 0 {
			return nil, fault(409)
		}
		s.cloud.Delete(Containers, t.containerID())
		return sim.Reply{Status: 204}, nil
	}
	return nil, sim.NewFault(405, "<html><h1>Method Not Allowed</h1><p>The method is not allowed for this resource.</p></html>")
}

func (s *Service) putContainer(r *sim.Request, t target, o sim.Document) (any, error) {
	status := http.StatusAccepted
	if o == nil {
		status = http.StatusCreated
		o = sim.Document{"id": t.containerID(), "name": t.container, "project": t.project}
	}
	o["last_modified"] = sim.Stamp(s.cloud.Now(), sim.Micros)
	remember(o, r.Header, "X-Container-Meta-", "X-Remove-Container-Meta-", "X-Container-Read", "X-Container-Write", "X-Versions-Enabled")
	s.cloud.Put(Containers, o)
	reply := sim.Reply{Status: status, Header: map[string]string{"Content-Type": "text/html; charset=UTF-8"}}
	if status == http.StatusAccepted {
		reply.Body = []byte("<html><h1>Accepted</h1><p>The request is accepted for processing.</p></html>")
	}
	return reply, nil
}

// remember stores the headers that are metadata; an empty value or the removal header deletes a key.
func remember(o sim.Document, h http.Header, prefix, remover string, more ...string) {
	meta := sim.Map(o, "headers")
	if meta == nil {
		meta = sim.Document{}
	}
	for name := range h {
		_, isMeta := strings.CutPrefix(name, prefix)
		for _, m := range more {
			isMeta = isMeta || name == m
		}
		if rest, ok := strings.CutPrefix(name, remover); ok {
			delete(meta, prefix+rest)
		} else if isMeta && h.Get(name) == "" {
			delete(meta, name)
		} else if isMeta {
			meta[name] = h.Get(name)
		}
	}
	o["headers"] = meta
}

func metadata(o sim.Document, into map[string]string) {
	for k, v := range sim.Map(o, "headers") {
		into[k] = sim.Text(v)
	}
}

// Info serves the capabilities document. https://docs.openstack.org/api-ref/object-store/#discoverability
func Info(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	_, _ = w.Write(sim.JSON(sim.Document{ // a disconnected client is not an error
		"swift": sim.Document{"version": "2.30.0", "max_file_size": 5368709122, "container_listing_limit": maxEntries, "max_container_name_length": 256,
			"max_object_name_length": 1024, "max_meta_count": 90},
		"slo":              sim.Document{"max_manifest_segments": 1000, "max_manifest_size": 8388608, "min_segment_size": 1},
		"container_quotas": sim.Document{},
		"tempurl":          sim.Document{"methods": []any{"GET", "HEAD", "PUT", "POST", "DELETE"}, "allowed_digests": []any{"sha1", "sha256", "sha512"}}}))
}
