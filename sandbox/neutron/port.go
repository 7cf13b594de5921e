package neutron

import (
	"strings"

	"mycloudmanager/sandbox/sim"
)

// Device owners of ports that do not belong to servers.
const (
	ownerInterface = "network:router_interface"
	ownerGateway   = "network:router_gateway"
	ownerFloating  = "network:floatingip"
)

func (s *Service) newPort(r *sim.Request, o sim.Document) error {
	net, err := s.find(r, s.noun(Networks), sim.Str(o, "network_id"))
	if err != nil {
		return err
	}
	if err := s.fix(net, o); err != nil {
		return err
	}
	secured := true
	if v, ok := o["port_security_enabled"]; ok {
		secured, _ = v.(bool)
	}
	if _, given := o["security_groups"]; !given || o["security_groups"] == nil {
		o["security_groups"] = []any{}
		if secured && !strings.HasPrefix(sim.Str(o, "device_owner"), "network:") {
			o["security_groups"] = []any{s.DefaultGroup(r.Actor)}
		}
	}
	for _, g := range sim.Strs(o, "security_groups") {
		if _, err := s.find(r, s.noun(Groups), g); err != nil {
			return err
		}
	}
	mac := sim.RandomHex(3)
	defaults(o, sim.Document{"admin_state_up": true, "mac_address": "fa:16:3e:" + mac[:2] + ":" + mac[2:4] + ":" + mac[4:],
		"device_id": "", "device_owner": "", "allowed_address_pairs": []any{}, "extra_dhcp_opts": []any{},
		"port_security_enabled": secured, "binding:vnic_type": "normal", "dns_name": "", "propagate_uplink_status": true})
	o["status"] = portStatus(o)
	return nil
}

// portStatus returns ACTIVE for a port that a device is plugged into, else DOWN.
func portStatus(o sim.Document) string {
	if sim.Str(o, "device_id") == "" {
		return "DOWN"
	}
	return "ACTIVE"
}

// fix assigns the port's addresses.
func (s *Service) fix(net, o sim.Document) error {
	subnets := s.cloud.With(Subnets, "network_id", sim.Str(net, "id"))
	wants := sim.Objs(o, "fixed_ips")
	if _, given := o["fixed_ips"]; !given && len(subnets) > 0 {
		wants = []sim.Document{{"subnet_id": subnets[0]["id"]}}
	}
	fixed := []any{}
	for _, want := range wants {
		subnet := s.cloud.Get(Subnets, sim.Str(want, "subnet_id"))
		if subnet == nil && sim.Str(want, "subnet_id") != "" {
			return notFound(s.noun(Subnets), sim.Str(want, "subnet_id"))
		}
		if subnet == nil && len(subnets) > 0 {
			subnet = subnets[0]
		}
		if subnet == nil || sim.Str(subnet, "network_id") != sim.Str(net, "id") {
			return invalid("Failed to create port on network %s, because fixed_ips included invalid subnet %s",
				sim.Str(net, "id"), sim.Str(want, "subnet_id"))
		}
		ip, err := s.allocate(subnet, sim.Str(want, "ip_address"))
		if err != nil {
			return err
		}
		fixed = append(fixed, ip)
	}
	o["fixed_ips"] = fixed
	return nil
}

func (s *Service) changePort(r *sim.Request, o, patch sim.Document) error {
	for _, g := range sim.Strs(patch, "security_groups") {
		if _, err := s.find(r, s.noun(Groups), g); err != nil {
			return err
		}
	}
	if _, ok := patch["device_id"]; ok {
		o["device_id"] = patch["device_id"]
		o["status"] = portStatus(o)
	}
	return nil
}

func (s *Service) dropPort(_ *sim.Request, o sim.Document) error {
	id, owner := sim.Str(o, "id"), sim.Str(o, "device_owner")
	if strings.HasPrefix(owner, "network:") {
		return sim.Conflict("Port %s cannot be deleted directly via the port API: has device owner %s.", id, owner).
			Typed("ServicePortInUse")
	}
	for _, fip := range s.cloud.With(FloatingIPs, "port_id", id) {
		release(fip)
		s.touch(FloatingIPs, fip)
	}
	return nil
}

// addPort creates a port that the network service owns.
func (s *Service) addPort(project, net, owner, device string, fixed sim.Document) sim.Document {
	now, mac := sim.Stamp(s.cloud.Now(), sim.Zulu), sim.RandomHex(3)
	p := sim.Document{"id": sim.UUID(), "name": "", "description": "", "network_id": net, "project_id": project,
		"tenant_id": project, "device_owner": owner, "device_id": device, "fixed_ips": []any{fixed},
		"mac_address": "fa:16:3e:" + mac[:2] + ":" + mac[2:4] + ":" + mac[4:], "admin_state_up": true,
		"status": "ACTIVE", "security_groups": []any{}, "allowed_address_pairs": []any{}, "extra_dhcp_opts": []any{},
		"port_security_enabled": false, "binding:vnic_type": "normal", "tags": []any{},
		"created_at": now, "updated_at": now, "revision_number": 1}
	s.cloud.Put(Ports, p)
	return p
}
