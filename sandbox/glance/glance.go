// Package glance is the simulated image service.
// https://docs.openstack.org/api-ref/image/v2/
package glance

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"mycloudmanager/sandbox/sim"
)

// Images is the document kind of images.
const Images = "glance/images"

// Service is the image API.
type Service struct {
	*sim.Service
	cloud *sim.Cloud
}

// New registers the image API.
func New(c *sim.Cloud) *Service {
	s := &Service{Service: c.Service("glance", "/image", false), cloud: c}
	s.Format = format
	s.Deny = func(*sim.Request) *sim.Fault {
		return sim.Forbidden("You are not authorized to complete this action.")
	}
	s.Unauthorized = func() *sim.Fault {
		return sim.NewFault(401, "This server could not verify that you are authorized to access the document you requested. "+
			"Either you supplied the wrong credentials (e.g., bad password), or your browser does not understand how to supply "+
			"the credentials required.")
	}
	s.Handle("GET /{$}", 300, s.versions, sim.Anonymous)
	s.Handle("GET /versions", 200, s.versions, sim.Anonymous)
	s.Handle("GET /v2/images", 200, s.list)
	s.Handle("POST /v2/images", 201, s.create)
	s.Handle("GET /v2/images/{id}", 200, s.show)
	s.Handle("PATCH /v2/images/{id}", 200, s.patch)
	s.Handle("DELETE /v2/images/{id}", 204, s.delete)
	s.Handle("PUT /v2/images/{id}/file", 204, s.upload, sim.Stream)
	s.Handle("GET /v2/images/{id}/file", 200, s.download, sim.Stream)
	s.Handle("PUT /v2/images/{id}/tags/{tag}", 204, s.tag(true))
	s.Handle("DELETE /v2/images/{id}/tags/{tag}", 204, s.tag(false))
	s.memberRoutes()
	s.Handle("GET /v2/schemas/image", 200, s.schema)
	s.Handle("GET /v2/info/usage", 200, func(*sim.Request) (any, error) { return sim.Document{"usage": sim.Document{}}, nil })
	return s
}

// format renders faults as text: unlike the other services, Glance does not use JSON.
func format(f *sim.Fault) (string, []byte) {
	title := fmt.Sprintf("%d %s", f.Status, http.StatusText(f.Status))
	return "text/plain; charset=UTF-8", fmt.Appendf(nil, "%s\n\n%s\n\n   ", title, f.Message)
}

func (s *Service) versions(r *sim.Request) (any, error) {
	return sim.Document{"versions": []any{sim.Document{"id": "v2.15", "status": "CURRENT",
		"links": []any{sim.Document{"rel": "self", "href": r.Base() + "/v2/"}}}}}, nil
}

func (s *Service) find(r *sim.Request, change bool) (sim.Document, error) {
	o := s.cloud.Get(Images, r.ID())
	if o == nil || (!visible(r, o) && s.member(r.ID(), r.Actor.ProjectID) == nil) {
		return nil, sim.NotFound("No image found with ID %s", r.ID())
	}
	if change && sim.Str(o, "owner") != r.Actor.ProjectID && !r.Actor.Admin() {
		return nil, sim.Forbidden("You do not own this image")
	}
	return o, nil
}

func visible(r *sim.Request, o sim.Document) bool {
	return sim.Str(o, "visibility") == "public" || sim.Str(o, "owner") == r.Actor.ProjectID || r.Actor.Admin()
}

// view renders an image in the API's flat form: custom properties are top-level keys.
func view(o sim.Document) sim.Document {
	out, id := sim.Public(o), sim.Str(o, "id")
	return sim.Merge(out, sim.Document{"self": "/v2/images/" + id, "file": "/v2/images/" + id + "/file", "schema": "/v2/schemas/image"})
}

func (s *Service) list(r *sim.Request) (any, error) {
	q := r.URL.Query()
	if _, err := strconv.Atoi(q.Get("limit")); err != nil && q.Has("limit") {
		return nil, sim.BadRequest("limit param must be an integer")
	}
	docs := s.cloud.Where(Images, func(o sim.Document) bool { return visible(r, o) || s.shared(r, o) })
	docs = byTag(sim.Newest(docs), q["tag"])
	oneOf(q)
	docs = sim.Sort(sim.Filter(docs, q, "tag", "member_status"), q, "desc")
	docs, next, err := r.Page(docs, 1000)
	if err != nil {
		return nil, err
	}
	out := sim.Document{"images": sim.Views(docs, view), "schema": "/v2/schemas/images", "first": "/v2/images"}
	if next != "" {
		q := r.URL.Query()
		q.Set("marker", next)
		out["next"] = "/v2/images?" + q.Encode()
	}
	return out, nil
}

// oneOf expands "in:a,b" into several values of the filter.
func oneOf(q url.Values) {
	for _, k := range []string{"id", "name", "status", "container_format", "disk_format"} {
		if list, ok := strings.CutPrefix(q.Get(k), "in:"); ok {
			q[k] = strings.Split(list, ",")
		}
	}
}

func byTag(docs []sim.Document, tags []string) []sim.Document {
	return slices.DeleteFunc(slices.Clone(docs), func(o sim.Document) bool {
		return slices.ContainsFunc(tags, func(t string) bool { return !slices.Contains(sim.Strs(o, "tags"), t) })
	})
}

func (s *Service) show(r *sim.Request) (any, error) {
	o, err := s.find(r, false)
	if err != nil {
		return nil, err
	}
	return view(o), nil
}

func (s *Service) create(r *sim.Request) (any, error) {
	now := sim.Stamp(s.cloud.Now(), sim.Zulu)
	if sim.Str(r.Body, "visibility") == "public" && !r.Actor.Admin() {
		return nil, sim.Forbidden("You are not authorized to complete publicize_image action.")
	}
	if err := valid(r.Body); err != nil {
		return nil, err
	}
	o := sim.Document{"id": sim.UUID(), "name": nil, "status": "queued", "visibility": "shared", "protected": false,
		"owner": r.Actor.ProjectID, "min_disk": 0, "min_ram": 0, "size": nil, "virtual_size": nil, "checksum": nil,
		"os_hash_algo": nil, "os_hash_value": nil, "os_hidden": false, "tags": []any{}, "container_format": nil,
		"disk_format": nil, "created_at": now, "updated_at": now}
	for k, v := range r.Body {
		if slices.Contains([]string{"status", "owner", "size", "checksum"}, k) {
			return nil, sim.Forbidden("Attribute '%s' is read-only.", k)
		}
		o[k] = v
	}
	if s.cloud.Get(Images, sim.Str(o, "id")) != nil {
		return nil, sim.Conflict("Image ID %s already exists!", sim.Str(o, "id"))
	}
	s.cloud.Put(Images, o)
	return sim.Reply{Body: view(o), Header: map[string]string{"Location": r.Base() + "/v2/images/" + sim.Str(o, "id"),
		"OpenStack-image-import-methods": "glance-direct,web-download"}}, nil
}

// patch applies a JSON patch, restricted to whole properties as in Glance.
func (s *Service) patch(r *sim.Request) (any, error) {
	o, err := s.find(r, true)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/openstack-images-v2") {
		return nil, sim.NewFault(415, "Unsupported Media Type")
	}
	var ops []sim.Document
	if err := decode(r.Raw, &ops); err != nil {
		return nil, sim.BadRequest("Request body must be a JSON array of operation objects.")
	}
	for _, op := range ops {
		key := strings.NewReplacer("~1", "/", "~0", "~").Replace(strings.TrimPrefix(sim.Str(op, "path"), "/"))
		_, exists := o[key]
		switch verb := sim.Str(op, "op"); {
		case slices.Contains([]string{"id", "status", "owner", "size", "checksum", "created_at"}, key):
			return nil, sim.Forbidden("Attribute '%s' is read-only.", key)
		case verb == "remove" && exists:
			delete(o, key)
		case verb == "add" || (verb == "replace" && exists):
			o[key] = op["value"]
		default:
			return nil, sim.Conflict("Property %s does not exist.", key)
		}
	}
	s.touch(o)
	return view(o), nil
}

func (s *Service) touch(o sim.Document) {
	o["updated_at"] = sim.Stamp(s.cloud.Now(), sim.Zulu)
	s.cloud.Put(Images, o)
}

func (s *Service) delete(r *sim.Request) (any, error) {
	o, err := s.find(r, true)
	var fault *sim.Fault
	if errors.As(err, &fault) && fault.Status == 404 {
		return nil, sim.NotFound("Failed to find image %s to delete", r.ID())
	}
	if err != nil {
		return nil, err
	}
	if sim.Bool(o, "protected") {
		return nil, sim.Forbidden("Image %s is protected and cannot be deleted.", r.ID())
	}
	s.cloud.Delete(Images, r.ID())
	for _, m := range s.cloud.With(Members, "image_id", r.ID()) {
		s.cloud.Delete(Members, sim.Str(m, "id"))
	}
	s.removeBlob(r.ID())
	return nil, nil
}

func (s *Service) tag(on bool) sim.Handler {
	return func(r *sim.Request) (any, error) {
		o, err := s.find(r, true)
		if err != nil {
			return nil, err
		}
		if !on && !slices.Contains(sim.Strs(o, "tags"), r.PathValue("tag")) {
			return nil, sim.NotFound("Tag %s could not be found.", r.PathValue("tag"))
		}
		tags := slices.DeleteFunc(sim.Strs(o, "tags"), func(t string) bool { return t == r.PathValue("tag") })
		if on {
			tags = append(tags, r.PathValue("tag"))
		}
		o["tags"] = sim.Anys(tags)
		s.touch(o)
		return nil, nil
	}
}

// schema returns the JSON schema that lets the standard client distinguish base properties from custom ones.
func (s *Service) schema(*sim.Request) (any, error) {
	props := sim.Document{}
	for _, k := range []string{"id", "name", "status", "visibility", "protected", "owner", "min_disk", "min_ram", "size",
		"virtual_size", "checksum", "os_hash_algo", "os_hash_value", "os_hidden", "tags", "container_format", "disk_format",
		"created_at", "updated_at", "self", "file", "schema", "direct_url", "locations"} {
		props[k] = sim.Document{"type": []any{"null", "string", "integer", "boolean", "array"}}
	}
	return sim.Document{"name": "image", "properties": props, "additionalProperties": sim.Document{"type": "string"},
		"links": []any{sim.Document{"rel": "self", "href": "{self}"}}}, nil
}
