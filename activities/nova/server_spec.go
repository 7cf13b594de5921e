package nova

import (
	"context"
	"maps"
	"strings"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/attachinterfaces"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/openstack"
)

// flavorVersion is the last microversion in which a server has the ID of its flavor.
// https://docs.openstack.org/nova/latest/reference/api-microversion-history.html
const flavorVersion = "2.46"

// isManagedKey is the prefix of all metadata keys of the manager.
const isManagedKey = "mcm:"

// specOf reads the configuration of a server, from which a similar one can be created. It is a read.
func specOf(ctx context.Context, s *openstack.Session, v *servers.Server) (backup.ServerSpec, error) {
	shape := backup.ServerSpec{KeyName: v.KeyName, Zone: v.AvailabilityZone, Metadata: maps.Clone(v.Metadata)}
	maps.DeleteFunc(shape.Metadata, func(key, _ string) bool { return strings.HasPrefix(key, isManagedKey) })
	shape.FlavorName, _ = v.Flavor["original_name"].(string)
	c, err := s.Compute()
	if err != nil {
		return shape, err
	}
	c.Microversion = flavorVersion
	older, err := servers.Get(ctx, c, v.ID).Extract()
	if err != nil {
		return shape, s.Fault("nova", err)
	}
	shape.Networks, err = networksOf(ctx, s, c, v.ID)
	shape.Flavor, _ = older.Flavor["id"].(string)
	return shape, err
}

// networksOf returns the networks of a server's ports, each with the port's security groups.
func networksOf(ctx context.Context, s *openstack.Session, c *gophercloud.ServiceClient, id string) ([]backup.ServerPortSpec, error) {
	interfaces, err := interfacesOf(ctx, s, c, id)
	if err != nil || len(interfaces) == 0 {
		return nil, err
	}
	n, err := s.Network()
	if err != nil {
		return nil, err
	}
	pages, err := ports.List(n, ports.ListOpts{DeviceID: id}).AllPages(ctx)
	if err != nil {
		return nil, s.Fault("neutron", err)
	}
	all, err := ports.ExtractPorts(pages)
	if err != nil {
		return nil, s.Fault("neutron", err)
	}
	groups := map[string][]string{}
	for _, p := range all {
		groups[p.ID] = p.SecurityGroups
	}
	var out []backup.ServerPortSpec
	for _, i := range interfaces {
		out = append(out, backup.ServerPortSpec{ID: i.NetID, Groups: groups[i.PortID]})
	}
	return out, nil
}

// interfacesOf returns a server's ports in the order of the server.
// https://docs.openstack.org/api-ref/compute/#list-port-interfaces
func interfacesOf(ctx context.Context, s *openstack.Session, c *gophercloud.ServiceClient, id string) ([]attachinterfaces.Interface, error) {
	pages, err := attachinterfaces.List(c, id).AllPages(ctx)
	if err != nil {
		return nil, s.Fault("nova", err)
	}
	interfaces, err := attachinterfaces.ExtractInterfaces(pages)
	if err != nil {
		return nil, s.Fault("nova", err)
	}
	return interfaces, nil
}
