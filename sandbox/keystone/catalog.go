package keystone

import (
	"mycloudmanager/sandbox/sim"
)

// Region is the only region of the sandbox.
const Region = "RegionOne"

// services is the catalog: type, name and path (P is replaced by the project id).
var services = []struct{ kind, name, path string }{
	{"identity", "keystone", "/identity/v3"},
	{"compute", "nova", "/compute/v2.1"},
	{"block-storage", "cinder", "/volume/v3/P"},
	{"volumev3", "cinderv3", "/volume/v3/P"},
	{"network", "neutron", "/network"},
	{"image", "glance", "/image"},
	{"orchestration", "heat", "/orchestration/v1/P"},
	{"object-store", "swift", "/object-store/v1/AUTH_P"},
}

// render returns a token for its owner. The catalog uses the host of the request.
func (s *Service) render(r *sim.Request, token sim.Document) sim.Document {
	user := s.cloud.Get(Users, sim.Str(token, "user_id"))
	out := sim.Only(token, "methods", "audit_ids", "issued_at", "expires_at")
	out["user"] = sim.Document{"id": user["id"], "name": user["name"], "password_expires_at": nil,
		"domain": s.ref(Domains, sim.Str(user, "domain_id"))}
	if cred := sim.Str(token, "app_cred"); cred != "" {
		out["application_credential"] = sim.Document{"id": cred, "name": sim.Str(s.cloud.Get(Credentials, cred), "name"),
			"restricted": !sim.Bool(token, "unrestricted")}
	}
	roles := []any{}
	for _, name := range sim.Strs(token, "roles") {
		for _, role := range s.cloud.With(Roles, "name", name) {
			roles = append(roles, s.ref(Roles, sim.Str(role, "id")))
		}
	}
	if p := s.cloud.Get(Projects, sim.Str(token, "project_id")); p != nil {
		project := s.ref(Projects, sim.Str(p, "id"))
		project["domain"] = s.ref(Domains, sim.Str(p, "domain_id"))
		out["project"], out["is_domain"], out["roles"] = project, false, roles
		out["catalog"] = s.entries(r, sim.Str(p, "id"))
	} else if len(roles) > 0 {
		out["system"], out["roles"], out["catalog"] = sim.Document{"all": true}, roles, s.entries(r, "")
	}
	return out
}

func (s *Service) ref(kind, id string) sim.Document {
	return sim.Document{"id": id, "name": sim.Str(s.cloud.Get(kind, id), "name")}
}

func (s *Service) catalogue(r *sim.Request) (any, error) {
	return sim.Document{"catalog": s.entries(r, r.Actor.ProjectID), "links": sim.Document{"next": nil, "previous": nil}}, nil
}

func (s *Service) entries(r *sim.Request, project string) []any {
	out := []any{}
	for _, e := range services {
		path := e.path
		if path[len(path)-1] == 'P' {
			path = path[:len(path)-1] + project
		}
		points := []any{}
		for _, face := range []string{"public", "internal", "admin"} {
			points = append(points, sim.Document{"id": Digest(e.name, face)[:32], "interface": face, "region": Region,
				"region_id": Region, "url": r.Root() + path})
		}
		out = append(out, sim.Document{"id": Digest(e.kind, e.name)[:32], "type": e.kind, "name": e.name, "endpoints": points})
	}
	return out
}
