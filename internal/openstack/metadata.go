package openstack

import (
	"context"
	"slices"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/blockstorage/v3/volumes"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"

	"mycloudmanager/internal/fault"
)

// Keys of metadata by which servers and volumes tell whose they are. People see them in Horizon.
const (
	StackKey   = "mcm:stack"   // of a server: the stack that made it
	RoleKey    = "mcm:role"    // of a server: master, node or etcd
	AppKey     = "mcm:app"     // of a volume: the app whose data it holds
	TaskKey    = "mcm:task"    // of a volume: the task that made it
	RestoreKey = "mcm:restore" // of a server or a volume that is a backup's: the task that made it
	DiskKey    = "mcm:disk"    // of such a volume: which one of its server's
	DataKey    = "mcm:data"    // of a volume: "true" once an app has had it mounted
)

// Servers lists every server of the project with its flavor, with one call per page of Nova. It reads
// the answer once: gophercloud's own list turns it into JSON and back, twice, which at a thousand servers
// takes longer than Nova does.
// https://docs.openstack.org/api-ref/compute/#list-servers-detailed
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
		_, err := c.Get(ctx, next, &page, nil) //nolint:bodyclose // it is read to its end
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

// WriteMetadata writes values into a server's metadata and leaves the others as they are.
// https://docs.openstack.org/api-ref/compute/#create-or-update-metadata-items
func (s *Session) WriteMetadata(ctx context.Context, server string, values map[string]string) error {
	c, err := s.Compute()
	if err != nil {
		return err
	}
	_, err = servers.UpdateMetadata(ctx, c, server, servers.MetadataOpts(values)).Extract()
	return s.Fault("nova", err)
}

// DropMetadata takes a key out of a server's metadata. It tolerates absence, of the server too.
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

// AppVolumes lists the volumes that hold an app's data, newest first; app "" is every app's.
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

// AddressesOf lists a server's addresses, networks by name, fixed ones first.
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
