package neutron

import (
	"slices"

	"mycloudmanager/sandbox/sim"
)

// common are the attributes of every kind of resource.
var common = []string{"name", "description", "project_id", "tenant_id", "admin_state_up", "_nova"}

// attributes are the additional attributes of each kind of resource.
// https://docs.openstack.org/api-ref/network/v2/
var attributes = map[string][]string{
	Networks: {"shared", "router:external", "mtu", "port_security_enabled", "dns_domain", "availability_zone_hints", "is_default",
		"vlan_transparent", "qos_policy_id", "provider:network_type", "provider:physical_network", "provider:segmentation_id"},
	Subnets: {"network_id", "cidr", "ip_version", "gateway_ip", "allocation_pools", "dns_nameservers", "enable_dhcp", "host_routes",
		"ipv6_address_mode", "ipv6_ra_mode", "subnetpool_id", "prefixlen", "use_default_subnetpool", "segment_id", "service_types", "dns_publish_fixed_ip"},
	Ports: {"network_id", "fixed_ips", "mac_address", "device_id", "device_owner", "security_groups", "allowed_address_pairs", "extra_dhcp_opts",
		"port_security_enabled", "binding:vnic_type", "binding:host_id", "binding:profile", "dns_name", "dns_domain", "qos_policy_id",
		"propagate_uplink_status", "numa_affinity_policy"},
	Routers: {"external_gateway_info", "routes", "ha", "distributed", "availability_zone_hints", "flavor_id"},
	FloatingIPs: {"floating_network_id", "floating_ip_address", "fixed_ip_address", "port_id", "subnet_id", "dns_name", "dns_domain",
		"qos_policy_id"},
	Groups: {"stateful", "shared"},
	Rules: {"security_group_id", "direction", "ethertype", "protocol", "port_range_min", "port_range_max", "remote_ip_prefix", "remote_group_id",
		"remote_address_group_id"},
}

// known refuses an attribute that the kind of resource does not have.
func known(n *noun, in sim.Document) error {
	if k := sim.Unknown(in, slices.Concat(attributes[n.kind], common)...); k != "" {
		return sim.BadRequest("Unrecognized attribute(s) '%s'", k).Typed("HTTPBadRequest")
	}
	return nil
}
