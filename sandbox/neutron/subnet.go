package neutron

import (
	"net/netip"

	"mycloudmanager/sandbox/sim"
)

func (s *Service) newSubnet(r *sim.Request, o sim.Document) error {
	net, err := s.find(r, s.noun(Networks), sim.Str(o, "network_id"))
	if err != nil {
		return err
	}
	prefix, parseErr := netip.ParsePrefix(sim.Str(o, "cidr"))
	if parseErr != nil || prefix != prefix.Masked() {
		return invalid("%s is not in a CIDR format.", sim.Str(o, "cidr"))
	}
	for _, other := range s.cloud.With(Subnets, "network_id", sim.Str(net, "id")) {
		if p, err := netip.ParsePrefix(sim.Str(other, "cidr")); err == nil && p.Overlaps(prefix) {
			return invalid("Requested subnet with cidr: %s for network: %s overlaps with another subnet.",
				prefix, sim.Str(net, "id"))
		}
	}
	gateway := prefix.Addr().Next()
	defaults(o, sim.Document{"ip_version": 4, "enable_dhcp": true, "dns_nameservers": []any{}, "host_routes": []any{},
		"gateway_ip": gateway.String(), "ipv6_address_mode": nil, "ipv6_ra_mode": nil, "subnetpool_id": nil,
		"service_types": []any{}, "segment_id": nil})
	if len(sim.List(o, "allocation_pools")) == 0 {
		first := gateway
		if sim.Str(o, "gateway_ip") == gateway.String() {
			first = gateway.Next()
		}
		o["allocation_pools"] = []any{sim.Document{"start": first.String(), "end": last(prefix).String()}}
	}
	o["_shared"] = sim.Bool(net, "shared") || sim.Bool(net, "router:external")
	return nil
}

// last returns the highest host address of an IPv4 network.
func last(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	addr, _ := netip.AddrFromSlice(b)
	return addr.Prev()
}

func (s *Service) dropSubnet(_ *sim.Request, o sim.Document) error {
	id := sim.Str(o, "id")
	for _, p := range s.cloud.With(Ports, "network_id", sim.Str(o, "network_id")) {
		for _, ip := range sim.Objs(p, "fixed_ips") {
			if sim.Str(ip, "subnet_id") == id {
				return sim.Conflict("Unable to complete operation on subnet %s: One or more ports have an IP "+
					"allocation from this subnet.", id).Typed("SubnetInUse")
			}
		}
	}
	return nil
}

// allocate returns a free address of a subnet, or checks the requested one.
func (s *Service) allocate(subnet sim.Document, want string) (sim.Document, error) {
	used := map[string]bool{sim.Str(subnet, "gateway_ip"): want != sim.Str(subnet, "gateway_ip")}
	for _, p := range s.cloud.With(Ports, "network_id", sim.Str(subnet, "network_id")) {
		for _, ip := range sim.Objs(p, "fixed_ips") {
			used[sim.Str(ip, "ip_address")] = true
		}
	}
	id := sim.Str(subnet, "id")
	if want != "" {
		if prefix, err := netip.ParsePrefix(sim.Str(subnet, "cidr")); err == nil {
			if a, err := netip.ParseAddr(want); err != nil || !prefix.Contains(a) {
				return nil, sim.BadRequest("IP address %s is not a valid IP for the specified subnet.", want).Typed("InvalidIpForSubnet")
			}
		}
		if used[want] {
			return nil, sim.Conflict("IP address %s already allocated in subnet %s", want, id).Typed("IpAddressAlreadyAllocated")
		}
		return sim.Document{"subnet_id": id, "ip_address": want}, nil
	}
	for _, pool := range sim.Objs(subnet, "allocation_pools") {
		start, err1 := netip.ParseAddr(sim.Str(pool, "start"))
		end, err2 := netip.ParseAddr(sim.Str(pool, "end"))
		for a := start; err1 == nil && err2 == nil && !end.Less(a); a = a.Next() {
			if !used[a.String()] {
				return sim.Document{"subnet_id": id, "ip_address": a.String()}, nil
			}
		}
	}
	return nil, sim.Conflict("No more IP addresses available on network %s.", sim.Str(subnet, "network_id")).
		Typed("IpAddressGenerationFailure")
}
