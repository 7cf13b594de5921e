package neutron

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"mycloudmanager/sandbox/sim"
)

// DefaultGroup returns the id of a project's "default" security group and creates the group on first use.
func (s *Service) DefaultGroup(a sim.Actor) string {
	for _, g := range s.cloud.With(Groups, "project_id", a.ProjectID) {
		if sim.Str(g, "name") == "default" {
			return sim.Str(g, "id")
		}
	}
	if a.ProjectID == "" {
		return ""
	}
	now := sim.Stamp(s.cloud.Now(), sim.Zulu)
	g := sim.Document{"id": sim.UUID(), "name": "default", "description": "Default security group",
		"project_id": a.ProjectID, "tenant_id": a.ProjectID, "tags": []any{}, "stateful": true, "shared": false,
		"created_at": now, "updated_at": now, "revision_number": 1}
	s.cloud.Put(Groups, g)
	s.egress(g)
	for _, family := range []string{"IPv4", "IPv6"} {
		s.addRule(g, sim.Document{"direction": "ingress", "ethertype": family, "remote_group_id": g["id"]})
	}
	return sim.Str(g, "id")
}

func (s *Service) egress(g sim.Document) {
	for _, family := range []string{"IPv4", "IPv6"} {
		s.addRule(g, sim.Document{"direction": "egress", "ethertype": family})
	}
}

func (s *Service) addRule(g, fields sim.Document) {
	now := sim.Stamp(s.cloud.Now(), sim.Zulu)
	rule := sim.Document{"id": sim.UUID(), "security_group_id": g["id"], "project_id": g["project_id"],
		"tenant_id": g["project_id"], "tags": []any{}, "description": "", "created_at": now, "updated_at": now,
		"revision_number": 0}
	ruleDefaults(sim.Merge(rule, fields))
	s.cloud.Put(Rules, rule)
}

func ruleDefaults(o sim.Document) {
	defaults(o, sim.Document{"direction": "ingress", "ethertype": "IPv4", "protocol": nil, "port_range_min": nil,
		"port_range_max": nil, "remote_ip_prefix": nil, "remote_group_id": nil, "remote_address_group_id": nil,
		"normalized_cidr": nil})
}

func (s *Service) newGroup(r *sim.Request, o sim.Document) error {
	defaults(o, sim.Document{"stateful": true, "shared": false})
	if sim.Str(o, "name") == "default" {
		return sim.Conflict("Default security group already exists.").Typed("SecurityGroupDefaultAlreadyExists")
	}
	if err := s.spend(r, s.noun(Rules), 2); err != nil {
		return err
	}
	s.egress(o)
	return nil
}

func (s *Service) changeGroup(_ *sim.Request, o, patch sim.Document) error {
	if sim.Str(o, "name") == "default" && sim.Str(patch, "name") != "" {
		return sim.Conflict("Updating default security group not allowed.").Typed("SecurityGroupCannotUpdateDefault")
	}
	return nil
}

func (s *Service) viewGroup(_ *sim.Request, o sim.Document) sim.Document {
	o["security_group_rules"] = sim.Views(s.cloud.With(Rules, "security_group_id", sim.Str(o, "id")), sim.Public)
	return o
}

func (s *Service) dropGroup(_ *sim.Request, o sim.Document) error {
	id := sim.Str(o, "id")
	if sim.Str(o, "name") == "default" {
		return sim.Conflict("Insufficient rights for removing default security group.").Typed("SecurityGroupCannotRemoveDefault")
	}
	for _, p := range s.cloud.All(Ports) {
		if slices.Contains(sim.Strs(p, "security_groups"), id) {
			return sim.Conflict("Security Group %s in use.", id).Typed("SecurityGroupInUse")
		}
	}
	for _, rule := range s.cloud.With(Rules, "security_group_id", id) {
		s.cloud.Delete(Rules, sim.Str(rule, "id"))
	}
	return nil
}

func (s *Service) newRule(r *sim.Request, o sim.Document) error {
	if _, err := s.find(r, s.noun(Groups), sim.Str(o, "security_group_id")); err != nil {
		return err
	}
	ruleDefaults(o)
	if err := sound(o); err != nil {
		return err
	}
	lo, hi := sim.Int(o, "port_range_min"), sim.Int(o, "port_range_max")
	if lo > hi || lo < 0 || hi > 65535 {
		return sim.BadRequest("For TCP/UDP protocols, port_range_min must be <= port_range_max").Typed("SecurityGroupInvalidPortRange")
	}
	for _, other := range s.cloud.With(Rules, "security_group_id", sim.Str(o, "security_group_id")) {
		if sameRule(o, other) {
			return sim.Conflict("Security group rule already exists. Rule id is %s.", sim.Str(other, "id")).
				Typed("SecurityGroupRuleExists")
		}
	}
	return nil
}

var protocols = []string{"any", "ah", "dccp", "egp", "esp", "gre", "hopopt", "icmp", "icmpv6", "igmp", "ip", "ipip", "ipv6-encap", "ipv6-frag",
	"ipv6-icmp", "ipv6-nonxt", "ipv6-opts", "ipv6-route", "ospf", "pgm", "rsvp", "sctp", "tcp", "udp", "udplite", "vrrp"}

// sound refuses invalid protocols, port ranges and address ranges.
func sound(o sim.Document) error {
	protocol := sim.Text(o["protocol"])
	if number, err := strconv.Atoi(protocol); protocol != "" && !slices.Contains(protocols, strings.ToLower(protocol)) &&
		(err != nil || number < 0 || number > 255) {
		return sim.BadRequest("Security group rule protocol %s not supported. Only protocol values [None, '%s'] and integer representations "+
			"[0 to 255] are supported.", protocol, strings.Join(protocols, "', '")).Typed("SecurityGroupRuleInvalidProtocol")
	}
	if protocol == "" && (o["port_range_min"] != nil || o["port_range_max"] != nil) {
		return sim.BadRequest("Must also specify protocol if port range is given.").Typed("SecurityGroupProtocolRequiredWithPorts")
	}
	if prefix := sim.Text(o["remote_ip_prefix"]); prefix != "" {
		_, err1 := netip.ParsePrefix(prefix)
		_, err2 := netip.ParseAddr(prefix)
		if err1 != nil && err2 != nil {
			return invalid("'%s' is not a valid IP subnet.", prefix)
		}
	}
	return nil
}

func sameRule(a, b sim.Document) bool {
	for _, k := range []string{"direction", "ethertype", "protocol", "port_range_min", "port_range_max",
		"remote_ip_prefix", "remote_group_id"} {
		if sim.Text(a[k]) != sim.Text(b[k]) {
			return false
		}
	}
	return true
}
