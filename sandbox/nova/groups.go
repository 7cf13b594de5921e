package nova

import (
	"slices"

	"mycloudmanager/sandbox/sim"
)

// groupRoutes registers the server groups API.
func (s *Service) groupRoutes() {
	s.Handle("GET /v2.1/os-server-groups", 200, func(r *sim.Request) (any, error) {
		docs, _, err := r.Page(s.cloud.With(Groups, "project_id", r.Actor.ProjectID), 1000)
		return sim.Document{"server_groups": sim.Views(docs, func(o sim.Document) sim.Document { return s.viewGroup(r, o) })}, err
	})
	s.Handle("POST /v2.1/os-server-groups", 200, s.createGroup)
	s.Handle("GET /v2.1/os-server-groups/{id}", 200, func(r *sim.Request) (any, error) {
		o, err := s.findGroup(r)
		if err != nil {
			return nil, err
		}
		return sim.Document{"server_group": s.viewGroup(r, o)}, nil
	})
	s.Handle("DELETE /v2.1/os-server-groups/{id}", 204, func(r *sim.Request) (any, error) {
		if _, err := s.findGroup(r); err != nil {
			return nil, err
		}
		s.cloud.Delete(Groups, r.ID())
		return nil, nil
	})
}

func (s *Service) findGroup(r *sim.Request) (sim.Document, error) {
	o := s.cloud.Get(Groups, r.ID())
	if o == nil || sim.Str(o, "project_id") != r.Actor.ProjectID {
		return nil, sim.NotFound("Instance group %s could not be found.", r.ID())
	}
	return o, nil
}

func (s *Service) viewGroup(r *sim.Request, o sim.Document) sim.Document {
	out, members := sim.Public(o), []string{}
	for _, server := range s.cloud.With(Servers, "_group", sim.Str(o, "id")) {
		members = append(members, sim.Str(server, "id"))
	}
	out["members"] = members
	if microversion(r) < 64 {
		out["policies"], out["metadata"] = []any{o["policy"]}, sim.Document{}
		delete(out, "policy")
		delete(out, "rules")
	}
	return out
}

func (s *Service) createGroup(r *sim.Request) (any, error) {
	in := sim.Map(r.Body, "server_group")
	policy := sim.Str(in, "policy")
	if list := sim.Strs(in, "policies"); len(list) > 0 {
		policy = list[0]
	}
	if sim.Str(in, "name") == "" || policy == "" {
		return nil, sim.BadRequest("Invalid input for field/attribute server_group. Value: %s. 'name' is a required property",
			string(sim.JSON(in)))
	}
	if !slices.Contains([]string{"affinity", "anti-affinity", "soft-affinity", "soft-anti-affinity"}, policy) {
		return nil, sim.BadRequest("Invalid input for field/attribute policy. Value: %s. '%s' is not one of ['anti-affinity', 'affinity', "+
			"'soft-anti-affinity', 'soft-affinity']", policy, policy)
	}
	if sim.Over(s.limits(r)["server_groups"], len(s.cloud.With(Groups, "project_id", r.Actor.ProjectID)), 1) {
		return nil, sim.Forbidden("Quota exceeded, too many server groups.")
	}
	rules := sim.Map(in, "rules")
	if rules == nil {
		rules = sim.Document{}
	}
	o := sim.Document{"id": sim.UUID(), "name": in["name"], "policy": policy, "rules": rules,
		"project_id": r.Actor.ProjectID, "user_id": r.Actor.UserID}
	s.cloud.Put(Groups, o)
	return sim.Document{"server_group": s.viewGroup(r, o)}, nil
}
