package neutron

import (
	"mycloudmanager/sandbox/sim"
)

// Defaults are the default quotas of a project; the keys are Neutron's.
var Defaults = map[string]int{"network": 20, "subnet": 20, "port": 200, "router": 10, "floatingip": 20,
	"security_group": 30, "security_group_rule": 300, "subnetpool": -1, "rbac_policy": 10, "trunk": 20}

// spend refuses a request that exceeds a quota of the actor's project.
func (s *Service) spend(r *sim.Request, n *noun, more int) error {
	limit := s.cloud.Limits("neutron", r.Actor.ProjectID, Defaults)[n.one]
	if sim.Over(limit, s.used(n, r.Actor.ProjectID), more) {
		return sim.Conflict("Quota exceeded for resources: ['%s'].", n.one).Typed("OverQuota")
	}
	return nil
}

func (s *Service) used(n *noun, project string) int {
	return len(s.cloud.With(n.kind, "project_id", project))
}

// quotaRoutes registers the quota API. https://docs.openstack.org/api-ref/network/v2/#quotas-extension-quotas
func (s *Service) quotaRoutes() {
	plain := func(r *sim.Request) (any, error) {
		return sim.Document{"quota": s.cloud.Limits("neutron", r.ID(), Defaults)}, nil
	}
	s.Handle("GET /v2.0/quotas", 200, func(r *sim.Request) (any, error) {
		return sim.Document{"quotas": []any{s.cloud.Limits("neutron", r.Actor.ProjectID, Defaults)}}, nil
	})
	s.Handle("GET /v2.0/quotas/{id}", 200, plain)
	s.Handle("GET /v2.0/quotas/{id}/default", 200, func(*sim.Request) (any, error) {
		return sim.Document{"quota": Defaults}, nil
	})
	s.Handle("GET /v2.0/quotas/{id}/details", 200, s.quotaDetails)
	s.Handle("GET /v2.0/quotas/{id}/details.json", 200, s.quotaDetails)
	s.Handle("PUT /v2.0/quotas/{id}", 200, func(r *sim.Request) (any, error) {
		s.cloud.SetLimits("neutron", r.ID(), Defaults, sim.Map(r.Body, "quota"))
		return plain(r)
	}, sim.Admin)
}

func (s *Service) quotaDetails(r *sim.Request) (any, error) {
	if r.ID() != r.Actor.ProjectID && !r.Actor.Admin() {
		return nil, s.Deny(r)
	}
	out := sim.Document{}
	for name, limit := range s.cloud.Limits("neutron", r.ID(), Defaults) {
		used := 0
		for _, n := range s.nouns {
			if n.one == name {
				used = s.used(n, r.ID())
			}
		}
		out[name] = sim.Document{"limit": limit, "used": used, "reserved": 0}
	}
	return sim.Document{"quota": out}, nil
}

var extensions = []string{"router", "ext-gw-mode", "external-net", "security-group", "quotas", "quota_details",
	"standard-attr-tag", "standard-attr-timestamp", "standard-attr-revisions", "standard-attr-description",
	"port-security", "binding", "allowed-address-pairs", "project-id", "pagination", "sorting", "extraroute",
	"subnet_allocation", "availability_zone", "network_availability_zone", "router_availability_zone",
	"net-mtu", "dns-integration", "filter-validation"}

// discoveryRoutes registers the version and extension documents.
func (s *Service) discoveryRoutes() {
	s.Handle("GET /{$}", 200, func(r *sim.Request) (any, error) {
		return sim.Document{"versions": []any{sim.Document{"id": "v2.0", "status": "CURRENT",
			"links": []any{sim.Document{"rel": "self", "href": r.Base() + "/v2.0/"}}}}}, nil
	}, sim.Anonymous)
	s.Handle("GET /v2.0", 200, func(*sim.Request) (any, error) {
		return sim.Document{"resources": []any{}}, nil
	})
	s.Handle("GET /v2.0/extensions", 200, func(*sim.Request) (any, error) {
		var out []any
		for _, alias := range extensions {
			out = append(out, extension(alias))
		}
		return sim.Document{"extensions": out}, nil
	})
	s.Handle("GET /v2.0/extensions/{id}", 200, func(r *sim.Request) (any, error) {
		for _, alias := range extensions {
			if alias == r.ID() {
				return sim.Document{"extension": extension(alias)}, nil
			}
		}
		return nil, sim.NotFound("The extension with alias '%s' could not be found", r.ID())
	})
	s.Handle("GET /v2.0/availability_zones", 200, func(*sim.Request) (any, error) {
		return sim.Document{"availability_zones": []any{sim.Document{"name": "nova", "resource": "network", "state": "available"}}}, nil
	})
	s.Handle("GET /v2.0/agents", 200, func(*sim.Request) (any, error) { return sim.Document{"agents": []any{}}, nil })
}

func extension(alias string) sim.Document {
	return sim.Document{"alias": alias, "name": alias, "description": "", "updated": "2020-01-01T00:00:00-00:00", "links": []any{}}
}
