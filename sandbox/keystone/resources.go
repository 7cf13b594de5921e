package keystone

import (
	"net/url"
	"strings"
	"time"

	"mycloudmanager/sandbox/sim"
)

// noun is a type of resource with the common create, read and delete operations.
type noun struct{ kind, one, many string }

var nouns = []noun{
	{Users, "user", "users"}, {Projects, "project", "projects"},
	{Domains, "domain", "domains"}, {Roles, "role", "roles"},
}

func (s *Service) resourceRoutes() {
	for _, n := range nouns {
		s.Handle("GET /v3/"+n.many, 200, s.list(n), sim.Admin)
		s.Handle("GET /v3/"+n.many+"/{id}", 200, s.show(n))
		s.Handle("POST /v3/"+n.many, 201, s.create(n), sim.Admin)
		s.Handle("PATCH /v3/"+n.many+"/{id}", 200, s.update(n), sim.Admin)
		s.Handle("DELETE /v3/"+n.many+"/{id}", 204, s.remove(n), sim.Admin)
	}
	s.Handle("GET /v3/role_assignments", 200, s.assignments, sim.Admin)
	s.Handle("PUT /v3/projects/{project}/users/{user}/roles/{role}", 204, s.grant, sim.Admin)
	s.Handle("DELETE /v3/projects/{project}/users/{user}/roles/{role}", 204, s.ungrant, sim.Admin)
	s.Handle("GET /v3/projects/{project}/users/{user}/roles", 200, s.granted)
	s.Handle("GET /v3/projects/{project}/users/{user}/roles/{role}", 204, s.check, sim.Admin)
	s.Handle("GET /v3/services", 200, s.listServices, sim.Admin)
	s.Handle("GET /v3/endpoints", 200, s.listEndpoints, sim.Admin)
	s.Handle("GET /v3/regions", 200, func(*sim.Request) (any, error) {
		return sim.Document{"regions": []any{sim.Document{"id": Region, "description": ""}}}, nil
	})
}

func (s *Service) list(n noun) sim.Handler {
	return func(r *sim.Request) (any, error) {
		docs := sim.Filter(s.cloud.All(n.kind), r.URL.Query())
		return page(r, n.many, sim.Views(docs, s.view(r, n))), nil
	}
}

func page(r *sim.Request, many string, docs []sim.Document) sim.Document {
	return sim.Document{many: docs, "links": sim.Document{"self": r.Base() + "/v3/" + many, "next": nil, "previous": nil}}
}

func (s *Service) view(r *sim.Request, n noun) func(sim.Document) sim.Document {
	return func(o sim.Document) sim.Document {
		out := sim.Public(o)
		out["links"] = sim.Document{"self": r.Base() + "/v3/" + n.many + "/" + sim.Str(o, "id")}
		return out
	}
}

func (s *Service) show(n noun) sim.Handler {
	return func(r *sim.Request) (any, error) {
		o := s.cloud.Get(n.kind, r.ID())
		if o == nil {
			return nil, notFound(n.one, r.ID())
		}
		own := n.kind == Users && r.ID() == r.Actor.UserID || n.kind == Projects && len(s.rolesOf(r.Actor.UserID, r.ID())) > 0
		if !own && !r.Actor.Admin() && n.kind != Domains {
			return nil, sim.Forbidden("You are not authorized to perform the requested action: identity:get_%s.", n.one)
		}
		return sim.Document{n.one: s.view(r, n)(o)}, nil
	}
}

func (s *Service) create(n noun) sim.Handler {
	return func(r *sim.Request) (any, error) {
		in := sim.Map(r.Body, n.one)
		if sim.Str(in, "name") == "" {
			return nil, sim.BadRequest("'name' is a required property")
		}
		if taken := len(s.cloud.With(n.kind, "name", sim.Str(in, "name"))) > 0; taken && n.kind == Projects {
			return nil, sim.Conflict("Conflict occurred attempting to store project - it is not permitted to have two projects with either the "+
				"same name or same id in the same domain: name is %s, project id %s.", sim.Str(in, "name"), sim.HexID())
		} else if taken {
			return nil, sim.Conflict("Conflict occurred attempting to store %s - Duplicate entry found with name %s.",
				n.one, sim.Str(in, "name"))
		}
		o := sim.Merge(sim.Document{"id": sim.HexID(), "enabled": true, "domain_id": "default", "description": "",
			"options": sim.Document{}}, in)
		switch n.kind {
		case Projects:
			sim.Merge(o, sim.Merge(sim.Document{"is_domain": false, "parent_id": o["domain_id"], "tags": []any{}}, in))
		case Users:
			o["password_expires_at"] = nil
		case Roles, Domains:
			delete(o, "domain_id")
		}
		setPassword(o)
		s.cloud.Put(n.kind, o)
		return sim.Document{n.one: s.view(r, n)(o)}, nil
	}
}

func setPassword(o sim.Document) {
	if p, ok := o["password"]; ok {
		o["_digest"] = Digest(sim.Str(o, "id"), sim.Text(p))
		delete(o, "password")
	}
}

func (s *Service) update(n noun) sim.Handler {
	return func(r *sim.Request) (any, error) {
		o := s.cloud.Get(n.kind, r.ID())
		if o == nil {
			return nil, notFound(n.one, r.ID())
		}
		setPassword(sim.Merge(o, sim.Map(r.Body, n.one)))
		s.cloud.Put(n.kind, o)
		return sim.Document{n.one: s.view(r, n)(o)}, nil
	}
}

func (s *Service) remove(n noun) sim.Handler {
	return func(r *sim.Request) (any, error) {
		if s.cloud.Get(n.kind, r.ID()) == nil {
			return nil, notFound(n.one, r.ID())
		}
		s.cloud.Delete(n.kind, r.ID())
		return nil, nil
	}
}

func (s *Service) projectsOf(user string) []sim.Document {
	return s.cloud.Where(Projects, func(p sim.Document) bool { return len(s.rolesOf(user, sim.Str(p, "id"))) > 0 })
}

func (s *Service) myProjects(r *sim.Request) (any, error) {
	return page(r, "projects", sim.Views(s.projectsOf(r.Actor.UserID), s.view(r, nouns[1]))), nil
}

func (s *Service) userProjects(r *sim.Request) (any, error) {
	return page(r, "projects", sim.Views(s.projectsOf(r.ID()), s.view(r, nouns[1]))), nil
}

// Grant assigns a role in a project to a user.
func (s *Service) Grant(user, project, role string) {
	s.cloud.Put(Assignments, sim.Document{"id": user + ":" + project + ":" + role,
		"user": user, "project": project, "role": role})
}

func (s *Service) grant(r *sim.Request) (any, error) {
	s.Grant(r.PathValue("user"), r.PathValue("project"), r.PathValue("role"))
	return nil, nil
}

func (s *Service) check(r *sim.Request) (any, error) {
	id := strings.Join([]string{r.PathValue("user"), r.PathValue("project"), r.PathValue("role")}, ":")
	if s.cloud.Get(Assignments, id) == nil {
		return nil, sim.NotFound("Could not find role assignment with role: %s, user or group: %s, project, domain, or system: %s.",
			r.PathValue("role"), r.PathValue("user"), r.PathValue("project"))
	}
	return nil, nil
}

func (s *Service) ungrant(r *sim.Request) (any, error) {
	id := strings.Join([]string{r.PathValue("user"), r.PathValue("project"), r.PathValue("role")}, ":")
	if s.cloud.Get(Assignments, id) == nil {
		return nil, notFound("role assignment", id)
	}
	s.cloud.Delete(Assignments, id)
	return nil, nil
}

func (s *Service) granted(r *sim.Request) (any, error) {
	var roles []sim.Document
	for _, a := range s.cloud.With(Assignments, "user", r.PathValue("user")) {
		if sim.Str(a, "project") == r.PathValue("project") {
			roles = append(roles, sim.Public(s.cloud.Get(Roles, sim.Str(a, "role"))))
		}
	}
	return page(r, "roles", sim.Views(roles, sim.Public)), nil
}

func (s *Service) assignments(r *sim.Request) (any, error) {
	out := []sim.Document{}
	for _, a := range s.cloud.All(Assignments) {
		if !wanted(r.URL.Query(), a) {
			continue
		}
		out = append(out, sim.Document{"user": s.ref(Users, sim.Str(a, "user")), "role": s.ref(Roles, sim.Str(a, "role")),
			"scope": sim.Document{"project": s.ref(Projects, sim.Str(a, "project"))},
			"links": sim.Document{"assignment": r.Base() + "/v3/role_assignments"}})
	}
	return page(r, "role_assignments", out), nil
}

func wanted(q url.Values, a sim.Document) bool {
	for param, field := range map[string]string{"user.id": "user", "scope.project.id": "project", "role.id": "role"} {
		if v := q.Get(param); v != "" && v != sim.Str(a, field) {
			return false
		}
	}
	return true
}

func (s *Service) listServices(r *sim.Request) (any, error) {
	var out []sim.Document
	for _, e := range services {
		out = append(out, sim.Document{"id": Digest(e.kind, e.name)[:32], "type": e.kind, "name": e.name, "enabled": true})
	}
	return page(r, "services", out), nil
}

func (s *Service) listEndpoints(r *sim.Request) (any, error) {
	var out []sim.Document
	for _, v := range s.entries(r, r.Actor.ProjectID) {
		e := v.(sim.Document)
		for _, p := range sim.Objs(e, "endpoints") {
			out = append(out, sim.Merge(sim.Document{"service_id": e["id"], "enabled": true}, p))
		}
	}
	return page(r, "endpoints", out), nil
}

// expired reports whether a document has passed its expiration.
func expired(o sim.Document, now time.Time) bool {
	end := sim.Str(o, "expires_at")
	return end != "" && end < sim.Stamp(now, sim.Micros)
}
