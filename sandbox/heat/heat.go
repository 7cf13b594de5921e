// Package heat is the simulated orchestration service. It creates resources in dependency order through the
// APIs of the other simulated services, subject to their quotas and injected faults.
// https://docs.openstack.org/api-ref/orchestration/v1/
package heat

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"mycloudmanager/sandbox/sim"
)

// Document kinds. Nested stacks are kept apart from top-level stacks, as in the API.
const (
	Stacks    = "heat/stacks"
	Nested    = "heat/nested"
	Deleted   = "heat/deleted"
	Resources = "heat/resources"
	Events    = "heat/events"
)

// beat is the interval at which the engine advances a stack, at speed 1.
const beat = 300 * time.Millisecond

// deleteRetries is the number of times that a refused deletion is retried, once per beat.
const deleteRetries = 15

// Service is the orchestration API.
type Service struct {
	*sim.Service
	cloud *sim.Cloud
	types map[string]resourceType
}

// New registers the orchestration API.
func New(c *sim.Cloud) *Service {
	s := &Service{Service: c.Service("heat", "/orchestration/v1", true), cloud: c}
	s.types = s.resourceTypes()
	s.Format = format
	s.Deny = func(r *sim.Request) *sim.Fault {
		verb := map[string]string{"POST": "create", "PUT": "update", "PATCH": "update_patch", "DELETE": "delete", "GET": "index"}[r.Method]
		if strings.HasSuffix(r.URL.Path, "/services") {
			return sim.Forbidden("You are not authorized to use service:index.")
		}
		return sim.Forbidden("You are not authorized to use stacks:%s.", verb)
	}
	c.On("heat.beat", s.beat)
	s.stackRoutes()
	s.resourceRoutes()
	s.Handle("GET /{$}", 200, s.versions, sim.Anonymous)
	s.Handle("GET /build_info", 200, func(*sim.Request) (any, error) {
		return sim.Document{"api": sim.Document{"revision": "sandbox"}, "engine": sim.Document{"revision": "sandbox"}}, nil
	})
	s.Handle("GET /resource_types", 200, func(*sim.Request) (any, error) {
		names := []string{}
		for name := range s.types {
			names = append(names, name)
		}
		return sim.Document{"resource_types": names}, nil
	})
	s.Handle("GET /services", 200, func(*sim.Request) (any, error) { return sim.Document{"services": []any{}}, nil }, sim.Admin)
	return s
}

func (s *Service) versions(r *sim.Request) (any, error) {
	return sim.Document{"versions": []any{sim.Document{"id": "v1.0", "status": "CURRENT",
		"links": []any{sim.Document{"rel": "self", "href": r.Root() + "/orchestration/v1/"}}}}}, nil
}

var explanations = map[int]string{
	400: "The server could not comply with the request since it is either malformed or otherwise incorrect.",
	403: "Access was denied to this resource.",
	404: "The resource could not be found.",
	409: "There was a conflict when trying to complete your request.",
	500: "The server has either erred or is incapable of performing the requested operation.",
}

func format(f *sim.Fault) (string, []byte) {
	class := f.Type
	if class == "" {
		class = map[int]string{400: "HTTPBadRequest", 403: "Forbidden", 404: "EntityNotFound"}[f.Status]
	}
	inner := sim.Document{"type": class, "traceback": nil}
	if f.Message != "" {
		inner["message"] = f.Message
	}
	title := http.StatusText(f.Status)
	return "application/json", sim.JSON(sim.Document{"code": f.Status, "title": title,
		"explanation": explanations[f.Status], "error": inner})
}

// invalid is the fault for a refused template.
func invalid(class, text string, args ...any) *sim.Fault {
	return sim.BadRequest(text, args...).Typed(class)
}

func stackNotFound(name string) *sim.Fault {
	return sim.NotFound("The Stack (%s) could not be found.", name).Typed("EntityNotFound")
}

// stack reads a top-level or nested stack.
func (s *Service) stack(id string) sim.Document {
	for _, kind := range []string{Stacks, Nested, Deleted} {
		if o := s.cloud.Get(kind, id); o != nil {
			return o
		}
	}
	return nil
}

func (s *Service) putStack(o sim.Document) {
	kind := Stacks
	if sim.Str(o, "parent") != "" {
		kind = Nested
	}
	s.cloud.Put(kind, o)
}

// resources returns the resources of one stack in order of creation.
func (s *Service) resources(stack string) []sim.Document {
	return s.cloud.With(Resources, "_stack", stack)
}

func (s *Service) resource(stack, name string) sim.Document {
	return s.cloud.Get(Resources, stack+"/"+name)
}

func (s *Service) now() string { return sim.Stamp(s.cloud.Now(), sim.Zulu) }

// event records a state change of a resource or of the stack itself.
func (s *Service) event(stack sim.Document, name, physical, kind, status, reason string) {
	s.cloud.Put(Events, sim.Document{"id": sim.UUID(), "_stack": stack["id"], "event_time": s.now(),
		"logical_resource_id": name, "resource_name": name, "physical_resource_id": physical,
		"resource_status": status, "resource_status_reason": reason, "resource_type": kind})
}

// set changes the state of a stack and records an event.
func (s *Service) set(stack sim.Document, action, status, reason string) {
	full := action + "_" + status
	stack["_action"], stack["stack_status"], stack["stack_status_reason"] = action, full, reason
	stack["_changed"] = s.now()
	s.putStack(stack)
	s.event(stack, sim.Str(stack, "stack_name"), sim.Str(stack, "id"), "OS::Heat::Stack", full, reason)
}

func physicalName(stack, resource string) string {
	return fmt.Sprintf("%s-%s-%s", stack, resource, sim.RandomHex(6))
}
