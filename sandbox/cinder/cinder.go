// Package cinder is the simulated block storage service.
// https://docs.openstack.org/api-ref/block-storage/v3/
package cinder

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"mycloudmanager/sandbox/sim"
)

// Document kinds.
const (
	Volumes     = "cinder/volumes"
	Snapshots   = "cinder/snapshots"
	Types       = "cinder/types"
	Attachments = "cinder/attachments"
)

// Simulated durations, at speed 1.
const (
	creating = time.Second
	deleting = 500 * time.Millisecond
)

// Service is the block storage API.
type Service struct {
	*sim.Service
	cloud *sim.Cloud
}

// New registers the block storage API.
func New(c *sim.Cloud) *Service {
	s := &Service{Service: c.Service("cinder", "/volume/v3", true), cloud: c}
	s.Format = format
	s.Deny = func(r *sim.Request) *sim.Fault {
		return sim.Forbidden("Policy doesn't allow %s to be performed.", rule(r))
	}
	s.Decorate = func(r *sim.Request, h http.Header) {
		h.Set("Openstack-Api-Version", "volume 3."+strconv.Itoa(microversion(r)))
		h.Set("Vary", "OpenStack-API-Version")
	}
	s.Admit = func(r *sim.Request) error {
		if n := microversion(r); n > maxVersion {
			r.Header.Del("Openstack-Api-Version")
			return sim.NewFault(406, "Version 3.%d is not supported by the API. Minimum is 3.0 and maximum is 3.%d.", n, maxVersion)
		}
		return nil
	}
	c.On("cinder.status", s.becomes)
	c.On("cinder.gone", s.deleted)
	s.routes()
	return s
}

// maxVersion is the newest microversion.
const maxVersion = 70

// microversion returns the requested minor version, or the lowest if none was requested.
func microversion(r *sim.Request) int {
	want, _ := strings.CutPrefix(r.Header.Get("Openstack-Api-Version"), "volume ")
	if want == "latest" {
		return maxVersion
	}
	n, _ := strconv.Atoi(strings.TrimPrefix(want, "3."))
	return max(n, 0)
}

// rule returns the name of the policy that applies to a request.
func rule(r *sim.Request) string {
	verb := map[string]string{"POST": "create", "PUT": "update", "DELETE": "delete", "GET": "get"}[r.Method]
	switch {
	case strings.HasPrefix(r.URL.Path, "/os-quota-sets"):
		return "volume_extension:quotas:" + verb
	case strings.HasPrefix(r.URL.Path, "/os-services"):
		return "volume_extension:services:index"
	case strings.HasSuffix(r.URL.Path, "/action"):
		for action := range r.Body {
			return "volume_extension:volume_admin_actions:" + strings.TrimPrefix(action, "os-")
		}
	}
	return "volume:" + verb
}

func (s *Service) routes() {
	s.Handle("GET /{$}", 200, s.version, sim.Anonymous)
	s.volumeRoutes()
	s.snapshotRoutes()
	s.attachmentRoutes()
	s.quotaRoutes()
	s.typeRoutes()
}

// version describes the API. It is served at /volume/v3/ itself, where the "project" is empty.
func (s *Service) version(r *sim.Request) (any, error) {
	return sim.Document{"versions": []any{sim.Document{"id": "v3.0", "status": "CURRENT", "version": "3." + strconv.Itoa(maxVersion),
		"min_version": "3.0", "updated": "2021-12-15T00:00:00Z",
		"links": []any{sim.Document{"rel": "self", "href": r.Root() + "/volume/v3/"}}}}}, nil
}

func format(f *sim.Fault) (string, []byte) {
	name := map[int]string{400: "badRequest", 401: "unauthorized", 403: "forbidden", 404: "itemNotFound",
		409: "conflictingRequest", 413: "overLimit", 429: "overLimit", 503: "serviceUnavailable"}[f.Status]
	if name == "" {
		name = "computeFault"
	}
	body := sim.Document{"code": f.Status, "message": f.Message}
	if f.Status == 413 {
		body["retryAfter"] = "0"
	}
	return "application/json", sim.JSON(sim.Document{name: body})
}

// becomes is a timer: it sets the resource's status.
func (s *Service) becomes(args sim.Document) {
	kind, id := sim.Str(args, "kind"), sim.Str(args, "id")
	o := s.cloud.Get(kind, id)
	if o == nil || sim.Str(o, "status") != sim.Str(args, "from") {
		return
	}
	o["status"] = args["to"]
	if size := sim.Int(args, "size"); size > 0 {
		o["size"] = size
	}
	if kind == Snapshots {
		o["os-extended-snapshot-attributes:progress"] = "100%"
	}
	s.touch(kind, o)
}

// deleted is a timer: it deletes the resource.
func (s *Service) deleted(args sim.Document) {
	s.cloud.Delete(sim.Str(args, "kind"), sim.Str(args, "id"))
}

func (s *Service) touch(kind string, o sim.Document) {
	o["updated_at"] = sim.Stamp(s.cloud.Now(), sim.Micros)
	s.cloud.Put(kind, o)
}

func (s *Service) later(d time.Duration, kind, id, from, to string, more sim.Document) {
	s.cloud.After(d, "cinder.status", sim.Merge(sim.Document{"kind": kind, "id": id, "from": from, "to": to}, more))
}

func (s *Service) find(r *sim.Request, kind, noun, id string) (sim.Document, error) {
	o := s.cloud.Get(kind, id)
	if o == nil || (sim.Str(o, "_project_id") != r.Actor.ProjectID && !r.Actor.Admin()) {
		return nil, sim.NotFound("%s %s could not be found.", noun, id)
	}
	return o, nil
}

func (s *Service) mine(r *sim.Request, kind string) []sim.Document {
	all := r.Actor.Admin() && (r.Query("all_tenants") == "1" || r.Query("all_tenants") == "True")
	return sim.Newest(s.cloud.Where(kind, func(o sim.Document) bool {
		return all || sim.Str(o, "_project_id") == r.Scope()
	}))
}

// page renders one page of a list with the link to the next page.
func page(r *sim.Request, many string, docs []sim.Document, view func(sim.Document) sim.Document) (any, error) {
	if m := r.Query("marker"); m != "" && !slices.ContainsFunc(docs, func(o sim.Document) bool { return sim.Str(o, "id") == m }) {
		noun := map[string]string{"volumes": "Volume", "snapshots": "Snapshot"}[many]
		return nil, sim.NotFound("%s %s could not be found.", noun, m)
	}
	docs = sim.Sort(sim.Filter(docs, r.URL.Query(), "metadata"), r.URL.Query(), "desc")
	docs, next, err := r.Page(docs, 1000)
	if err != nil {
		return nil, err
	}
	out := sim.Document{many: sim.Views(docs, view)}
	if next != "" {
		out[many+"_links"] = []any{sim.Document{"rel": "next", "href": r.NextURL(r.URL.Path, next)}}
	}
	return out, nil
}

func brief(r *sim.Request, many string) func(sim.Document) sim.Document {
	return func(o sim.Document) sim.Document {
		return sim.Merge(sim.Only(o, "id", "name"), sim.Document{"links": links(r, many, sim.Str(o, "id"))})
	}
}

func links(r *sim.Request, many, id string) []any {
	return []any{sim.Document{"rel": "self", "href": r.Base() + "/" + many + "/" + id},
		sim.Document{"rel": "bookmark", "href": r.Base() + "/" + many + "/" + id}}
}
