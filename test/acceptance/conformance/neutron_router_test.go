package conformance

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
)

// routed creates a router with an interface in a new network. The cleanup detaches everything.
func (a *actor) routed(t *testing.T, gateway bool) (router, network, subnet string) {
	t.Helper()
	network, subnet = a.net(t, "10.93.0.0/24")
	body := obj{"name": shared.mark + "-router"}
	if gateway {
		body["external_gateway_info"] = obj{"network_id": a.external(t)}
	}
	router = a.made(t, "neutron", "/routers", "router", body)
	a.want(t, 200, "PUT", "neutron", "/routers/"+router+"/add_router_interface", obj{"subnet_id": subnet})
	t.Cleanup(func() {
		a.send(withoutEnd(t), "PUT", "neutron", "/routers/"+router+"/remove_router_interface", obj{"subnet_id": subnet})
	})
	return router, network, subnet
}

var routerCases = []one[*actor]{
	{"the life of a router", func(t *testing.T, a *actor) {
		out := a.make(t, "neutron", "/routers", "router", obj{"name": "one"})
		assert.Equal(t, 201, out.status)
		assert.Equal(t, "ACTIVE", out.text("router", "status"))
		assert.Nil(t, out.at("router", "external_gateway_info"))
		has(t, out.at("router"), "routes", "admin_state_up", "tags", "project_id", "availability_zones", "revision_number")
		path := "/routers/" + out.text("router", "id")
		assert.Equal(t, "two", a.want(t, 200, "PUT", "neutron", path, obj{"router": obj{"name": "two"}}).text("router", "name"))
		a.want(t, 204, "DELETE", "neutron", path, nil)
		a.refused(t, 404, "RouterNotFound", "Router "+out.text("router", "id")+" could not be found", "GET", "neutron", path, nil)
	}},
	{"a gateway is set and cleared", func(t *testing.T, a *actor) {
		external := a.external(t)
		router := a.made(t, "neutron", "/routers", "router", obj{})
		out := a.want(t, 200, "PUT", "neutron", "/routers/"+router, obj{"router": obj{"external_gateway_info": obj{"network_id": external}}})
		assert.Equal(t, external, out.text("router", "external_gateway_info", "network_id"))
		assert.NotEmpty(t, out.text("router", "external_gateway_info", "external_fixed_ips", 0, "ip_address"))
		assert.Equal(t, true, out.at("router", "external_gateway_info", "enable_snat"))
		out = a.want(t, 200, "PUT", "neutron", "/routers/"+router, obj{"router": obj{"external_gateway_info": nil}})
		assert.Nil(t, out.at("router", "external_gateway_info"))
	}},
	{"a gateway is an external network", func(t *testing.T, a *actor) {
		network, _ := a.net(t, "10.93.0.0/24")
		a.refused(t, 400, "BadRequest", "Network "+network+" is not an external network", "POST", "neutron", "/routers",
			obj{"router": obj{"external_gateway_info": obj{"network_id": network}}})
	}},
	{"an interface is added and removed by its subnet", func(t *testing.T, a *actor) {
		_, subnet := a.net(t, "10.93.0.0/24")
		router := a.made(t, "neutron", "/routers", "router", obj{})
		out := a.want(t, 200, "PUT", "neutron", "/routers/"+router+"/add_router_interface", obj{"subnet_id": subnet})
		assert.Equal(t, []any{router, subnet}, []any{out.at("id"), out.at("subnet_id")})
		port := a.want(t, 200, "GET", "neutron", "/ports/"+out.text("port_id"), nil)
		assert.Equal(t, "network:router_interface", port.text("port", "device_owner"))
		assert.Equal(t, "10.93.0.1", port.text("port", "fixed_ips", 0, "ip_address"))
		a.refused(t, 400, "BadRequest", "Router already has a port on subnet "+subnet, "PUT", "neutron",
			"/routers/"+router+"/add_router_interface", obj{"subnet_id": subnet})
		a.refused(t, 409, "RouterInUse", "Router "+router+" has ports still attached", "DELETE", "neutron", "/routers/"+router, nil)
		a.refused(t, 409, "ServicePortInUse", "cannot be deleted directly via the port API", "DELETE", "neutron", "/ports/"+out.text("port_id"), nil)
		removed := a.want(t, 200, "PUT", "neutron", "/routers/"+router+"/remove_router_interface", obj{"subnet_id": subnet})
		assert.Equal(t, out.at("port_id"), removed.at("port_id"))
		a.refused(t, 404, "RouterInterfaceNotFoundForSubnet", "Router "+router+" has no interface on subnet "+subnet, "PUT", "neutron",
			"/routers/"+router+"/remove_router_interface", obj{"subnet_id": subnet})
	}},
	{"an interface is added and removed by its port", func(t *testing.T, a *actor) {
		network, _ := a.net(t, "10.93.0.0/24")
		router := a.made(t, "neutron", "/routers", "router", obj{})
		port := a.made(t, "neutron", "/ports", "port", obj{"network_id": network})
		out := a.want(t, 200, "PUT", "neutron", "/routers/"+router+"/add_router_interface", obj{"port_id": port})
		assert.Equal(t, port, out.text("port_id"))
		a.want(t, 200, "PUT", "neutron", "/routers/"+router+"/remove_router_interface", obj{"port_id": port})
		a.want(t, 404, "GET", "neutron", "/ports/"+port, nil)
	}},
	{"ranges behind one router do not overlap", func(t *testing.T, a *actor) {
		router, _, _ := a.routed(t, false)
		_, other := a.net(t, "10.93.0.0/24")
		a.refused(t, 400, "BadRequest", "overlaps with", "PUT", "neutron", "/routers/"+router+"/add_router_interface", obj{"subnet_id": other})
	}},
	{"the life of a floating IP", func(t *testing.T, a *actor) {
		router, network, _ := a.routed(t, true)
		port := a.made(t, "neutron", "/ports", "port", obj{"network_id": network})
		out := a.make(t, "neutron", "/floatingips", "floatingip", obj{"floating_network_id": a.external(t), "description": "one"})
		assert.Equal(t, 201, out.status)
		assert.Equal(t, "DOWN", out.text("floatingip", "status"))
		assert.Nil(t, out.at("floatingip", "port_id"))
		has(t, out.at("floatingip"), "floating_ip_address", "fixed_ip_address", "router_id", "tags", "project_id")
		path := "/floatingips/" + out.text("floatingip", "id")
		out = a.want(t, 200, "PUT", "neutron", path, obj{"floatingip": obj{"port_id": port}})
		assert.Equal(t, []any{port, router}, []any{out.at("floatingip", "port_id"), out.at("floatingip", "router_id")})
		assert.NotEmpty(t, out.text("floatingip", "fixed_ip_address"))
		until(t, "the floating IP to be active", func() bool {
			return a.want(t, 200, "GET", "neutron", path, nil).text("floatingip", "status") == "ACTIVE"
		})
		a.refused(t, 409, "RouterExternalGatewayInUseByFloatingIp", "is required by one or more floating IPs", "PUT", "neutron",
			"/routers/"+router, obj{"router": obj{"external_gateway_info": nil}})
		out = a.want(t, 200, "PUT", "neutron", path, obj{"floatingip": obj{"port_id": nil}})
		assert.Nil(t, out.at("floatingip", "fixed_ip_address"))
		a.want(t, 204, "DELETE", "neutron", path, nil)
		a.refused(t, 404, "FloatingIPNotFound", "could not be found", "GET", "neutron", path, nil)
	}},
	{"an interface that a floating IP needs stays", func(t *testing.T, a *actor) {
		router, network, subnet := a.routed(t, true)
		port := a.made(t, "neutron", "/ports", "port", obj{"network_id": network})
		a.made(t, "neutron", "/floatingips", "floatingip", obj{"floating_network_id": a.external(t), "port_id": port})
		a.refused(t, 409, "RouterInterfaceInUseByFloatingIP", "is required by one or more floating IPs", "PUT", "neutron",
			"/routers/"+router+"/remove_router_interface", obj{"subnet_id": subnet})
	}},
	{"a port has one floating IP of a network", func(t *testing.T, a *actor) {
		_, network, _ := a.routed(t, true)
		port, external := a.made(t, "neutron", "/ports", "port", obj{"network_id": network}), a.external(t)
		a.made(t, "neutron", "/floatingips", "floatingip", obj{"floating_network_id": external, "port_id": port})
		a.refused(t, 409, "FloatingIPPortAlreadyAssociated", "already has a floating IP on external network "+external, "POST", "neutron",
			"/floatingips", obj{"floatingip": obj{"floating_network_id": external, "port_id": port}})
	}},
	{"a port without a way out has no floating IP", func(t *testing.T, a *actor) {
		network, _ := a.net(t, "10.93.0.0/24")
		port, external := a.made(t, "neutron", "/ports", "port", obj{"network_id": network}), a.external(t)
		a.refused(t, 404, "ExternalGatewayForFloatingIPNotFound", "External network "+external+" is not reachable from subnet", "POST", "neutron",
			"/floatingips", obj{"floatingip": obj{"floating_network_id": external, "port_id": port}})
	}},
	{"a floating IP is of an external network", func(t *testing.T, a *actor) {
		network, _ := a.net(t, "10.93.0.0/24")
		a.refused(t, 400, "BadRequest", "Network "+network+" is not a valid external network", "POST", "neutron", "/floatingips",
			obj{"floatingip": obj{"floating_network_id": network}})
	}},
	{"an unknown floating IP is not found", func(t *testing.T, a *actor) {
		a.refused(t, 404, "FloatingIPNotFound", "Floating IP "+nobody+" could not be found", "DELETE", "neutron", "/floatingips/"+nobody, nil)
	}},
}

// inGroup returns a request for a rule of a group.
func inGroup(group string, more obj) obj {
	rule := obj{"security_group_id": group, "direction": "ingress"}
	maps.Copy(rule, more)
	return obj{"security_group_rule": rule}
}

const groups, rules = "/security-groups", "/security-group-rules"

var groupCases = []one[*actor]{
	{"the life of a security group", func(t *testing.T, a *actor) {
		out := a.make(t, "neutron", groups, "security_group", obj{"name": "one"})
		assert.Equal(t, 201, out.status)
		assert.Len(t, out.list("security_group", "security_group_rules"), 2)
		for _, r := range out.list("security_group", "security_group_rules") {
			assert.Equal(t, "egress", str(r, "direction"))
		}
		path := groups + "/" + out.text("security_group", "id")
		assert.Equal(t, "two", a.want(t, 200, "PUT", "neutron", path, obj{"security_group": obj{"name": "two"}}).text("security_group", "name"))
		a.want(t, 204, "DELETE", "neutron", path, nil)
		a.refused(t, 404, "SecurityGroupNotFound", "Security group "+out.text("security_group", "id")+" does not exist", "GET", "neutron", path, nil)
	}},
	{"the group of the project stays", func(t *testing.T, _ *actor) {
		a := otherProjectUser(t, "member") // its project has no ports in the group
		list := a.want(t, 200, "GET", "neutron", groups+"?name=default", nil).list("security_groups")
		assert.Len(t, list, 1)
		a.refused(t, 409, "SecurityGroupCannotRemoveDefault", "Insufficient rights for removing default security group.", "DELETE", "neutron",
			groups+"/"+str(list[0], "id"), nil)
		a.refused(t, 409, "SecurityGroupDefaultAlreadyExists", "Default security group already exists.", "POST", "neutron", groups,
			obj{"security_group": obj{"name": "default"}})
	}},
	{"a group in use is a conflict", func(t *testing.T, a *actor) {
		network, _ := a.net(t, "10.94.0.0/24")
		group := a.made(t, "neutron", groups, "security_group", obj{"name": "used"})
		a.made(t, "neutron", "/ports", "port", obj{"network_id": network, "security_groups": []string{group}})
		a.refused(t, 409, "SecurityGroupInUse", "Security Group "+group+" in use.", "DELETE", "neutron", groups+"/"+group, nil)
	}},
	{"the life of a rule", func(t *testing.T, a *actor) {
		group := a.made(t, "neutron", groups, "security_group", obj{"name": "rules"})
		out := a.want(t, 201, "POST", "neutron", rules, inGroup(group, obj{"protocol": "tcp", "port_range_min": 22, "port_range_max": 22,
			"remote_ip_prefix": "10.0.0.0/8"}))
		assert.Equal(t, "IPv4", out.text("security_group_rule", "ethertype"))
		has(t, out.at("security_group_rule"), "id", "direction", "remote_group_id", "description", "project_id", "revision_number")
		id := out.text("security_group_rule", "id")
		list := a.want(t, 200, "GET", "neutron", rules+"?security_group_id="+group+"&direction=ingress", nil).list("security_group_rules")
		assert.Equal(t, []string{id}, names(list, "id"))
		a.want(t, 204, "DELETE", "neutron", rules+"/"+id, nil)
		a.refused(t, 404, "SecurityGroupRuleNotFound", "Security group rule "+id+" does not exist", "GET", "neutron", rules+"/"+id, nil)
	}},
	{"a rule is there once", func(t *testing.T, a *actor) {
		group := a.made(t, "neutron", groups, "security_group", obj{"name": "rules"})
		rule := inGroup(group, obj{"protocol": "tcp", "port_range_min": 80, "port_range_max": 80})
		id := a.want(t, 201, "POST", "neutron", rules, rule).text("security_group_rule", "id")
		a.refused(t, 409, "SecurityGroupRuleExists", "Security group rule already exists. Rule id is "+id, "POST", "neutron", rules, rule)
	}},
	{"ports of a rule begin before they end", func(t *testing.T, a *actor) {
		group := a.made(t, "neutron", groups, "security_group", obj{"name": "rules"})
		a.refused(t, 400, "SecurityGroupInvalidPortRange", "For TCP/UDP protocols, port_range_min must be <= port_range_max", "POST", "neutron", rules,
			inGroup(group, obj{"protocol": "tcp", "port_range_min": 90, "port_range_max": 80}))
	}},
	{"ports want a protocol", func(t *testing.T, a *actor) {
		group := a.made(t, "neutron", groups, "security_group", obj{"name": "rules"})
		a.refused(t, 400, "SecurityGroupProtocolRequiredWithPorts", "Must also specify protocol if port range is given.", "POST", "neutron", rules,
			inGroup(group, obj{"port_range_min": 80, "port_range_max": 80}))
	}},
	{"an unknown protocol is malformed", func(t *testing.T, a *actor) {
		group := a.made(t, "neutron", groups, "security_group", obj{"name": "rules"})
		a.refused(t, 400, "SecurityGroupRuleInvalidProtocol", "Security group rule protocol carrier-pigeon not supported.", "POST", "neutron", rules,
			inGroup(group, obj{"protocol": "carrier-pigeon"}))
	}},
	{"what is no range of addresses is malformed", func(t *testing.T, a *actor) {
		group := a.made(t, "neutron", groups, "security_group", obj{"name": "rules"})
		a.want(t, 400, "POST", "neutron", rules, inGroup(group, obj{"protocol": "tcp", "remote_ip_prefix": "everywhere"}))
	}},
	{"a rule of an unknown group is not found", func(t *testing.T, a *actor) {
		a.refused(t, 404, "SecurityGroupNotFound", "Security group "+nobody+" does not exist", "POST", "neutron", rules, inGroup(nobody, nil))
	}},
	{"rules go with their group", func(t *testing.T, a *actor) {
		group := a.made(t, "neutron", groups, "security_group", obj{"name": "rules"})
		id := a.want(t, 201, "POST", "neutron", rules, inGroup(group, obj{"protocol": "icmp"})).text("security_group_rule", "id")
		a.want(t, 204, "DELETE", "neutron", groups+"/"+group, nil)
		a.want(t, 404, "GET", "neutron", rules+"/"+id, nil)
	}},
}
