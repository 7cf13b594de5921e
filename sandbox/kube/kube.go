// Package kube is the simulated cluster: the Kubernetes API calls that client-go and Helm make, and the
// controllers that start and stop an app. https://kubernetes.io/docs/reference/using-api/api-concepts/
package kube

import (
	"io"
	"net/http"
	"strings"
	"time"

	"mycloudmanager/sandbox/sim"
)

// Prefix is the path prefix of the API on the sandbox's port.
const Prefix = "/kube"

// Version is the reported version of the cluster.
const Version = "v1.36.3+k3s1-sandbox"

// Simulated durations, at speed 1.
const (
	beat       = 300 * time.Millisecond
	joining    = 3 * time.Second  // of a node, after its server is active
	starting   = 2 * time.Second  // of a pod, after it is scheduled and its volumes are attached
	stopping   = time.Second      // of a pod
	eviction   = 5 * time.Second  // of pods, after their node is lost
	forgetting = 30 * time.Second // of a node whose server was deleted
)

// Service is the Kubernetes API of the cluster.
type Service struct {
	*sim.Service
	cloud *sim.Cloud
	log   journal
	armed bool
}

// New registers the Kubernetes API.
func New(c *sim.Cloud) *Service {
	s := &Service{Service: c.Service("kubernetes", Prefix, false), cloud: c}
	s.Format = format
	s.Unauthorized = func() *sim.Fault { return status(401, "Unauthorized", "Unauthorized") }
	s.Deny = func(*sim.Request) *sim.Fault { return status(403, "Forbidden", "forbidden") }
	s.Authenticate = s.authenticate
	s.Handle("/{path...}", 200, s.serve, sim.Stream)
	c.On("kube.beat", s.beat)
	c.OnChange(s.arm)
	return s
}

func format(f *sim.Fault) (string, []byte) {
	reason := f.Type
	if reason == "" {
		reason = map[int]string{400: "BadRequest", 403: "Forbidden", 404: "NotFound", 409: "Conflict", 422: "Invalid",
			429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable"}[f.Status]
	}
	return "application/json", sim.JSON(sim.Document{"kind": "Status", "apiVersion": "v1", "metadata": sim.Document{}, "status": "Failure",
		"message": f.Message, "reason": reason, "code": f.Status})
}

func status(code int, reason, text string) *sim.Fault {
	return (&sim.Fault{Status: code, Message: text}).Typed(reason)
}

func notFound(t *resource, name string) *sim.Fault {
	return status(404, "NotFound", t.qualified()+" \""+name+"\" not found")
}

// authenticate checks the bearer token of the kubeconfig. Before the cluster is up, requests fail as if nothing
// listened.
func (s *Service) authenticate(r *sim.Request) error {
	cluster := s.cluster()
	if cluster == nil {
		return status(503, "ServiceUnavailable", "the cluster is not up")
	}
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if token == "" || token != sim.Str(cluster, "token") {
		return s.Unauthorized()
	}
	r.Actor = sim.Actor{UserName: "system:admin", Roles: []string{"admin"}}
	return nil
}

// target is the resource that a path addresses.
type target struct {
	*resource
	namespace, name, sub string
}

// serve handles every path below the prefix.
func (s *Service) serve(r *sim.Request) (any, error) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if doc := discover(parts); doc != nil {
		return doc, nil
	}
	switch parts[0] {
	case "healthz", "livez", "readyz":
		return []byte("ok"), nil
	case "api", "apis":
	default:
		return nil, status(404, "NotFound", "the server could not find the requested resource")
	}
	t, err := locate(parts)
	if err != nil {
		return nil, err
	}
	if q := r.URL.Query(); r.Method == http.MethodGet && t.name == "" && (q.Get("watch") == "true" || q.Get("watch") == "1") {
		return s.watch(r, t)
	}
	body, err := io.ReadAll(io.LimitReader(r.Request.Body, 16<<20))
	if err == nil {
		body, err = plain(r.Header.Get("Content-Type"), body)
	}
	if err != nil {
		return nil, err
	}
	var reply any
	s.cloud.Locked(func() {
		reply, err = s.do(r, t, body)
		if err == nil {
			reply = encode(reply) // encoded under the lock, before the documents can change
		}
	})
	return reply, err
}

func encode(v any) any {
	rep, ok := v.(sim.Reply)
	if !ok {
		rep = sim.Reply{Body: v}
	}
	if rep.Header == nil {
		rep.Header = map[string]string{"Content-Type": "application/json"}
	}
	if _, raw := rep.Body.([]byte); !raw {
		rep.Body = sim.JSON(rep.Body)
	}
	return rep
}

// locate parses a path: /api/v1/… or /apis/<group>/<version>/…, with or without a namespace.
func locate(parts []string) (*target, error) {
	group, rest := "", parts
	if parts[0] == "apis" && len(parts) > 2 {
		group, rest = parts[1], parts[3:]
	} else if len(parts) > 1 {
		rest = parts[2:]
	}
	t := &target{}
	if len(rest) > 2 && rest[0] == "namespaces" && find(group, rest[2]) != nil {
		t.namespace, rest = rest[1], rest[2:]
	}
	if len(rest) == 0 {
		return nil, status(404, "NotFound", "the server could not find the requested resource")
	}
	if t.resource = find(group, rest[0]); t.resource == nil {
		return nil, status(404, "NotFound", "the server could not find the requested resource")
	}
	if len(rest) > 1 {
		t.name = rest[1]
	}
	if len(rest) > 2 {
		t.sub = strings.Join(rest[2:], "/")
	}
	return t, nil
}

// do handles one call with the cloud locked.
func (s *Service) do(r *sim.Request, t *target, body []byte) (any, error) {
	switch {
	case t.sub == "scale":
		return s.scale(r, t, body)
	case t.sub == "log":
		return sim.Reply{Body: s.podLog(t), Header: map[string]string{"Content-Type": "text/plain"}}, nil
	case t.sub == "eviction" && r.Method == http.MethodPost:
		return s.delete(r, t, body)
	}
	switch r.Method {
	case http.MethodGet:
		if t.name == "" {
			return s.list(r, t)
		}
		return s.get(t)
	case http.MethodPost:
		return s.create(r, t, body)
	case http.MethodPut:
		return s.update(r, t, body)
	case http.MethodPatch:
		return s.patch(r, t, body)
	case http.MethodDelete:
		if t.name == "" {
			return s.deleteCollection(r, t)
		}
		return s.delete(r, t, body)
	}
	return nil, status(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
}
