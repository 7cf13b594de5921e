// Package neutron holds the activities that drive OpenStack Networking.
package neutron

import (
	"context"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/routers"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/networks"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
	"github.com/gophercloud/gophercloud/v2/pagination"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/platform/i18n"
	"mycloudmanager/internal/platform/limit"
)

// Activities drives Neutron for the managed project.
type Activities struct {
	Cloud *openstack.Cloud
	lock  limit.Limiter // see changeRouter
}

// DeleteOrphanedNetworksInput names a deleted stack.
type DeleteOrphanedNetworksInput struct{ Stack string }

// tag is the tag of the template's resources.
const tag = "mcm"

// DeleteOrphanedNetworks deletes ports, routers and networks with our tag and the stack's name that remain after Heat has
// deleted the stack. It is idempotent and tolerates absence.
// https://docs.openstack.org/api-ref/network/v2/
func (a *Activities) DeleteOrphanedNetworks(ctx context.Context, in DeleteOrphanedNetworksInput) (i18n.Message, error) {
	s, c, err := a.open(ctx)
	if err != nil {
		return i18n.Message{}, err
	}
	deleted := 0
	for _, deleteAll := range []func(context.Context, *gophercloud.ServiceClient, string) (int, error){deleteOrphanedRouters, deleteNetworks} {
		n, err := deleteAll(ctx, c, in.Stack)
		if err != nil && fault.KindOf(s.Fault("neutron", err)) != fault.NotFound {
			return i18n.Message{}, s.Fault("neutron", err)
		}
		deleted += n
	}
	if deleted == 0 {
		return i18n.Message{}, nil
	}
	return i18n.Messagef("deleted %d leftover networks and routers", deleted), nil
}

// all reads every page of a list.
func all[T any](ctx context.Context, pager pagination.Pager, extract func(pagination.Page) ([]T, error)) ([]T, error) {
	pages, err := pager.AllPages(ctx)
	if err != nil {
		return nil, err
	}
	return extract(pages)
}

func deleteOrphanedRouters(ctx context.Context, c *gophercloud.ServiceClient, name string) (int, error) {
	list, err := all(ctx, routers.List(c, routers.ListOpts{Name: name, Tags: tag}), routers.ExtractRouters)
	if err != nil {
		return 0, err
	}
	for _, r := range list {
		if err := emptyRouter(ctx, c, r.ID); err != nil {
			return 0, err
		}
		if err := routers.Delete(ctx, c, r.ID).ExtractErr(); err != nil {
			return 0, err
		}
	}
	return len(list), nil
}

func emptyRouter(ctx context.Context, c *gophercloud.ServiceClient, id string) error {
	list, err := all(ctx, ports.List(c, ports.ListOpts{DeviceID: id, DeviceOwner: "network:router_interface"}), ports.ExtractPorts)
	if err != nil {
		return err
	}
	for _, p := range list {
		if _, err := routers.RemoveInterface(ctx, c, id, routers.RemoveInterfaceOpts{PortID: p.ID}).Extract(); err != nil {
			return err
		}
	}
	return nil
}

func deleteNetworks(ctx context.Context, c *gophercloud.ServiceClient, name string) (int, error) {
	list, err := all(ctx, networks.List(c, networks.ListOpts{Name: name, Tags: tag}), networks.ExtractNetworks)
	if err != nil {
		return 0, err
	}
	for _, n := range list {
		if err := deletePorts(ctx, c, n.ID); err != nil {
			return 0, err
		}
		if err := networks.Delete(ctx, c, n.ID).ExtractErr(); err != nil {
			return 0, err
		}
	}
	return len(list), nil
}

func deletePorts(ctx context.Context, c *gophercloud.ServiceClient, network string) error {
	list, err := all(ctx, ports.List(c, ports.ListOpts{NetworkID: network, Tags: tag}), ports.ExtractPorts)
	if err != nil {
		return err
	}
	for _, p := range list {
		if err := ports.Delete(ctx, c, p.ID).ExtractErr(); err != nil {
			return err
		}
	}
	return nil
}
