package main

import "fmt"

func recordNeutron(c *cloud) {
	c.demo.withoutToken().record("unauthorized", 401, "GET", "neutron", "/networks", nil)
	c.expired().record("token_expired", 401, "GET", "neutron", "/networks", nil)
	c.demo.record("forbidden", 403, "POST", "neutron", "/networks",
		object{"network": object{"name": "rec", "provider:network_type": "vlan"}})
	c.demo.record("not_found", 404, "GET", "neutron", "/networks/11111111-1111-4111-8111-111111111111", nil)
	c.demo.record("bad_request", 400, "POST", "neutron", "/subnets", object{"subnet": object{
		"network_id": "11111111-1111-4111-8111-111111111111", "ip_version": 4, "cidr": "10.0.0.0/99"}})
	c.demo.record("quotas", 200, "GET", "neutron", "/quotas/"+c.demo.project+"/details.json", nil)

	public := c.demo.record("external_networks", 200, "GET", "neutron", "/networks?router:external=true", nil)
	external := public.list("networks")[0]["id"].(string)
	network := recordNetwork(c)
	recordRouter(c, network, external)
	recordSecurityGroup(c, network)
	recordFloatingIP(c, external)
	recordNeutronQuotas(c, network, external)
}

// recordNetwork leaves a network with a subnet and a port.
func recordNetwork(c *cloud) (network string) {
	made := c.demo.record("network_create", 201, "POST", "neutron", "/networks",
		object{"network": object{"name": "rec-network"}})
	network = made.text("network", "id")
	c.demo.later("neutron", "/networks/"+network)
	c.demo.must("PUT", "neutron", "/networks/"+network+"/tags", object{"tags": []string{"mcm"}})
	subnet := object{"subnet": object{"network_id": network, "ip_version": 4, "cidr": "10.77.0.0/24"}}
	made = c.demo.record("subnet_create", 201, "POST", "neutron", "/subnets", subnet)
	id := made.text("subnet", "id")
	c.demo.later("neutron", "/subnets/"+id)
	c.demo.record("subnet_overlap", 400, "POST", "neutron", "/subnets", subnet)
	port := object{"port": object{"network_id": network, "name": "rec-port",
		"fixed_ips": []object{{"subnet_id": id, "ip_address": "10.77.0.20"}}}}
	made = c.demo.record("port_create", 201, "POST", "neutron", "/ports", port)
	c.demo.later("neutron", "/ports/"+made.text("port", "id"))
	c.demo.record("ip_address_in_use", 409, "POST", "neutron", "/ports", port)
	c.demo.record("conflict", 409, "DELETE", "neutron", "/networks/"+network, nil)
	c.demo.record("subnet_in_use", 409, "DELETE", "neutron", "/subnets/"+id, nil)
	c.demo.record("networks_by_tag", 200, "GET", "neutron", "/networks?tags=mcm", nil)
	c.demo.record("subnets", 200, "GET", "neutron", "/subnets?network_id="+network, nil)
	page := c.demo.record("ports", 200, "GET", "neutron", "/ports?limit=1&network_id="+network, nil)
	c.demo.record("ports_next", 200, "GET", "neutron", fmt.Sprintf("/ports?limit=1&network_id=%s&marker=%s", network,
		page.list("ports")[0]["id"]), nil)
	return network
}

func recordRouter(c *cloud, network, external string) {
	made := c.demo.record("router_create", 201, "POST", "neutron", "/routers",
		object{"router": object{"name": "rec-router", "external_gateway_info": object{"network_id": external}}})
	path := "/routers/" + made.text("router", "id")
	c.demo.later("neutron", path)
	subnets := c.demo.must("GET", "neutron", "/subnets?network_id="+network, nil).list("subnets")
	add := object{"subnet_id": subnets[0]["id"]}
	c.demo.record("router_add_interface", 200, "PUT", "neutron", path+"/add_router_interface", add)
	c.undo = append(c.undo, func() { c.demo.must("PUT", "neutron", path+"/remove_router_interface", add) })
	c.demo.record("router_interface_exists", 400, "PUT", "neutron", path+"/add_router_interface", add)
	c.demo.record("router_in_use", 409, "DELETE", "neutron", path, nil)
	c.demo.record("routers", 200, "GET", "neutron", "/routers", nil)
}

func recordSecurityGroup(c *cloud, network string) {
	made := c.demo.record("security_group_create", 201, "POST", "neutron", "/security-groups",
		object{"security_group": object{"name": "rec-group"}})
	id := made.text("security_group", "id")
	c.demo.later("neutron", "/security-groups/"+id)
	rule := object{"security_group_rule": object{"security_group_id": id, "direction": "ingress", "protocol": "tcp",
		"port_range_min": 22, "port_range_max": 22}}
	c.demo.record("security_group_rule_create", 201, "POST", "neutron", "/security-group-rules", rule)
	c.demo.record("security_group_rule_exists", 409, "POST", "neutron", "/security-group-rules", rule)
	port := c.demo.must("POST", "neutron", "/ports", object{"port": object{"network_id": network,
		"security_groups": []string{id}}})
	c.demo.later("neutron", "/ports/"+port.text("port", "id"))
	c.demo.record("security_group_in_use", 409, "DELETE", "neutron", "/security-groups/"+id, nil)
	c.demo.record("security_groups", 200, "GET", "neutron", "/security-groups", nil)
}

func recordFloatingIP(c *cloud, external string) {
	made := c.demo.record("floating_ip_create", 201, "POST", "neutron", "/floatingips",
		object{"floatingip": object{"floating_network_id": external}})
	id := made.text("floatingip", "id")
	c.demo.later("neutron", "/floatingips/"+id)
	c.demo.record("floating_ips", 200, "GET", "neutron", "/floatingips", nil)
	port := c.demo.must("GET", "neutron", "/ports?name=rec-port", nil).list("ports")[0]["id"]
	c.demo.record("floating_ip_associate", 200, "PUT", "neutron", "/floatingips/"+id,
		object{"floatingip": object{"port_id": port}})
}

// recordNeutronQuotas sets every quota to its usage and requests one more of each resource.
func recordNeutronQuotas(c *cloud, network, external string) {
	group := c.demo.must("GET", "neutron", "/security-groups?name=rec-group", nil).list("security_groups")[0]["id"]
	requests := []struct {
		resource, path string
		body           object
	}{
		{"network", "/networks", object{}},
		{"subnet", "/subnets", object{"network_id": network, "ip_version": 4, "cidr": "10.78.0.0/24"}},
		{"port", "/ports", object{"network_id": network}},
		{"router", "/routers", object{}},
		{"floatingip", "/floatingips", object{"floating_network_id": external}},
		{"security_group", "/security-groups", object{"name": "rec"}},
		{"security_group_rule", "/security-group-rules", object{"security_group_id": group, "direction": "ingress",
			"protocol": "udp", "port_range_min": 53, "port_range_max": 53}},
	}
	for _, r := range requests {
		restore := c.limitNeutron(r.resource, 0)
		c.demo.record("quota_"+r.resource, 409, "POST", "neutron", r.path, object{r.resource: r.body})
		restore()
	}
}

// limitNeutron sets one quota of the project and returns a function that restores it.
func (c *cloud) limitNeutron(resource string, limit any) (restore func()) {
	path := "/quotas/" + c.demo.project
	before := c.admin.must("GET", "neutron", path, nil).at("quota", resource)
	c.admin.must("PUT", "neutron", path, object{"quota": object{resource: limit}})
	return func() { c.admin.must("PUT", "neutron", path, object{"quota": object{resource: before}}) }
}
