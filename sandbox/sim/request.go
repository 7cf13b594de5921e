package sim

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"
)

// Actor is the caller of a request.
type Actor struct {
	UserID, UserName, ProjectID string
	Roles, Methods              []string
}

// Admin reports whether the actor is an administrator.
func (a Actor) Admin() bool { return slices.Contains(a.Roles, "admin") }

// Member reports whether the actor may change resources.
func (a Actor) Member() bool {
	return a.Admin() || slices.Contains(a.Roles, "member") || slices.Contains(a.Roles, "manager")
}

// Doc returns the actor as a document, for work that continues after the request.
func (a Actor) Doc() Document {
	return Document{"user_id": a.UserID, "user_name": a.UserName, "project_id": a.ProjectID,
		"roles": Anys(a.Roles)}
}

// ActorOf restores an actor from its document.
func ActorOf(o Document) Actor {
	return Actor{UserID: Str(o, "user_id"), UserName: Str(o, "user_name"),
		ProjectID: Str(o, "project_id"), Roles: Strs(o, "roles"), Methods: Strs(o, "methods")}
}

// Actor returns the owner of a valid token.
func (c *Cloud) Actor(token string) (Actor, bool) {
	o := c.Get("keystone/tokens", token)
	if o == nil || Str(o, "expires_at") < Stamp(time.Now(), Expiry) {
		return Actor{}, false
	}
	if cred := Str(o, "app_cred"); cred != "" && c.Get("keystone/application_credentials", cred) == nil {
		return Actor{}, false // tokens of an application credential end with it
	}
	return ActorOf(o), true
}

// Request is one call with everything that a handler needs.
type Request struct {
	*http.Request
	Writer  http.ResponseWriter
	Cloud   *Cloud
	Service *Service
	Actor   Actor
	Body    Document
	Raw     []byte
	Path    string // after prefix and project, for handlers of every path
	scope   string
	inner   bool
}

// ID returns the path variable {id}.
func (r *Request) ID() string { return r.PathValue("id") }

// Query returns the first value of a query parameter.
func (r *Request) Query(name string) string { return r.URL.Query().Get(name) }

// Scope returns the project in the path of a scoped service.
func (r *Request) Scope() string { return r.scope }

// Root returns the cloud's base URL as the client sees it.
func (r *Request) Root() string {
	host := r.Host
	if host == "" {
		host = "127.0.0.1"
	}
	return "http://" + host
}

// Base returns the URL of the service as in the catalog.
func (r *Request) Base() string { return r.Root() + r.Service.base(r.scope) }

func (s *Service) base(project string) string {
	switch {
	case s.Name == "swift":
		return s.prefix + "/AUTH_" + project
	case s.scoped:
		return s.prefix + "/" + project
	}
	return s.prefix
}

type actorKey struct{}

// Call calls another service as the actor of this request.
func (r *Request) Call(service, method, path string, body any) (Document, error) {
	return r.Cloud.Call(r.Actor, service, method, path, body)
}

// Call calls a service internally, with the lock held. The call is subject to the same guards, quotas and
// injected faults as an external one. An error response is returned as a *Fault with the service's message.
func (c *Cloud) Call(as Actor, service, method, path string, body any) (Document, error) {
	s := c.Find(service)
	ctx := context.WithValue(context.Background(), actorKey{}, as)
	req := httptest.NewRequest(method, s.base(as.ProjectID)+path, strings.NewReader(encode(body)))
	req.Host = ""
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Openstack-Nova-Api-Version", "2.72")
	rec := httptest.NewRecorder()
	s.serve(rec, req.WithContext(ctx), true)
	var out Document
	_ = json.Unmarshal(rec.Body.Bytes(), &out) // bodies that are not JSON stay nil
	if rec.Code >= 400 {
		return nil, &Fault{Status: rec.Code, Type: class(out), Message: message(out, rec.Body.String())}
	}
	return out, nil
}

// Find returns the service with that name and panics if it does not exist.
func (c *Cloud) Find(name string) *Service {
	for _, s := range c.services {
		if s.Name == name {
			return s
		}
	}
	panic("sim: no service " + name)
}

func encode(body any) string {
	if body == nil {
		return ""
	}
	return string(JSON(body))
}

// class returns the exception class in a fault body, if there is one.
func class(o Document) string { return Str(Map(o, "NeutronError"), "type") }

// message returns the text of a fault body of any service.
func message(o Document, raw string) string {
	for _, v := range o {
		if m, ok := v.(Document); ok && Str(m, "message") != "" {
			return Str(m, "message")
		}
	}
	return strings.TrimSpace(raw)
}
