package neutron

import (
	"strings"

	"mycloudmanager/sandbox/sim"
)

func (s *Service) newNetwork(r *sim.Request, o sim.Document) error {
	defaults(o, sim.Document{"admin_state_up": true, "shared": false, "router:external": false, "mtu": 1450,
		"port_security_enabled": true, "status": "ACTIVE", "availability_zones": []any{"nova"},
		"availability_zone_hints": []any{}, "ipv4_address_scope": nil, "ipv6_address_scope": nil, "dns_domain": "", "is_default": false})
	if (sim.Bool(o, "router:external") || sim.Bool(o, "shared")) && !r.Actor.Admin() {
		return sim.Forbidden("(rule:create_network and (rule:create_network:shared)) is disallowed by policy").
			Typed("PolicyNotAuthorized")
	}
	return nil
}

// defaults sets the keys that are missing.
func defaults(o, values sim.Document) {
	for k, v := range values {
		if _, given := o[k]; !given {
			o[k] = v
		}
	}
}

func (s *Service) viewNetwork(_ *sim.Request, o sim.Document) sim.Document {
	ids := []string{}
	for _, sub := range s.cloud.With(Subnets, "network_id", sim.Str(o, "id")) {
		ids = append(ids, sim.Str(sub, "id"))
	}
	o["subnets"] = ids
	return o
}

func (s *Service) dropNetwork(_ *sim.Request, o sim.Document) error {
	id := sim.Str(o, "id")
	var ports []string
	for _, p := range s.cloud.With(Ports, "network_id", id) {
		ports = append(ports, sim.Str(p, "id"))
	}
	if len(ports) > 0 {
		return sim.Conflict("Unable to complete operation on network %s. There are one or more ports still in use "+
			"on the network, id for these ports is: %s.", id, strings.Join(ports, ",")).Typed("NetworkInUse")
	}
	for _, sub := range s.cloud.With(Subnets, "network_id", id) {
		s.cloud.Delete(Subnets, sim.Str(sub, "id"))
	}
	return nil
}
