package neutron

import (
	"context"
	"slices"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/routers"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
)

// ConnectInput names an instance by its server and the address that the manager signs in at.
type ConnectInput struct {
	ServerID string
	Address  string
}

// Connected is the subnet of an instance and the stack's router.
type Connected struct {
	Subnet string
	Made   bool // the manager attached it: it may take it back
}

// ConnectInstance attaches the instance's subnet to the stack's router when it is not yet. Without a
// stack, and for an address that is floating, there is nothing to connect. It is idempotent: an
// interface that is there is left as it is.
// https://docs.openstack.org/api-ref/network/v2/#add-interface-to-router
func (a *Activities) ConnectInstance(ctx context.Context, in ConnectInput) (Connected, error) {
	s, c, err := a.open(ctx)
	if err != nil {
		return Connected{}, err
	}
	router, err := stackRouter(ctx, s, c)
	if err != nil || router == "" {
		return Connected{}, err
	}
	subnet, err := subnetOf(ctx, s, c, in)
	if err != nil || subnet == "" {
		return Connected{}, err
	}
	there, err := interfaces(ctx, s, c, router)
	if err != nil || slices.Contains(there, subnet) {
		return Connected{Subnet: subnet}, err
	}
	_, err = routers.AddInterface(ctx, c, router, routers.AddInterfaceOpts{SubnetID: subnet}).Extract()
	if err = s.Fault("neutron", err); err != nil {
		// The answer to a request before may have been lost.
		if there, again := interfaces(ctx, s, c, router); again == nil && slices.Contains(there, subnet) {
			return Connected{Subnet: subnet, Made: true}, nil
		}
		return Connected{Subnet: subnet}, busyGateway(err)
	}
	return Connected{Subnet: subnet, Made: true}, nil
}

// busyGateway says what to do when another router has the subnet's gateway address.
func busyGateway(err error) error {
	switch fault.KindOf(err) {
	case fault.Conflict, fault.Invalid:
		return fault.New(fault.Conflict, err, "the instance's subnet has another router: give the instance a floating IP, or detach that router, then press Retry (%s)", fault.MessageOf(err))
	}
	return err
}

// DisconnectInput names a subnet that the manager attached.
type DisconnectInput struct{ Subnet string }

// DisconnectSubnet detaches the subnet from the stack's router. It tolerates absence.
// https://docs.openstack.org/api-ref/network/v2/#remove-interface-from-router
func (a *Activities) DisconnectSubnet(ctx context.Context, in DisconnectInput) error {
	s, c, err := a.open(ctx)
	if err != nil {
		return err
	}
	router, err := stackRouter(ctx, s, c)
	if err != nil || router == "" || in.Subnet == "" {
		return err
	}
	_, err = routers.RemoveInterface(ctx, c, router, routers.RemoveInterfaceOpts{SubnetID: in.Subnet}).Extract()
	if err = s.Fault("neutron", err); fault.KindOf(err) == fault.NotFound {
		return nil
	}
	return err
}

func (a *Activities) open(ctx context.Context) (*openstack.Session, *gophercloud.ServiceClient, error) {
	s, err := a.Cloud.Manager(ctx)
	if err != nil {
		return nil, nil, err
	}
	c, err := s.Network()
	return s, c, err
}

// stackRouter is the router that the stack's template made, "" when there is no stack.
func stackRouter(ctx context.Context, s *openstack.Session, c *gophercloud.ServiceClient) (string, error) {
	list, err := all(ctx, routers.List(c, routers.ListOpts{Tags: tag}), routers.ExtractRouters)
	if err != nil || len(list) == 0 {
		return "", s.Fault("neutron", err)
	}
	return list[0].ID, nil
}

// subnetOf is the subnet of the server's fixed address, "" when no port of it has the address.
func subnetOf(ctx context.Context, s *openstack.Session, c *gophercloud.ServiceClient, in ConnectInput) (string, error) {
	list, err := all(ctx, ports.List(c, ports.ListOpts{DeviceID: in.ServerID}), ports.ExtractPorts)
	if err != nil {
		return "", s.Fault("neutron", err)
	}
	for _, p := range list {
		for _, ip := range p.FixedIPs {
			if ip.IPAddress == in.Address {
				return ip.SubnetID, nil
			}
		}
	}
	return "", nil
}

// interfaces are the subnets that the router has an address in.
func interfaces(ctx context.Context, s *openstack.Session, c *gophercloud.ServiceClient, router string) ([]string, error) {
	list, err := all(ctx, ports.List(c, ports.ListOpts{DeviceID: router}), ports.ExtractPorts)
	if err != nil {
		return nil, s.Fault("neutron", err)
	}
	var out []string
	for _, p := range list {
		for _, ip := range p.FixedIPs {
			if p.DeviceOwner != "network:router_gateway" {
				out = append(out, ip.SubnetID)
			}
		}
	}
	return out, nil
}
