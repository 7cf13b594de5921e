package neutron

import (
	"mycloudmanager/sandbox/sim"
)

func (s *Service) newFloatingIP(r *sim.Request, o sim.Document) error {
	net, err := s.find(r, s.noun(Networks), sim.Str(o, "floating_network_id"))
	if err != nil {
		return err
	}
	id := sim.Str(net, "id")
	subnets := s.cloud.With(Subnets, "network_id", id)
	if !sim.Bool(net, "router:external") || len(subnets) == 0 {
		return sim.BadRequest("Bad floatingip request: Network %s is not a valid external network.", id).Typed("BadRequest")
	}
	port := sim.Str(o, "port_id")
	release(o)
	if port != "" { // before an address is allocated: a refusal must not leak one
		if err := s.associate(r, o, port, ""); err != nil {
			return err
		}
	}
	fixed, err := s.allocate(subnets[0], sim.Str(o, "floating_ip_address"))
	if err != nil {
		return err
	}
	p := s.addPort("", id, ownerFloating, sim.Str(o, "id"), fixed)
	o["_port"], o["floating_ip_address"] = p["id"], fixed["ip_address"]
	defaults(o, sim.Document{"dns_name": "", "dns_domain": "", "qos_policy_id": nil, "port_details": nil})
	return nil
}

// release disassociates a floating IP from its port.
func release(o sim.Document) {
	sim.Merge(o, sim.Document{"port_id": nil, "fixed_ip_address": nil, "router_id": nil, "status": "DOWN"})
}

func (s *Service) changeFloatingIP(r *sim.Request, o, patch sim.Document) error {
	want, given := patch["port_id"]
	if !given {
		return nil
	}
	port, _ := want.(string)
	fixed := sim.Str(patch, "fixed_ip_address")
	delete(patch, "port_id")
	delete(patch, "fixed_ip_address")
	if port == "" {
		release(o)
		return nil
	}
	return s.associate(r, o, port, fixed)
}

func (s *Service) associate(r *sim.Request, o sim.Document, port, fixed string) error {
	p, err := s.find(r, s.noun(Ports), port)
	if err != nil {
		return err
	}
	ips := sim.Objs(p, "fixed_ips")
	if len(ips) == 0 {
		return sim.BadRequest("Bad floatingip request: Cannot add floating IP to port %s that has no fixed IPv4 addresses.",
			port).Typed("BadRequest")
	}
	for _, other := range s.cloud.With(FloatingIPs, "port_id", port) {
		if sim.Str(other, "id") != sim.Str(o, "id") {
			return sim.Conflict("Cannot associate floating IP %s (%s) with port %s using fixed IP %s, as that fixed IP already "+
				"has a floating IP on external network %s.", sim.Str(o, "floating_ip_address"), sim.Str(o, "id"), port,
				sim.Str(ips[0], "ip_address"), sim.Str(o, "floating_network_id")).Typed("FloatingIPPortAlreadyAssociated")
		}
	}
	subnet := sim.Str(ips[0], "subnet_id")
	router := s.routerTo(subnet, sim.Str(o, "floating_network_id"))
	if router == "" {
		return sim.NotFound("External network %s is not reachable from subnet %s.  Therefore, cannot associate Port %s with a "+
			"Floating IP.", sim.Str(o, "floating_network_id"), subnet, port).Typed("ExternalGatewayForFloatingIPNotFound")
	}
	if fixed == "" {
		fixed = sim.Str(ips[0], "ip_address")
	}
	sim.Merge(o, sim.Document{"port_id": port, "fixed_ip_address": fixed, "router_id": router, "status": "ACTIVE"})
	return nil
}

// routerTo returns the router between a subnet and an external network.
func (s *Service) routerTo(subnet, external string) string {
	for _, router := range s.cloud.All(Routers) {
		if sim.Str(sim.Map(router, "external_gateway_info"), "network_id") != external {
			continue
		}
		for _, p := range s.interfaces(sim.Str(router, "id")) {
			if onSubnet(p, subnet) {
				return sim.Str(router, "id")
			}
		}
	}
	return ""
}

func (s *Service) dropFloatingIP(_ *sim.Request, o sim.Document) error {
	s.cloud.Delete(Ports, sim.Str(o, "_port"))
	return nil
}
