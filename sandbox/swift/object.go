package swift

import (
	"crypto/md5" // the API's checksum
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"mycloudmanager/sandbox/sim"
)

func (s *Service) serveObject(r *sim.Request, t target) (any, error) {
	switch r.Method {
	case http.MethodPut:
		if r.Query("multipart-manifest") == "put" {
			return s.putManifest(r, t)
		}
		if from := r.Header.Get("X-Copy-From"); from != "" {
			return s.copy(r, t, from)
		}
		return s.put(r, t)
	case http.MethodGet, http.MethodHead:
		return s.read(r, t)
	case http.MethodPost:
		return s.post(r, t)
	case http.MethodDelete:
		return s.remove(r, t)
	case "COPY":
		to := r.Header.Get("Destination")
		from := "/" + t.container + "/" + t.object
		t.container, t.object, _ = strings.Cut(strings.TrimPrefix(unescape(to), "/"), "/")
		return s.copy(r, t, url.PathEscape(from))
	}
	return nil, fault(405)
}

func unescape(s string) string {
	if out, err := url.PathUnescape(s); err == nil {
		return out
	}
	return s
}

// find reads an object; an expired object counts as missing.
func (s *Service) find(t target) sim.Document {
	o := s.cloud.Get(Objects, t.objectID())
	if at := sim.Int(sim.Map(o, "headers"), "X-Delete-At"); at > 0 && int64(at) <= s.cloud.Now().Unix() {
		s.drop(o)
		return nil
	}
	return o
}

func (s *Service) blob(id string) string { return s.cloud.Blob("object-" + id) }

// drop deletes an object with its bytes.
func (s *Service) drop(o sim.Document) {
	s.cloud.Delete(Objects, sim.Str(o, "id"))
	s.discard(sim.Str(o, "_blob"))
}

func (s *Service) discard(blob string) {
	if blob == "" {
		return
	}
	if err := os.Remove(s.blob(blob)); err != nil && !errors.Is(err, os.ErrNotExist) {
		s.cloud.Log().Warn("object bytes not removed", "blob", blob, "error", err)
	}
}

// put stores the bytes first, without the lock, and then the object.
func (s *Service) put(r *sim.Request, t target) (any, error) {
	var err error
	s.cloud.Locked(func() { err = s.mayPut(r, t) })
	if err != nil {
		return nil, err
	}
	blob := sim.UUID()
	size, sum, err := s.save(blob, r.Request.Body)
	if err != nil {
		return nil, err
	}
	if want := strings.Trim(r.Header.Get("Etag"), `"`); want != "" && want != sum {
		s.discard(blob)
		return nil, fault(422)
	}
	s.cloud.Locked(func() {
		if err = s.fits(t, size); err == nil {
			s.write(r, t, sim.Document{"bytes": size, "hash": sum, "_blob": blob, "_manifest": manifestHeader(r)})
		}
	})
	if err != nil {
		s.discard(blob)
		return nil, err
	}
	return created(sum), nil
}

func manifestHeader(r *sim.Request) string {
	return strings.TrimPrefix(unescape(r.Header.Get("X-Object-Manifest")), "/")
}

func created(sum string) sim.Reply {
	return sim.Reply{Status: 201, Header: map[string]string{"Etag": sum, "Content-Type": "text/html; charset=UTF-8"}}
}

func (s *Service) mayPut(r *sim.Request, t target) error {
	if s.cloud.Get(Containers, t.containerID()) == nil {
		return fault(404)
	}
	if r.Header.Get("If-None-Match") == "*" && s.find(t) != nil {
		return fault(412)
	}
	return s.fits(t, max(int(r.ContentLength), 0))
}

// fits refuses what would break the container's own quota.
func (s *Service) fits(t target, more int) error {
	c := s.cloud.Get(Containers, t.containerID())
	if c == nil {
		return fault(404)
	}
	headers := sim.Map(c, "headers")
	byBytes, byCount := headers["X-Container-Meta-Quota-Bytes"], headers["X-Container-Meta-Quota-Count"]
	if byBytes == nil && byCount == nil {
		return nil // counting takes a while where there are many objects
	}
	n, used := s.content(t)
	if byBytes != nil && used+more > sim.ToInt(byBytes) {
		return sim.NewFault(413, "Upload exceeds quota.")
	}
	if byCount != nil && s.cloud.Get(Objects, t.objectID()) == nil && n+1 > sim.ToInt(byCount) {
		return sim.NewFault(413, "Upload exceeds quota.")
	}
	return nil
}

func (s *Service) save(blob string, body io.Reader) (size int, sum string, err error) {
	path := s.blob(blob)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return 0, "", err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, "", err
	}
	h := md5.New()
	n, err := io.Copy(io.MultiWriter(f, h), body)
	if err = errors.Join(err, f.Close()); err != nil {
		return 0, "", errors.Join(err, os.Remove(path))
	}
	return int(n), hex.EncodeToString(h.Sum(nil)), nil
}

// write puts an object in the place of the one that was there.
func (s *Service) write(r *sim.Request, t target, fields sim.Document) {
	old := s.cloud.Get(Objects, t.objectID())
	o := sim.Merge(sim.Document{"id": t.objectID(), "name": t.object, "project": t.project, "_container": t.containerID(),
		"last_modified": sim.Stamp(s.cloud.Now(), sim.Micros), "content_type": contentType(r)}, fields)
	s.headers(o, r)
	s.cloud.Put(Objects, o)
	if old != nil {
		s.discard(sim.Str(old, "_blob"))
	}
}

func contentType(r *sim.Request) string {
	if t := r.Header.Get("Content-Type"); t != "" {
		return t
	}
	return "application/octet-stream"
}

func (s *Service) headers(o sim.Document, r *sim.Request) {
	remember(o, r.Header, "X-Object-Meta-", "X-Remove-Object-Meta-", "Content-Encoding", "Content-Disposition", "X-Delete-At", "Cache-Control")
	if after := sim.ToInt(r.Header.Get("X-Delete-After")); after > 0 {
		sim.Map(o, "headers")["X-Delete-At"] = strconv.FormatInt(s.cloud.Now().Unix()+int64(after), 10)
	}
}

// post replaces an object's metadata.
func (s *Service) post(r *sim.Request, t target) (any, error) {
	var err error
	s.cloud.Locked(func() {
		o := s.find(t)
		if o == nil {
			err = fault(404)
			return
		}
		o["headers"] = sim.Document{}
		s.headers(o, r)
		if ct := r.Header.Get("Content-Type"); ct != "" {
			o["content_type"] = ct
		}
		o["last_modified"] = sim.Stamp(s.cloud.Now(), sim.Micros)
		s.cloud.Put(Objects, o)
	})
	return sim.Reply{Status: 202}, err
}

func (s *Service) remove(r *sim.Request, t target) (any, error) {
	var err error
	reply := sim.Reply{Status: 204}
	s.cloud.Locked(func() {
		o := s.find(t)
		if o == nil {
			err = fault(404)
			return
		}
		if r.Query("multipart-manifest") == "delete" {
			reply = s.dropSegments(o, t)
		}
		s.drop(o)
	})
	return reply, err
}

// dropSegments removes what a large object is made of and reports as bulk deletion does.
func (s *Service) dropSegments(o sim.Document, t target) sim.Reply {
	deleted, missing := 1, 0
	for _, seg := range sim.Objs(o, "_segments") {
		if part := s.cloud.Get(Objects, t.project+sim.Str(seg, "name")); part != nil {
			s.drop(part)
			deleted++
		} else {
			missing++
		}
	}
	return sim.Reply{Status: 200, Header: map[string]string{"Content-Type": "text/plain"}, Body: fmt.Appendf(nil,
		"Number Deleted: %d\nNumber Not Found: %d\nResponse Body: \nResponse Status: 200 OK\nErrors:\n", deleted, missing)}
}

// copy makes an object of another one's bytes.
func (s *Service) copy(r *sim.Request, t target, from string) (any, error) {
	var source sim.Document
	var parts []part
	var err error
	s.cloud.Locked(func() {
		c, o, _ := strings.Cut(strings.TrimPrefix(unescape(from), "/"), "/")
		if source = s.find(target{t.project, c, o}); source == nil || s.cloud.Get(Containers, t.containerID()) == nil {
			err = fault(404)
			return
		}
		source = sim.Copy(source)
		parts = s.parts(source)
	})
	if err != nil {
		return nil, err
	}
	blob := sim.UUID()
	body := newReader(parts)
	size, sum, err := s.save(blob, body)
	if err = errors.Join(err, body.Close()); err != nil {
		return nil, err
	}
	s.cloud.Locked(func() {
		if r.Header.Get("Content-Type") == "" {
			r.Header.Set("Content-Type", sim.Str(source, "content_type"))
		}
		s.write(r, t, sim.Document{"bytes": size, "hash": sum, "_blob": blob})
		o := s.cloud.Get(Objects, t.objectID())
		o["headers"] = sim.Merge(sim.Copy(sim.Map(source, "headers")), sim.Map(o, "headers"))
		s.cloud.Put(Objects, o)
	})
	reply := created(sum)
	reply.Header["X-Copied-From"] = strings.TrimPrefix(sim.Str(source, "_container"), t.project+"/") + "/" + sim.Str(source, "name")
	return reply, nil
}

// stamp is when a document last changed, in the form of X-Timestamp.
func stamp(o sim.Document) string {
	at, _ := time.Parse(sim.Micros, sim.Str(o, "last_modified"))
	return strconv.FormatFloat(float64(at.UnixNano())/1e9, 'f', 5, 64)
}

// condition is the status of a read whose condition does not hold; sums come without quotes here.
func condition(h http.Header, sum string) int {
	if want := strings.Trim(h.Get("If-Match"), `"`); want != "" && want != "*" && want != sum {
		return http.StatusPreconditionFailed
	}
	if have := strings.Trim(h.Get("If-None-Match"), `"`); have == sum || have == "*" {
		return http.StatusNotModified
	}
	h.Del("If-Match")
	h.Del("If-None-Match")
	return 0
}

// read sends an object or a part of it, whatever it is made of.
func (s *Service) read(r *sim.Request, t target) (any, error) {
	var o sim.Document
	var parts []part
	s.cloud.Locked(func() {
		if o = s.find(t); o != nil {
			parts = s.parts(o)
			o = sim.Copy(o)
		}
	})
	if o == nil {
		return nil, fault(404)
	}
	h := r.Writer.Header()
	if r.Query("multipart-manifest") == "get" && o["_segments"] != nil {
		return sim.Reply{Body: sim.JSON(o["_segments"]), Header: map[string]string{"Content-Type": "application/json; charset=utf-8"}}, nil
	}
	for k, v := range sim.Map(o, "headers") {
		h.Set(k, sim.Text(v))
	}
	sum := sim.Str(o, "hash")
	if o["_segments"] != nil {
		h.Set("X-Static-Large-Object", "True")
	}
	if m := sim.Str(o, "_manifest"); m != "" {
		h.Set("X-Object-Manifest", m)
		sum = combined(parts)
	}
	h.Set("Content-Type", sim.Str(o, "content_type"))
	h.Set("Etag", sum) // without quotes, unlike everybody else's
	if len(parts) != 1 {
		h.Set("Etag", `"`+sum+`"`)
	}
	at, _ := time.Parse(sim.Micros, sim.Str(o, "last_modified"))
	h.Set("X-Timestamp", stamp(o))
	if status := condition(r.Header, sum); status != 0 {
		return nil, fault(status)
	}
	h.Set("X-Trans-Id", "tx"+sim.RandomHex(10)+"-sandbox")
	body := newReader(parts)
	defer func() { _ = body.Close() }()
	http.ServeContent(r.Writer, r.Request, "", at.Add(time.Second-time.Nanosecond).Truncate(time.Second), body)
	return sim.Done, nil
}
