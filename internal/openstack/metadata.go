package openstack

import (
	"context"
	"slices"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/blockstorage/v3/volumes"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"

	"mycloudmanager/internal/fault"
)

// Metadata keys of the product's servers and volumes. Users see them in Horizon.
const (
	StackKey   = "mcm:stack"   // of a server: the stack that created it
	RoleKey    = "mcm:role"    // of a server: master, node or etcd
	AppKey     = "mcm:app"     // of a volume: the app whose data it contains
	TaskKey    = "mcm:task"    // of a volume: the task that created it
	RestoreKey = "mcm:restore" // of a server or a volume of a restore: the task that created it
	DiskKey    = "mcm:disk"    // of such a volume: its index on the server
	DataKey    = "mcm:data"    // of a volume: "true" once an app has mounted it
)

// Servers lists all servers of the project with their flavors, one request per page. It decodes the response once: the
// list function of gophercloud converts it to JSON and back twice, which takes longer than Nova's response for a
// thousand servers. https://docs.openstack.org/api-ref/compute/#list-servers-detailed
func (s *Session) Servers(ctx context.Context) ([]servers.Server, error) {
	c, err := s.Compute()
	if err != nil {
		return nil, err
	}
	var all []servers.Server
	for next := c.ServiceURL("servers", "detail"); next != ""; {
		var page struct {
			Servers []servers.Server   `json:"servers"`
			Links   []gophercloud.Link `json:"servers_links"`
		}
		_, err := c.Get(ctx, next, &page, nil) //nolint:bodyclose // the body is read completely
		if err != nil {
			return nil, s.Fault("nova", err)
		}
		if next, err = gophercloud.ExtractNextURL(page.Links); err != nil {
			return nil, s.Fault("nova", err)
		}
		all = append(all, page.Servers...)
	}
	return all, nil
}

// WriteMetadata sets values in the metadata of a server and keeps the others.
// https://docs.openstack.org/api-ref/compute/#create-or-update-metadata-items
func (s *Session) WriteMetadata(ctx context.Context, server string, values map[string]string) error {
	c, err := s.Compute()
	if err != nil {
		return err
	}
	_, err = servers.UpdateMetadata(ctx, c, server, servers.MetadataOpts(values)).Extract()
	return s.Fault("nova", err)
}

// DropMetadata deletes a key from the metadata of a server. It tolerates a missing key or server.
// https://docs.openstack.org/api-ref/compute/#delete-metadata-item
func (s *Session) DropMetadata(ctx context.Context, server, key string) error {
	c, err := s.Compute()
	if err != nil {
		return err
	}
	return fault.IgnoreNotFound(s.Fault("nova", servers.DeleteMetadatum(ctx, c, server, key).ExtractErr()))
}

// StackServers lists the servers of a stack.
func (s *Session) StackServers(ctx context.Context, stack string) ([]servers.Server, error) {
	list, err := s.Servers(ctx)
	return slices.DeleteFunc(list, func(v servers.Server) bool { return v.Metadata[StackKey] != stack }), err
}

// AppVolumes lists the volumes of an app, newest first; app "" selects all apps.
// https://docs.openstack.org/api-ref/block-storage/v3/#list-accessible-volumes-with-details
func (s *Session) AppVolumes(ctx context.Context, app string) ([]volumes.Volume, error) {
	c, err := s.Volume()
	if err != nil {
		return nil, err
	}
	options := volumes.ListOpts{}
	if app != "" {
		options.Metadata = map[string]string{AppKey: app}
	}
	pages, err := volumes.List(c, options).AllPages(ctx)
	if err != nil {
		return nil, s.Fault("cinder", err)
	}
	list, err := volumes.ExtractVolumes(pages)
	if err != nil {
		return nil, s.Fault("cinder", err)
	}
	// A cloud may ignore the filter.
	list = slices.DeleteFunc(list, func(v volumes.Volume) bool {
		return v.Metadata[AppKey] == "" || app != "" && v.Metadata[AppKey] != app
	})
	slices.SortStableFunc(list, func(a, b volumes.Volume) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return list, nil
}

// Address is one address of a server.
type Address struct {
	Network  string
	Address  string
	Floating bool
	MAC      string
}

// AddressesOf returns the addresses of a server, sorted by network, fixed addresses first.
func AddressesOf(server servers.Server) []Address {
	var out []Address
	for network, list := range server.Addresses {
		entries, _ := list.([]any)
		for _, entry := range entries {
			a, _ := entry.(map[string]any)
			address, _ := a["addr"].(string)
			kind, _ := a["OS-EXT-IPS:type"].(string)
			mac, _ := a["OS-EXT-IPS-MAC:mac_addr"].(string)
			out = append(out, Address{Network: network, Address: address, Floating: kind == "floating", MAC: mac})
		}
	}
	slices.SortStableFunc(out, func(a, b Address) int {
		switch {
		case a.Floating != b.Floating && b.Floating:
			return -1
		case a.Floating != b.Floating:
			return 1
		case a.Network != b.Network && a.Network < b.Network:
			return -1
		case a.Network != b.Network:
			return 1
		}
		return 0
	})
	return out
}
