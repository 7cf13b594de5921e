package conformance

import (
	"strings"
	"sync"
	"testing"

	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/networks"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNeutron(t *testing.T) {
	t.Parallel()
	each(t, openCloud(t).member, neutronCases)
	each(t, openCloud(t).member, routerCases)
	each(t, openCloud(t).member, groupCases)
}

// net creates a network with one subnet.
func (a *actor) net(t *testing.T, cidr string) (network, subnet string) {
	t.Helper()
	network = a.made(t, "neutron", "/networks", "network", obj{"name": shared.mark + "-" + random(2)})
	return network, a.made(t, "neutron", "/subnets", "subnet", obj{"network_id": network, "ip_version": 4, "cidr": cidr})
}

// external returns the network of the floating IPs.
func (a *actor) external(t *testing.T) string {
	t.Helper()
	list := a.want(t, 200, "GET", "neutron", "/networks?router:external=true", nil).list("networks")
	require.NotEmpty(t, list, "an external network is needed")
	return str(list[0], "id")
}

var neutronCases = []one[*actor]{
	{"without a token nothing is said", func(t *testing.T, a *actor) {
		a.refused(t, 401, "Unauthorized", needsSignIn, "GET", "neutron", "/networks", nil, "X-Auth-Token", "")
	}},
	{"the life of a network", func(t *testing.T, a *actor) {
		name := shared.mark + "-life"
		out := a.make(t, "neutron", "/networks", "network", obj{"name": name, "description": "one"})
		assert.Equal(t, 201, out.status)
		assert.Equal(t, "ACTIVE", out.text("network", "status"))
		has(t, out.at("network"), "id", "tenant_id", "project_id", "admin_state_up", "shared", "router:external", "mtu", "subnets", "tags",
			"port_security_enabled", "revision_number", "created_at", "updated_at", "availability_zones", "availability_zone_hints")
		path := "/networks/" + out.text("network", "id")
		changed := a.want(t, 200, "PUT", "neutron", path, obj{"network": obj{"description": "two"}})
		assert.Equal(t, "two", changed.text("network", "description"))
		assert.Greater(t, changed.at("network", "revision_number"), out.at("network", "revision_number"))
		list := a.want(t, 200, "GET", "neutron", "/networks?name="+name, nil)
		assert.Len(t, list.list("networks"), 1)
		a.want(t, 204, "DELETE", "neutron", path, nil)
		a.refused(t, 404, "NetworkNotFound", "Network "+out.text("network", "id")+" could not be found.", "GET", "neutron", path, nil)
	}},
	{"the client library makes, finds and deletes", func(t *testing.T, a *actor) {
		n, err := networks.Create(t.Context(), a.network, networks.CreateOpts{Name: shared.mark + "-library"}).Extract()
		require.NoError(t, err)
		a.later(t, "neutron", "/networks/"+n.ID)
		pages, err := networks.List(a.network, networks.ListOpts{Name: n.Name}).AllPages(t.Context())
		require.NoError(t, err)
		list, err := networks.ExtractNetworks(pages)
		require.NoError(t, err)
		assert.Len(t, list, 1)
		require.NoError(t, networks.Delete(t.Context(), a.network, n.ID).ExtractErr())
	}},
	{"an attribute that there is not is malformed", func(t *testing.T, a *actor) {
		a.refused(t, 400, "HTTPBadRequest", "Unrecognized attribute(s) 'colour'", "POST", "neutron", "/networks", obj{"network": obj{"colour": "red"}})
	}},
	{"a body of another noun is malformed", func(t *testing.T, a *actor) {
		a.refused(t, 400, "HTTPBadRequest", "", "POST", "neutron", "/networks", obj{"netwrk": obj{}})
	}},
	{"a member makes no external and no shared network", func(t *testing.T, a *actor) {
		for _, k := range []string{"router:external", "shared"} {
			a.refused(t, 403, "PolicyNotAuthorized", "is disallowed by policy", "POST", "neutron", "/networks", obj{"network": obj{k: true}})
		}
	}},
	{"networks of another project are not found", func(t *testing.T, a *actor) {
		id, other := a.made(t, "neutron", "/networks", "network", obj{}), otherProjectUser(t, "member")
		other.refused(t, 404, "NetworkNotFound", "Network "+id+" could not be found.", "GET", "neutron", "/networks/"+id, nil)
	}},
	{"the external network is seen and not changed", func(t *testing.T, a *actor) {
		id := a.external(t)
		assert.Equal(t, true, a.want(t, 200, "GET", "neutron", "/networks/"+id, nil).at("network", "router:external"))
		a.want(t, 403, "PUT", "neutron", "/networks/"+id, obj{"network": obj{"name": "mine"}})
		a.want(t, 403, "DELETE", "neutron", "/networks/"+id, nil)
	}},
	{"tags are set, found by and deleted", func(t *testing.T, a *actor) {
		id := a.made(t, "neutron", "/networks", "network", obj{})
		path := "/networks/" + id + "/tags"
		assert.Equal(t, []any{"one", shared.mark}, a.want(t, 200, "PUT", "neutron", path, obj{"tags": []string{"one", shared.mark}}).at("tags"))
		a.want(t, 201, "PUT", "neutron", path+"/two", nil)
		a.want(t, 204, "GET", "neutron", path+"/two", nil)
		for filter, found := range map[string]int{"tags=one,two," + shared.mark: 1, "tags=three," + shared.mark: 0, "tags-any=three," + shared.mark: 1,
			"id=" + id + "&not-tags=one,two": 0, "id=" + id + "&not-tags-any=three": 1} {
			assert.Len(t, a.want(t, 200, "GET", "neutron", "/networks?"+filter, nil).list("networks"), found, filter)
		}
		a.want(t, 204, "DELETE", "neutron", path+"/two", nil)
		a.want(t, 404, "GET", "neutron", path+"/two", nil)
		a.want(t, 204, "DELETE", "neutron", path, nil)
		assert.Equal(t, []any{}, a.want(t, 200, "GET", "neutron", "/networks/"+id, nil).at("network", "tags"))
	}},
	{"the life of a subnet", func(t *testing.T, a *actor) {
		network := a.made(t, "neutron", "/networks", "network", obj{})
		out := a.make(t, "neutron", "/subnets", "subnet", obj{"network_id": network, "ip_version": 4, "cidr": "10.92.0.0/24", "dns_nameservers": []string{"192.0.2.1"}})
		assert.Equal(t, "10.92.0.1", out.text("subnet", "gateway_ip"))
		assert.Equal(t, obj{"start": "10.92.0.2", "end": "10.92.0.254"}, out.at("subnet", "allocation_pools", 0))
		assert.Equal(t, true, out.at("subnet", "enable_dhcp"))
		has(t, out.at("subnet"), "host_routes", "ipv6_address_mode", "ipv6_ra_mode", "subnetpool_id", "service_types", "tags", "project_id")
		path := "/subnets/" + out.text("subnet", "id")
		assert.Equal(t, []any{out.text("subnet", "id")}, a.want(t, 200, "GET", "neutron", "/networks/"+network, nil).at("network", "subnets"))
		assert.Equal(t, "new", a.want(t, 200, "PUT", "neutron", path, obj{"subnet": obj{"name": "new"}}).text("subnet", "name"))
		a.want(t, 204, "DELETE", "neutron", path, nil)
		a.refused(t, 404, "SubnetNotFound", "Subnet "+out.text("subnet", "id")+" could not be found.", "GET", "neutron", path, nil)
	}},
	{"a subnet without a gateway", func(t *testing.T, a *actor) {
		network := a.made(t, "neutron", "/networks", "network", obj{})
		out := a.make(t, "neutron", "/subnets", "subnet", obj{"network_id": network, "ip_version": 4, "cidr": "10.92.0.0/24", "gateway_ip": nil})
		assert.Nil(t, out.at("subnet", "gateway_ip"))
		assert.Equal(t, "10.92.0.1", out.text("subnet", "allocation_pools", 0, "start"))
	}},
	{"what is no address range is malformed", func(t *testing.T, a *actor) {
		network := a.made(t, "neutron", "/networks", "network", obj{})
		a.refused(t, 400, "InvalidInput", "Invalid input for operation: 10.0.0.0/99 is not in a CIDR format.", "POST", "neutron", "/subnets",
			obj{"subnet": obj{"network_id": network, "ip_version": 4, "cidr": "10.0.0.0/99"}})
	}},
	{"subnets of a network do not overlap", func(t *testing.T, a *actor) {
		network, _ := a.net(t, "10.92.0.0/24")
		a.refused(t, 400, "InvalidInput", "overlaps with another subnet", "POST", "neutron", "/subnets",
			obj{"subnet": obj{"network_id": network, "ip_version": 4, "cidr": "10.92.0.0/25"}})
	}},
	{"a subnet of an unknown network is not found", func(t *testing.T, a *actor) {
		a.refused(t, 404, "NetworkNotFound", "Network "+nobody+" could not be found.", "POST", "neutron", "/subnets",
			obj{"subnet": obj{"network_id": nobody, "ip_version": 4, "cidr": "10.92.0.0/24"}})
	}},
	{"the life of a port", func(t *testing.T, a *actor) {
		network, subnet := a.net(t, "10.92.0.0/24")
		out := a.make(t, "neutron", "/ports", "port", obj{"network_id": network, "name": "one"})
		assert.Equal(t, "DOWN", out.text("port", "status"))
		assert.Equal(t, subnet, out.text("port", "fixed_ips", 0, "subnet_id"))
		assert.Len(t, out.at("port", "security_groups"), 1)
		has(t, out.at("port"), "mac_address", "device_id", "device_owner", "admin_state_up", "allowed_address_pairs", "extra_dhcp_opts",
			"port_security_enabled", "binding:vnic_type", "tags", "project_id")
		path := "/ports/" + out.text("port", "id")
		got := a.want(t, 200, "PUT", "neutron", path, obj{"port": obj{"name": "two", "security_groups": []string{}}})
		assert.Equal(t, []any{}, got.at("port", "security_groups"))
		a.want(t, 204, "DELETE", "neutron", path, nil)
		a.refused(t, 404, "PortNotFound", "Port "+out.text("port", "id")+" could not be found.", "GET", "neutron", path, nil)
	}},
	{"an address is given once", func(t *testing.T, a *actor) {
		network, subnet := a.net(t, "10.92.0.0/24")
		port := obj{"network_id": network, "fixed_ips": []obj{{"subnet_id": subnet, "ip_address": "10.92.0.20"}}}
		a.made(t, "neutron", "/ports", "port", port)
		a.refused(t, 409, "IpAddressAlreadyAllocated", "IP address 10.92.0.20 already allocated in subnet "+subnet, "POST", "neutron", "/ports",
			obj{"port": port})
	}},
	{"of many who want an address at once one has it", func(t *testing.T, a *actor) {
		network, subnet := a.net(t, "10.92.0.0/24")
		statuses := make([]int, 4)
		var all sync.WaitGroup
		for i := range statuses {
			all.Go(func() {
				out := a.send(t.Context(), "POST", "neutron", "/ports", obj{"port": obj{"network_id": network,
					"fixed_ips": []obj{{"subnet_id": subnet, "ip_address": "10.92.0.30"}}}})
				statuses[i] = out.status
			})
		}
		all.Wait()
		for _, p := range a.want(t, 200, "GET", "neutron", "/ports?network_id="+network+"&fixed_ips=ip_address%3D10.92.0.30", nil).list("ports") {
			a.later(t, "neutron", "/ports/"+str(p, "id"))
		}
		assert.ElementsMatch(t, []int{201, 409, 409, 409}, statuses)
	}},
	{"an address of another range is malformed", func(t *testing.T, a *actor) {
		network, subnet := a.net(t, "10.92.0.0/24")
		a.refused(t, 400, "InvalidIpForSubnet", "IP address 10.1.2.3 is not a valid IP for the specified subnet.", "POST", "neutron", "/ports",
			obj{"port": obj{"network_id": network, "fixed_ips": []obj{{"subnet_id": subnet, "ip_address": "10.1.2.3"}}}})
	}},
	{"a range that is used up is a conflict", func(t *testing.T, a *actor) {
		network, _ := a.net(t, "10.92.0.0/30")
		a.made(t, "neutron", "/ports", "port", obj{"network_id": network})
		a.refused(t, 409, "IpAddressGenerationFailure", "No more IP addresses available on network "+network+".", "POST", "neutron", "/ports",
			obj{"port": obj{"network_id": network}})
	}},
	{"an unknown security group of a port is not found", func(t *testing.T, a *actor) {
		network, _ := a.net(t, "10.92.0.0/24")
		a.refused(t, 404, "SecurityGroupNotFound", "Security group "+nobody+" does not exist", "POST", "neutron", "/ports",
			obj{"port": obj{"network_id": network, "security_groups": []string{nobody}}})
	}},
	{"networks and subnets in use are conflicts", func(t *testing.T, a *actor) {
		network, subnet := a.net(t, "10.92.0.0/24")
		port := a.made(t, "neutron", "/ports", "port", obj{"network_id": network})
		a.refused(t, 409, "NetworkInUse", "There are one or more ports still in use on the network, id for these ports is: "+port, "DELETE",
			"neutron", "/networks/"+network, nil)
		a.refused(t, 409, "SubnetInUse", "One or more ports have an IP allocation from this subnet.", "DELETE", "neutron", "/subnets/"+subnet, nil)
	}},
	{"ports come in pages", func(t *testing.T, a *actor) {
		network, _ := a.net(t, "10.92.0.0/24")
		ids := []string{a.made(t, "neutron", "/ports", "port", obj{"network_id": network}), a.made(t, "neutron", "/ports", "port", obj{"network_id": network})}
		page := a.want(t, 200, "GET", "neutron", "/ports?network_id="+network+"&limit=1&sort_key=id&sort_dir=asc", nil)
		first := page.text("ports", 0, "id")
		assert.Equal(t, min(ids[0], ids[1]), first)
		assert.Equal(t, "next", page.text("ports_links", 0, "rel"))
		assert.Contains(t, page.text("ports_links", 0, "href"), "marker="+first)
		next := a.want(t, 200, "GET", "neutron", "/ports?network_id="+network+"&limit=1&sort_key=id&sort_dir=asc&marker="+first, nil)
		assert.Equal(t, max(ids[0], ids[1]), next.text("ports", 0, "id"))
	}},
	{"only the fields asked for", func(t *testing.T, a *actor) {
		id := a.made(t, "neutron", "/networks", "network", obj{})
		got := a.want(t, 200, "GET", "neutron", "/networks/"+id+"?fields=id&fields=name", nil).at("network").(obj)
		assert.Len(t, got, 2, "%v", got)
	}},
	{"quotas with what is used", func(t *testing.T, a *actor) {
		has(t, a.want(t, 200, "GET", "neutron", "/quotas/"+a.projectID+"/details.json", nil).at("quota", "network"), "limit", "used", "reserved")
	}},
	{"a member changes no quota", func(t *testing.T, a *actor) {
		a.want(t, 403, "PUT", "neutron", "/quotas/"+a.projectID, obj{"quota": obj{"network": 1000}})
	}},
	{"extensions are told", func(t *testing.T, a *actor) {
		list := strings.Join(names(a.want(t, 200, "GET", "neutron", "/extensions", nil).list("extensions"), "alias"), " ")
		for _, want := range []string{"router", "security-group", "quotas", "standard-attr-tag", "external-net"} {
			assert.Contains(t, list, want)
		}
		a.want(t, 200, "GET", "neutron", "/extensions/router", nil)
		a.want(t, 404, "GET", "neutron", "/extensions/teleport", nil)
	}},
}
