package heat

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"mycloudmanager/sandbox/sim"
)

var (
	networks = collection{"neutron", "/v2.0/networks", "network", "neutron/networks"}
	subnets  = collection{"neutron", "/v2.0/subnets", "subnet", "neutron/subnets"}
	ports    = collection{"neutron", "/v2.0/ports", "port", "neutron/ports"}
	routers  = collection{"neutron", "/v2.0/routers", "router", "neutron/routers"}
	floating = collection{"neutron", "/v2.0/floatingips", "floatingip", "neutron/floatingips"}
	groups   = collection{"neutron", "/v2.0/security-groups", "security_group", "neutron/security_groups"}
	rules    = collection{"neutron", "/v2.0/security-group-rules", "security_group_rule", "neutron/security_group_rules"}
)

// network returns a resource type for a Neutron collection. body builds the request; fixed are the properties
// that cannot be updated.
func network(c collection, body func(*task) sim.Document, fixed []string, properties ...string) resourceType {
	return resourceType{properties: append(properties, "value_specs"), attribute: c.attribute, deleted: c.deleted, remove: c.remove,
		create: func(t *task) (string, error) {
			id, err := c.post(t, body(t))
			if err == nil {
				err = t.tag(c, id)
			}
			return id, err
		},
		update: func(t *task, old sim.Document) (bool, error) {
			diff := changed(old, t.props, "tags")
			for _, k := range diff {
				if slices.Contains(fixed, k) {
					return false, nil
				}
			}
			if len(diff) > 0 {
				patch := body(t)
				for _, f := range append(fixed, "network_id", "floating_network_id") {
					delete(patch, f)
				}
				if _, err := t.call(c.service, "PUT", c.path+"/"+t.physical(), sim.Document{c.key: patch}); err != nil {
					return true, err
				}
			}
			return true, t.tag(c, t.physical())
		}}
}

func (t *task) tag(c collection, id string) error {
	tags, given := t.props["tags"]
	if !given {
		return nil
	}
	_, err := t.call(c.service, "PUT", c.path+"/"+id+"/tags", sim.Document{"tags": tags})
	return err
}

func neutronTypes() map[string]resourceType {
	fip := network(floating, floatingBody, []string{"floating_network", "floating_network_id", "floating_subnet", "floating_ip_address"},
		"floating_network", "floating_network_id", "port_id", "fixed_ip_address", "floating_ip_address", "floating_subnet",
		"dns_name", "dns_domain")
	net := network(networks, func(t *task) sim.Document {
		return t.named("admin_state_up", "shared", "port_security_enabled", "mtu", "dns_domain", "description")
	}, nil, "name", "admin_state_up", "shared", "tags", "port_security_enabled", "tenant_id", "mtu", "dns_domain",
		"dhcp_agent_ids", "qos_policy", "availability_zone_hints")
	net.attribute = networkAttribute
	return map[string]resourceType{
		"OS::Neutron::Net": net,
		"OS::Neutron::Subnet": network(subnets, subnetBody, []string{"network", "network_id", "cidr", "ip_version"},
			"name", "network", "network_id", "cidr", "ip_version", "gateway_ip", "allocation_pools", "dns_nameservers",
			"enable_dhcp", "host_routes", "tags", "tenant_id", "subnetpool", "prefixlen", "ipv6_address_mode", "ipv6_ra_mode", "segment"),
		"OS::Neutron::Port": network(ports, portBody, []string{"network", "network_id", "fixed_ips", "mac_address"},
			"name", "network", "network_id", "fixed_ips", "security_groups", "allowed_address_pairs", "admin_state_up", "tags",
			"mac_address", "device_id", "device_owner", "port_security_enabled", "replacement_policy", "binding:vnic_type",
			"dns_name", "qos_policy", "propagate_uplink_status", "no_fixed_ips"),
		"OS::Neutron::Router": network(routers, routerBody, nil,
			"name", "external_gateway_info", "admin_state_up", "tags", "ha", "distributed", "l3_agent_ids", "availability_zone_hints"),
		"OS::Neutron::FloatingIP":            fip,
		"OS::Neutron::RouterInterface":       interfaceType(),
		"OS::Neutron::SecurityGroup":         groupResource(),
		"OS::Neutron::SecurityGroupRule":     ruleType(),
		"OS::Neutron::FloatingIPAssociation": associationType(),
	}
}

// networkAttribute also provides the subnets, which the network's own document lacks.
func networkAttribute(s *Service, res sim.Document, name string) any {
	var ids []any
	for _, sub := range s.cloud.With(subnets.kind, "network_id", sim.Str(res, "physical_resource_id")) {
		ids = append(ids, sub["id"])
	}
	switch v := networks.attribute(s, res, name).(type) {
	case sim.Document:
		v["subnets"] = ids
		return v
	case nil:
		if name == "subnets" {
			return ids
		}
		return nil
	default:
		return v
	}
}

func subnetBody(t *task) sim.Document {
	body := t.named("cidr", "ip_version", "gateway_ip", "allocation_pools", "dns_nameservers", "enable_dhcp", "host_routes")
	body["network_id"] = t.ref(networks.kind, t.first("network", "network_id"))
	if body["ip_version"] == nil {
		body["ip_version"] = 4
	}
	return body
}

func portBody(t *task) sim.Document {
	body := t.named("allowed_address_pairs", "admin_state_up", "mac_address", "device_id", "device_owner",
		"port_security_enabled", "binding:vnic_type", "dns_name")
	body["network_id"] = t.ref(networks.kind, t.first("network", "network_id"))
	if ips := sim.Objs(t.props, "fixed_ips"); ips != nil {
		fixed := []any{}
		for _, ip := range ips {
			entry := sim.Only(ip, "ip_address")
			for _, k := range []string{"subnet", "subnet_id"} {
				if v := sim.Text(ip[k]); v != "" {
					entry["subnet_id"] = t.ref(subnets.kind, v)
				}
			}
			fixed = append(fixed, entry)
		}
		body["fixed_ips"] = fixed
	}
	if list := sim.List(t.props, "security_groups"); list != nil {
		ids := []any{}
		for _, g := range list {
			ids = append(ids, t.ref(groups.kind, g))
		}
		body["security_groups"] = ids
	}
	return body
}

func routerBody(t *task) sim.Document {
	body := t.named("admin_state_up")
	if info := sim.Map(t.props, "external_gateway_info"); info != nil {
		gateway := sim.Only(info, "enable_snat", "external_fixed_ips")
		for _, k := range []string{"network", "network_id"} {
			if v := sim.Text(info[k]); v != "" {
				gateway["network_id"] = t.ref(networks.kind, v)
			}
		}
		body["external_gateway_info"] = gateway
	}
	return body
}

func floatingBody(t *task) sim.Document {
	body := t.named("port_id", "fixed_ip_address", "floating_ip_address")
	delete(body, "name")
	body["floating_network_id"] = t.ref(networks.kind, t.first("floating_network", "floating_network_id"))
	return body
}

func interfaceType() resourceType {
	change := func(t *task, verb, router, subnet, port string) error {
		body := sim.Document{"subnet_id": subnet}
		if port != "" {
			body = sim.Document{"port_id": port}
		}
		_, err := t.call("neutron", "PUT", routers.path+"/"+router+"/"+verb+"_router_interface", body)
		return err
	}
	return resourceType{properties: []string{"router", "router_id", "subnet", "subnet_id", "port", "port_id"},
		create: func(t *task) (string, error) {
			router := sim.Text(t.ref(routers.kind, t.first("router", "router_id")))
			subnet := sim.Text(t.ref(subnets.kind, t.first("subnet", "subnet_id")))
			port := sim.Text(t.first("port", "port_id"))
			id := router + ":subnet_id=" + subnet
			if port != "" {
				id = router + ":port_id=" + port
			}
			if err := change(t, "add", router, subnet, port); err != nil {
				return "", err
			}
			return id, nil
		},
		remove: func(t *task) error {
			router, rest, _ := strings.Cut(t.physical(), ":")
			kind, id, _ := strings.Cut(rest, "=")
			if kind == "port_id" {
				return change(t, "remove", router, "", id)
			}
			return change(t, "remove", router, id, "")
		}}
}

func ruleBody(rule sim.Document, group string) sim.Document {
	body := sim.Only(rule, "direction", "ethertype", "protocol", "port_range_min", "port_range_max", "remote_ip_prefix", "description")
	if mode := sim.Str(rule, "remote_mode"); mode == "remote_group_id" {
		body["remote_group_id"] = group
	}
	if v := sim.Str(rule, "remote_group_id"); v != "" {
		body["remote_group_id"] = v
	}
	body["security_group_id"] = group
	return body
}

func groupResource() resourceType {
	return resourceType{properties: []string{"name", "description", "rules"}, attribute: groups.attribute,
		deleted: groups.deleted, remove: groups.remove,
		create: func(t *task) (string, error) {
			id, err := groups.post(t, t.named("description"))
			if err != nil {
				return "", err
			}
			return id, t.addRules(id)
		},
		update: func(t *task, old sim.Document) (bool, error) {
			_, err := t.call("neutron", "PUT", groups.path+"/"+t.physical(), sim.Document{"security_group": t.named("description")})
			if err != nil || len(changed(old, t.props, "name", "description")) == 0 {
				return true, err
			}
			for _, r := range t.cloud.With(rules.kind, "security_group_id", t.physical()) {
				if sim.Str(r, "direction") == "egress" {
					continue
				}
				if _, err := t.call("neutron", "DELETE", rules.path+"/"+sim.Str(r, "id"), nil); err != nil {
					return true, err
				}
			}
			return true, t.addRules(t.physical())
		}}
}

func (t *task) addRules(group string) error {
	for _, r := range sim.Objs(t.props, "rules") {
		_, err := rules.post(t, ruleBody(r, group))
		var fault *sim.Fault
		if errors.As(err, &fault) && fault.Type == "SecurityGroupRuleExists" {
			continue
		}
		if err != nil {
			t.res["physical_resource_id"] = group // set it first, so that a failed rule does not leave the group behind
			return err
		}
	}
	return nil
}

func ruleType() resourceType {
	return resourceType{deleted: rules.deleted, remove: rules.remove, attribute: rules.attribute,
		create: func(t *task) (string, error) {
			return rules.post(t, ruleBody(t.props, sim.Text(t.ref(groups.kind, t.props["security_group"]))))
		}}
}

func associationType() resourceType {
	put := func(t *task, id string, port any) error {
		_, err := t.call("neutron", "PUT", floating.path+"/"+id, sim.Document{"floatingip": sim.Document{"port_id": port}})
		return err
	}
	return resourceType{properties: []string{"floatingip_id", "port_id", "fixed_ip_address"},
		create: func(t *task) (string, error) {
			id := sim.Str(t.props, "floatingip_id")
			return id, put(t, id, t.props["port_id"])
		},
		remove: func(t *task) error {
			err := put(t, t.physical(), nil)
			var fault *sim.Fault
			if errors.As(err, &fault) && fault.Status == http.StatusNotFound {
				return nil
			}
			return err
		}}
}
