package nova

import (
	"mycloudmanager/sandbox/sim"
)

// Defaults are the default quotas of a project; the keys are Nova's.
var Defaults = map[string]int{"instances": 30, "cores": 60, "ram": 131072, "key_pairs": 100, "metadata_items": 128,
	"server_groups": 20, "server_group_members": 20, "injected_files": 5, "injected_file_content_bytes": 10240,
	"injected_file_path_bytes": 255, "fixed_ips": -1, "floating_ips": -1, "security_groups": -1, "security_group_rules": -1}

func (s *Service) limits(r *sim.Request) map[string]int {
	return s.cloud.Limits("nova", r.Actor.ProjectID, Defaults)
}

func (s *Service) used(project string) map[string]int {
	out := map[string]int{}
	for k := range Defaults {
		out[k] = 0
	}
	for _, o := range s.cloud.With(Servers, "tenant_id", project) {
		f := sim.Map(o, "_flavor")
		out["instances"]++
		out["cores"] += sim.Int(f, "vcpus")
		out["ram"] += sim.Int(f, "ram")
	}
	out["server_groups"] = len(s.cloud.With(Groups, "project_id", project))
	return out
}

// spend refuses servers that exceed a quota.
func (s *Service) spend(r *sim.Request, flavor sim.Document, count int) error {
	limits, used := s.limits(r), s.used(r.Actor.ProjectID)
	if sim.Over(limits["instances"], used["instances"], count) {
		return exceeded("instances", count, used["instances"], limits["instances"], "instances")
	}
	return s.spendCores(r, flavor, count)
}

func (s *Service) spendCores(r *sim.Request, flavor sim.Document, count int) error {
	limits, used := s.limits(r), s.used(r.Actor.ProjectID)
	for _, q := range []struct{ name, field string }{{"cores", "vcpus"}, {"ram", "ram"}} {
		more := count * sim.Int(flavor, q.field)
		if sim.Over(limits[q.name], used[q.name], more) {
			return exceeded(q.name, more, used[q.name], limits[q.name], q.name)
		}
	}
	return nil
}

func exceeded(name string, want, used, limit int, unit string) error {
	return sim.Forbidden("Quota exceeded for %s: Requested %d, but already used %d of %d %s", name, want, used, limit, unit)
}

func (s *Service) quotaRoutes() {
	s.Handle("GET /v2.1/limits", 200, s.absolute)
	s.Handle("GET /v2.1/os-quota-sets/{id}", 200, func(r *sim.Request) (any, error) {
		return sim.Document{"quota_set": withID(s.cloud.Limits("nova", r.ID(), Defaults), r.ID())}, nil
	})
	s.Handle("GET /v2.1/os-quota-sets/{id}/defaults", 200, func(r *sim.Request) (any, error) {
		return sim.Document{"quota_set": withID(Defaults, r.ID())}, nil
	})
	s.Handle("GET /v2.1/os-quota-sets/{id}/detail", 200, func(r *sim.Request) (any, error) {
		out := sim.Document{"id": r.ID()}
		limits := s.cloud.Limits("nova", r.ID(), Defaults)
		for k, used := range s.used(r.ID()) {
			out[k] = sim.Document{"limit": limits[k], "in_use": used, "reserved": 0}
		}
		return sim.Document{"quota_set": out}, nil
	})
	s.Handle("PUT /v2.1/os-quota-sets/{id}", 200, func(r *sim.Request) (any, error) {
		for k, v := range sim.Map(r.Body, "quota_set") {
			if _, known := Defaults[k]; !known && k != "force" {
				return nil, sim.BadRequest("Invalid input for field/attribute quota_set. Additional properties are not allowed ('%s' was unexpected)", k)
			}
			if n := sim.ToInt(v); n < -1 {
				return nil, sim.BadRequest("Invalid input for field/attribute %s. Value: %d. %d is less than the minimum of -1", k, n, n)
			}
		}
		s.cloud.SetLimits("nova", r.ID(), Defaults, sim.Map(r.Body, "quota_set"))
		return sim.Document{"quota_set": withID(s.cloud.Limits("nova", r.ID(), Defaults), "")}, nil
	}, sim.Admin)
}

func withID(limits map[string]int, id string) sim.Document {
	out := sim.Document{}
	for k, v := range limits {
		out[k] = v
	}
	if id != "" {
		out["id"] = id
	}
	return out
}

func (s *Service) absolute(r *sim.Request) (any, error) {
	l, u := s.limits(r), s.used(r.Actor.ProjectID)
	return sim.Document{"limits": sim.Document{"rate": []any{}, "absolute": sim.Document{
		"maxTotalInstances": l["instances"], "totalInstancesUsed": u["instances"],
		"maxTotalCores": l["cores"], "totalCoresUsed": u["cores"], "maxTotalRAMSize": l["ram"], "totalRAMUsed": u["ram"],
		"maxTotalKeypairs": l["key_pairs"], "maxServerMeta": l["metadata_items"], "maxImageMeta": l["metadata_items"],
		"maxServerGroups": l["server_groups"], "totalServerGroupsUsed": u["server_groups"],
		"maxServerGroupMembers": l["server_group_members"], "maxPersonality": 5, "maxPersonalitySize": 10240,
		"maxSecurityGroups": -1, "maxSecurityGroupRules": -1, "maxTotalFloatingIps": -1,
		"totalSecurityGroupsUsed": 0, "totalFloatingIpsUsed": 0}}}, nil
}
