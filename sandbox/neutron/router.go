package neutron

import (
	"net/netip"
	"strings"

	"mycloudmanager/sandbox/sim"
)

func (s *Service) newRouter(r *sim.Request, o sim.Document) error {
	defaults(o, sim.Document{"admin_state_up": true, "status": "ACTIVE", "external_gateway_info": nil, "routes": []any{},
		"flavor_id": nil, "availability_zones": []any{"nova"}, "availability_zone_hints": []any{}})
	return s.setGateway(r, o, sim.Map(o, "external_gateway_info"))
}

func (s *Service) changeRouter(r *sim.Request, o, patch sim.Document) error {
	want, given := patch["external_gateway_info"]
	if !given {
		return nil
	}
	info, _ := want.(sim.Document)
	have := sim.Str(sim.Map(o, "external_gateway_info"), "network_id")
	if have != "" && have != sim.Str(info, "network_id") {
		if err := s.gatewayFree(o); err != nil {
			return err
		}
	}
	if have != sim.Str(info, "network_id") || have == "" {
		if err := s.setGateway(r, o, info); err != nil {
			return err
		}
	}
	delete(patch, "external_gateway_info")
	return nil
}

// setGateway connects the router to an external network or disconnects it.
func (s *Service) setGateway(r *sim.Request, o, info sim.Document) error {
	id := sim.Str(o, "id")
	if sim.Str(info, "network_id") == "" {
		s.dropGatewayPort(id)
		o["external_gateway_info"] = nil
		return nil
	}
	net, err := s.find(r, s.noun(Networks), sim.Str(info, "network_id"))
	if err != nil {
		return err
	}
	if !sim.Bool(net, "router:external") {
		return sim.BadRequest("Bad router request: Network %s is not an external network.", sim.Str(net, "id")).
			Typed("BadRequest")
	}
	subnets := s.cloud.With(Subnets, "network_id", sim.Str(net, "id"))
	if len(subnets) == 0 {
		return sim.Conflict("No more IP addresses available on network %s.", sim.Str(net, "id")).
			Typed("IpAddressGenerationFailure")
	}
	s.dropGatewayPort(id)
	fixed, err := s.allocate(subnets[0], "")
	if err != nil {
		return err
	}
	s.addPort("", sim.Str(net, "id"), ownerGateway, id, fixed)
	o["external_gateway_info"] = sim.Document{"network_id": net["id"], "enable_snat": true, "external_fixed_ips": []any{fixed}}
	return nil
}

func (s *Service) dropGatewayPort(router string) {
	for _, p := range s.cloud.With(Ports, "device_id", router) {
		if sim.Str(p, "device_owner") == ownerGateway {
			s.cloud.Delete(Ports, sim.Str(p, "id"))
		}
	}
}

func (s *Service) gatewayFree(router sim.Document) error {
	if len(s.cloud.With(FloatingIPs, "router_id", sim.Str(router, "id"))) > 0 {
		return sim.Conflict("Gateway cannot be updated for router %s, since a gateway to external network %s is "+
			"required by one or more floating IPs.", sim.Str(router, "id"),
			sim.Str(sim.Map(router, "external_gateway_info"), "network_id")).Typed("RouterExternalGatewayInUseByFloatingIp")
	}
	return nil
}

func (s *Service) interfaces(router string) []sim.Document {
	return s.cloud.Where(Ports, func(p sim.Document) bool {
		return sim.Str(p, "device_id") == router && sim.Str(p, "device_owner") == ownerInterface
	})
}

func (s *Service) dropRouter(_ *sim.Request, o sim.Document) error {
	id := sim.Str(o, "id")
	if ports := s.interfaces(id); len(ports) > 0 {
		var ids []string
		for _, p := range ports {
			ids = append(ids, sim.Str(p, "id"))
		}
		return sim.Conflict("Router %s has ports still attached: %s", id, strings.Join(ids, ", ")).Typed("RouterInUse")
	}
	if err := s.gatewayFree(o); err != nil {
		return err
	}
	s.dropGatewayPort(id)
	return nil
}

func onSubnet(p sim.Document, subnet string) bool {
	for _, ip := range sim.Objs(p, "fixed_ips") {
		if sim.Str(ip, "subnet_id") == subnet {
			return true
		}
	}
	return false
}

func (s *Service) addInterface(r *sim.Request) (any, error) {
	router, err := s.owned(r, s.noun(Routers))
	if err != nil {
		return nil, err
	}
	id := sim.Str(router, "id")
	if port := sim.Str(r.Body, "port_id"); port != "" {
		return s.addInterfacePort(r, router, port)
	}
	subnet, err := s.find(r, s.noun(Subnets), sim.Str(r.Body, "subnet_id"))
	if err != nil {
		return nil, err
	}
	if err := s.apart(id, subnet); err != nil {
		return nil, err
	}
	if err := s.spend(r, s.noun(Ports), 1); err != nil {
		return nil, err
	}
	fixed, err := s.allocate(subnet, sim.Str(subnet, "gateway_ip"))
	if err != nil {
		return nil, err
	}
	p := s.addPort(sim.Str(router, "project_id"), sim.Str(subnet, "network_id"), ownerInterface, id, fixed)
	return interfaceInfo(router, p), nil
}

// apart refuses a subnet that is already on the router or overlaps with one that is.
func (s *Service) apart(router string, subnet sim.Document) error {
	for _, p := range s.interfaces(router) {
		if onSubnet(p, sim.Str(subnet, "id")) {
			return sim.BadRequest("Bad router request: Router already has a port on subnet %s.", sim.Str(subnet, "id")).
				Typed("BadRequest")
		}
	}
	mine, err := netip.ParsePrefix(sim.Str(subnet, "cidr"))
	if err != nil {
		return err
	}
	for _, p := range s.interfaces(router) {
		for _, ip := range sim.Objs(p, "fixed_ips") {
			other := s.cloud.Get(Subnets, sim.Str(ip, "subnet_id"))
			if prefix, err := netip.ParsePrefix(sim.Str(other, "cidr")); err == nil && prefix.Overlaps(mine) {
				return sim.BadRequest("Bad router request: Cidr %s of subnet %s overlaps with cidr %s of subnet %s.", mine, sim.Str(subnet, "id"),
					prefix, sim.Str(other, "id")).Typed("BadRequest")
			}
		}
	}
	return nil
}

func (s *Service) addInterfacePort(r *sim.Request, router sim.Document, port string) (any, error) {
	p, err := s.find(r, s.noun(Ports), port)
	if err != nil {
		return nil, err
	}
	if sim.Str(p, "device_id") != "" {
		return nil, sim.Conflict("Unable to complete operation on port %s for network %s. Port already has an attached "+
			"device %s.", port, sim.Str(p, "network_id"), sim.Str(p, "device_id")).Typed("PortInUse")
	}
	for _, ip := range sim.Objs(p, "fixed_ips") {
		if err := s.apart(sim.Str(router, "id"), s.cloud.Get(Subnets, sim.Str(ip, "subnet_id"))); err != nil {
			return nil, err
		}
	}
	sim.Merge(p, sim.Document{"device_id": router["id"], "device_owner": ownerInterface, "status": "ACTIVE"})
	s.touch(Ports, p)
	return interfaceInfo(router, p), nil
}

func interfaceInfo(router, p sim.Document) sim.Document {
	subnet := sim.Str(sim.Objs(p, "fixed_ips")[0], "subnet_id")
	return sim.Document{"id": router["id"], "tenant_id": router["project_id"], "project_id": router["project_id"],
		"port_id": p["id"], "network_id": p["network_id"], "subnet_id": subnet, "subnet_ids": []any{subnet}}
}

func (s *Service) removeInterface(r *sim.Request) (any, error) {
	router, err := s.owned(r, s.noun(Routers))
	if err != nil {
		return nil, err
	}
	id := sim.Str(router, "id")
	subnet, port := sim.Str(r.Body, "subnet_id"), sim.Str(r.Body, "port_id")
	for _, p := range s.interfaces(id) {
		if sim.Str(p, "id") != port && !onSubnet(p, subnet) {
			continue
		}
		for _, fip := range s.cloud.With(FloatingIPs, "router_id", id) {
			if s.fipBehind(fip, p) {
				return nil, sim.Conflict("Router interface for subnet %s on router %s cannot be deleted, as it is required "+
					"by one or more floating IPs.", subnet, id).Typed("RouterInterfaceInUseByFloatingIP")
			}
		}
		info := interfaceInfo(router, p)
		s.cloud.Delete(Ports, sim.Str(p, "id"))
		return info, nil
	}
	if subnet != "" {
		return nil, sim.NotFound("Router %s has no interface on subnet %s", id, subnet).
			Typed("RouterInterfaceNotFoundForSubnet")
	}
	return nil, sim.NotFound("Router %s does not have an interface with id %s", id, port).Typed("RouterInterfaceNotFound")
}

// fipBehind reports whether a floating IP's port is on the subnet of a router interface.
func (s *Service) fipBehind(fip, iface sim.Document) bool {
	port := s.cloud.Get(Ports, sim.Str(fip, "port_id"))
	return port != nil && onSubnet(port, sim.Str(sim.Objs(iface, "fixed_ips")[0], "subnet_id"))
}
