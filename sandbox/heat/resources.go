package heat

import (
	"slices"
	"strings"

	"mycloudmanager/sandbox/sim"
)

func (s *Service) resourceRoutes() {
	s.Handle("GET /stacks/{name}/{id}/resources", 200, s.listResources)
	s.Handle("GET /stacks/{name}/{id}/resources/{resource}", 200, s.showResource)
	s.Handle("GET /stacks/{name}/{id}/resources/{resource}/events", 200, s.listEvents)
	s.Handle("GET /stacks/{name}/{id}/events", 200, s.listEvents)
	s.Handle("GET /stacks/{name}/{id}/resources/{resource}/events/{event}", 200, s.showEvent)
}

// within lists a stack and its nested stacks to the given depth.
func (s *Service) within(stack sim.Document, depth int) []sim.Document {
	out := []sim.Document{stack}
	if depth <= 0 {
		return out
	}
	for _, nested := range s.cloud.With(Nested, "parent", sim.Str(stack, "id")) {
		out = append(out, s.within(nested, depth-1)...)
	}
	return out
}

func (s *Service) viewResource(r *sim.Request, stack, res sim.Document) sim.Document {
	out := sim.Only(res, "resource_name", "logical_resource_id", "physical_resource_id", "resource_status",
		"resource_status_reason", "resource_type", "creation_time", "updated_time")
	out["links"] = []any{sim.Document{"rel": "self", "href": s.url(r, stack) + "/resources/" + sim.Str(res, "resource_name")},
		sim.Document{"rel": "stack", "href": s.url(r, stack)}}
	required := []string{}
	for _, other := range s.resources(sim.Str(stack, "id")) {
		if slices.Contains(sim.Strs(other, "_requires"), sim.Str(res, "resource_name")) {
			required = append(required, sim.Str(other, "resource_name"))
		}
	}
	out["required_by"] = required
	if parent := sim.Str(stack, "_parent_resource"); parent != "" {
		out["parent_resource"] = parent
	}
	if nested := s.cloud.Get(Nested, sim.Str(res, "physical_resource_id")); nested != nil {
		out["links"] = append(sim.List(out, "links"), sim.Document{"rel": "nested", "href": s.url(r, nested)})
	}
	return out
}

// waiting returns the resources of the template whose creation has not started.
func (s *Service) waiting(stack sim.Document) []sim.Document {
	c, err := s.scope(stack)
	if action := sim.Str(stack, "_action"); err != nil || (action != "CREATE" && action != "UPDATE") {
		return nil
	}
	var out []sim.Document
	for _, name := range c.template.names() {
		if on, err := c.enabled(name); err == nil && on && s.resource(sim.Str(stack, "id"), name) == nil {
			out = append(out, sim.Document{"resource_name": name, "logical_resource_id": name, "physical_resource_id": "",
				"resource_type": c.template.resources[name]["type"], "resource_status": "INIT_COMPLETE", "resource_status_reason": "",
				"creation_time": stack["creation_time"], "updated_time": stack["creation_time"],
				"_requires": sim.Anys(c.template.requires(name))})
		}
	}
	return out
}

func (s *Service) listResources(r *sim.Request) (any, error) {
	stack, err := s.find(r)
	if err != nil {
		return nil, err
	}
	out := []sim.Document{}
	for _, part := range s.within(stack, sim.ToInt(r.Query("nested_depth"))) {
		for _, res := range append(s.resources(sim.Str(part, "id")), s.waiting(part)...) {
			if want := r.URL.Query()["type"]; want == nil || slices.Contains(want, sim.Str(res, "resource_type")) {
				out = append(out, s.viewResource(r, part, res))
			}
		}
	}
	return sim.Document{"resources": out}, nil
}

func (s *Service) showResource(r *sim.Request) (any, error) {
	stack, err := s.find(r)
	if err != nil {
		return nil, err
	}
	name := r.PathValue("resource")
	res := s.resource(sim.Str(stack, "id"), name)
	if res == nil {
		return nil, sim.NotFound("The Resource (%s) could not be found in Stack %s.", name, sim.Str(stack, "stack_name")).
			Typed("ResourceNotFound")
	}
	out := s.viewResource(r, stack, res)
	out["attributes"], out["description"] = s.attributes(res), sim.Str(res, "description")
	return sim.Document{"resource": out}, nil
}

// listEvents lists events, newest first by default.
func (s *Service) listEvents(r *sim.Request) (any, error) {
	stack, err := s.find(r)
	if err != nil {
		return nil, err
	}
	parts := map[string]sim.Document{}
	for _, part := range s.within(stack, sim.ToInt(r.Query("nested_depth"))) {
		parts[sim.Str(part, "id")] = part
	}
	root := sim.Str(stack, "id")
	only := r.PathValue("resource")
	docs := s.cloud.Where(Events, func(e sim.Document) bool {
		return parts[sim.Str(e, "_stack")] != nil && (only == "" || (sim.Str(e, "_stack") == root && sim.Str(e, "resource_name") == only))
	})
	if !strings.HasPrefix(r.Query("sort_dir"), "asc") {
		docs = sim.Newest(docs)
	}
	docs, next, err := r.Page(sim.Filter(docs, r.URL.Query(), "nested_depth", "sort_keys"), 1000)
	if err != nil {
		return nil, err
	}
	out := sim.Document{"events": sim.Views(docs, func(e sim.Document) sim.Document { return s.viewEvent(r, parts[sim.Str(e, "_stack")], e) })}
	if next != "" {
		out["links"] = []any{sim.Document{"rel": "next", "href": r.NextURL(r.URL.Path, next)}}
	}
	return out, nil
}

func (s *Service) viewEvent(r *sim.Request, stack, e sim.Document) sim.Document {
	out := sim.Public(e)
	url := s.url(r, stack)
	res := url + "/resources/" + sim.Str(e, "resource_name")
	out["links"] = []any{sim.Document{"rel": "self", "href": res + "/events/" + sim.Str(e, "id")},
		sim.Document{"rel": "resource", "href": res}, sim.Document{"rel": "stack", "href": url}}
	return out
}

func (s *Service) showEvent(r *sim.Request) (any, error) {
	stack, err := s.find(r)
	if err != nil {
		return nil, err
	}
	e := s.cloud.Get(Events, r.PathValue("event"))
	if e == nil || sim.Str(e, "_stack") != sim.Str(stack, "id") {
		return nil, sim.NotFound("The Event (%s) could not be found.", r.PathValue("event"))
	}
	return sim.Document{"event": s.viewEvent(r, stack, e)}, nil
}
