package stack

import (
	"context"
	"sort"
	"strings"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/blockstorage/v3/volumetypes"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/flavors"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/keypairs"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/images"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/external"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/networks"
	"github.com/gophercloud/gophercloud/v2/pagination"
	"golang.org/x/sync/errgroup"

	"mycloudmanager/internal/openstack"
)

// choices are the objects of the project that a stack can use, one list for each service.
type choices struct {
	flavors     []flavors.Flavor
	images      []images.Image
	networks    []networks.Network
	keyPairs    []keypairs.KeyPair
	volumeTypes []volumetypes.VolumeType
}

// take reads the five lists concurrently.
func take(ctx context.Context, s *openstack.Session) (choices, error) {
	var in choices
	g, ctx := errgroup.WithContext(ctx)
	g.Go(list(ctx, s, "nova", s.Compute, func(c *gophercloud.ServiceClient) pagination.Pager { return flavors.ListDetail(c, flavors.ListOpts{}) }, flavors.ExtractFlavors, &in.flavors))
	g.Go(list(ctx, s, "nova", s.Compute, func(c *gophercloud.ServiceClient) pagination.Pager { return keypairs.List(c, keypairs.ListOpts{}) }, keypairs.ExtractKeyPairs, &in.keyPairs))
	g.Go(list(ctx, s, "glance", s.Image, func(c *gophercloud.ServiceClient) pagination.Pager {
		return images.List(c, images.ListOpts{Status: images.ImageStatusActive})
	}, images.ExtractImages, &in.images))
	g.Go(list(ctx, s, "neutron", s.Network, func(c *gophercloud.ServiceClient) pagination.Pager {
		isExternal := true
		return networks.List(c, external.ListOptsExt{ListOptsBuilder: networks.ListOpts{}, External: &isExternal})
	}, networks.ExtractNetworks, &in.networks))
	g.Go(list(ctx, s, "cinder", s.Volume, func(c *gophercloud.ServiceClient) pagination.Pager {
		return volumetypes.List(c, volumetypes.ListOpts{})
	}, volumetypes.ExtractVolumeTypes, &in.volumeTypes))
	return in, g.Wait()
}

// list reads all pages of one list into out.
func list[T any](ctx context.Context, s *openstack.Session, service string, open func() (*gophercloud.ServiceClient, error),
	pager func(*gophercloud.ServiceClient) pagination.Pager, extract func(pagination.Page) ([]T, error), out *[]T,
) func() error {
	return func() error {
		c, err := open()
		if err != nil {
			return err
		}
		pages, err := pager(c).AllPages(ctx)
		if err != nil {
			return s.Fault(service, err)
		}
		*out, err = extract(pages)
		return s.Fault(service, err)
	}
}

func (in choices) options() Options {
	o := Options{Presets: Presets(), KeyPairs: []string{}, Images: []NamedResource{}, Flavors: []Flavor{}, ExternalNetworks: []NamedResource{}, VolumeTypes: []string{}}
	for _, k := range in.keyPairs {
		o.KeyPairs = append(o.KeyPairs, k.Name)
	}
	for _, i := range in.usableImages() {
		o.Images = append(o.Images, NamedResource{i.ID, i.Name})
	}
	for _, f := range in.bySize() {
		o.Flavors = append(o.Flavors, Flavor{ID: f.ID, Name: f.Name, VCPUs: f.VCPUs, RAMMB: f.RAM, DiskGB: f.Disk})
	}
	for _, n := range in.networks {
		o.ExternalNetworks = append(o.ExternalNetworks, NamedResource{n.ID, n.Name})
	}
	for _, t := range in.volumeTypes {
		if !strings.HasPrefix(t.Name, "__") { // internal types of Cinder
			o.VolumeTypes = append(o.VolumeTypes, t.Name)
		}
	}
	return o
}

// bySize sorts flavors by memory, then cores, then disk.
func (in choices) bySize() []flavors.Flavor {
	out := append([]flavors.Flavor(nil), in.flavors...)
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i], out[j]
		if a.RAM != b.RAM {
			return a.RAM < b.RAM
		}
		if a.VCPUs != b.VCPUs {
			return a.VCPUs < b.VCPUs
		}
		return a.Disk < b.Disk
	})
	return out
}

// usableImages returns the images without snapshots, newest first.
func (in choices) usableImages() []images.Image {
	var out []images.Image
	for _, i := range in.images {
		if kind, _ := i.Properties["image_type"].(string); kind != "snapshot" {
			out = append(out, i)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].CreatedAt.After(out[j].CreatedAt) })
	return out
}

func (in choices) flavor(name string) (flavors.Flavor, bool) {
	for _, f := range in.flavors {
		if f.ID == name || f.Name == name {
			return f, true
		}
	}
	return flavors.Flavor{}, false
}

func (in choices) image(name string) (images.Image, bool) {
	for _, i := range in.images {
		if i.ID == name || i.Name == name {
			return i, true
		}
	}
	return images.Image{}, false
}

func (in choices) network(name string) (networks.Network, bool) {
	for _, n := range in.networks {
		if n.ID == name || n.Name == name {
			return n, true
		}
	}
	return networks.Network{}, false
}

func (in choices) hasKeyPair(name string) bool {
	for _, k := range in.keyPairs {
		if k.Name == name {
			return true
		}
	}
	return false
}
