package neutron

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/extraroutes"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/routers"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/subnets"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
)

const (
	// ownPort is the name of ports that attach subnets of instances. It distinguishes them from ports that Heat created.
	ownPort     = "mcm-instances"
	routerOwner = "network:router_interface"
)

// stackRouter is the stack's router with its interfaces.
type stackRouter struct {
	s          *openstack.Session
	c          *gophercloud.ServiceClient
	router     string // "" without a stack
	interfaces []ports.Port
}

func (a *Activities) openStackRouter(ctx context.Context) (stackRouter, error) {
	s, c, err := a.open(ctx)
	if err != nil {
		return stackRouter{}, err
	}
	w := stackRouter{s: s, c: c}
	list, err := all(ctx, routers.List(c, routers.ListOpts{Tags: tag}), routers.ExtractRouters)
	if err != nil || len(list) == 0 {
		return w, s.Fault("neutron", err)
	}
	w.router = list[0].ID
	found, err := all(ctx, ports.List(c, ports.ListOpts{DeviceID: w.router}), ports.ExtractPorts)
	w.interfaces = slices.DeleteFunc(found, func(p ports.Port) bool { return p.DeviceOwner != routerOwner })
	return w, s.Fault("neutron", err)
}

// addressIn returns the port's address in the subnet.
func addressIn(p ports.Port, subnet string) (string, bool) {
	for _, ip := range p.FixedIPs {
		if ip.SubnetID == subnet {
			return ip.IPAddress, true
		}
	}
	return "", false
}

// interfaceIn returns the router's interface in the subnet.
func (w stackRouter) interfaceIn(subnet string) (ports.Port, bool) {
	for _, p := range w.interfaces {
		if _, ok := addressIn(p, subnet); ok {
			return p, true
		}
	}
	return ports.Port{}, false
}

// subnetOf returns the subnet of the server's fixed address, or "" if none of its ports has the address.
func (w stackRouter) subnetOf(ctx context.Context, in AttachSubnetToRouterInput) (string, error) {
	list, err := all(ctx, ports.List(w.c, ports.ListOpts{DeviceID: in.ServerID}), ports.ExtractPorts)
	if err != nil {
		return "", w.s.Fault("neutron", err)
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

// unattachedPortAge is the minimum age of unattached ports that are considered abandoned: Neutron may take a minute to add
// an interface.
const unattachedPortAge = 5 * time.Minute

// errTaken means that another task is creating the interface, or was interrupted a moment ago.
var errTaken = errors.New("a port of another task is there")

// portDescription returns a description that identifies the server for which a port was created. Two tasks must not add
// the same port: if Neutron refuses one request, it removes the port from the other one too.
func portDescription(server string) string {
	return "The stack's router, attached by MyCloudManager for the server " + server
}

// isAbandoned reports whether an unattached port may be reused or deleted: this server's task created it, or it is older
// than unattachedPortAge. With server "" every port qualifies.
func isAbandoned(p ports.Port, server string) bool {
	return server == "" || p.Description == portDescription(server) || time.Since(p.CreatedAt) > unattachedPortAge
}

// port creates the port for the interface, with the subnet's gateway address if it is free.
func (w stackRouter) port(ctx context.Context, subnet, server string) (ports.Port, error) {
	net, err := subnets.Get(ctx, w.c, subnet).Extract()
	if err != nil {
		return ports.Port{}, w.s.Fault("neutron", err)
	}
	left, err := w.listUnattachedPorts(ctx, subnet)
	if err != nil {
		return ports.Port{}, err
	}
	for _, p := range left {
		if isAbandoned(p, server) {
			return p, nil
		}
	}
	at := ports.IP{SubnetID: subnet}
	taken, err := w.gateway(ctx, net)
	if err != nil {
		return ports.Port{}, err
	}
	if taken == nil {
		at.IPAddress = net.GatewayIP
	}
	if taken != nil && slices.ContainsFunc(left, func(p ports.Port) bool { return p.ID == taken.ID }) {
		return ports.Port{}, fault.New(fault.Unavailable, errTaken, "another task is attaching the instance's subnet")
	}
	made, err := ports.Create(ctx, w.c, ports.CreateOpts{NetworkID: net.NetworkID, Name: ownPort, FixedIPs: []ports.IP{at},
		Description: portDescription(server)}).Extract()
	if err != nil {
		return ports.Port{}, w.s.Fault("neutron", err)
	}
	return *made, nil
}

// listUnattachedPorts lists our ports in the subnet that are not attached to a router.
func (w stackRouter) listUnattachedPorts(ctx context.Context, subnet string) ([]ports.Port, error) {
	list, err := all(ctx, ports.List(w.c, ports.ListOpts{Name: ownPort}), ports.ExtractPorts)
	return slices.DeleteFunc(list, func(p ports.Port) bool {
		_, in := addressIn(p, subnet)
		return !in || p.DeviceID != ""
	}), w.s.Fault("neutron", err)
}

// gateway returns the port with the subnet's gateway address, or nil.
func (w stackRouter) gateway(ctx context.Context, net *subnets.Subnet) (*ports.Port, error) {
	if net.GatewayIP == "" {
		return nil, nil
	}
	list, err := all(ctx, ports.List(w.c, ports.ListOpts{NetworkID: net.NetworkID}), ports.ExtractPorts)
	for i, p := range list {
		if at, ok := addressIn(p, net.ID); ok && at == net.GatewayIP {
			return &list[i], nil
		}
	}
	return nil, w.s.Fault("neutron", err)
}

// change adds or removes routes of a router. Other routes are left unchanged.
type change func(ctx context.Context, c *gophercloud.ServiceClient, router string, o extraroutes.Opts) error

func extraroutesAdd(ctx context.Context, c *gophercloud.ServiceClient, router string, o extraroutes.Opts) error {
	return extraroutes.Add(ctx, c, router, o).Err
}

func extraroutesRemove(ctx context.Context, c *gophercloud.ServiceClient, router string, o extraroutes.Opts) error {
	return extraroutes.Remove(ctx, c, router, o).Err
}

// updateRoutes adds the routes to the stack's networks to the router that is the subnet's gateway, or removes them.
func (w stackRouter) updateRoutes(ctx context.Context, subnet, hop string, do change) error {
	net, err := subnets.Get(ctx, w.c, subnet).Extract()
	if err != nil {
		return w.s.Fault("neutron", err)
	}
	gate, err := w.gateway(ctx, net)
	if err != nil || gate == nil || gate.DeviceID == w.router {
		return err
	}
	if gate.DeviceOwner == "" {
		return fault.New(fault.Unavailable, nil, "the gateway of the instance's subnet is being attached by another operation")
	}
	if gate.DeviceOwner != routerOwner {
		return fault.New(fault.Conflict, nil, "the gateway address %s of the instance's subnet belongs to no router of the project: give the instance a floating IP, then press Retry", net.GatewayIP)
	}
	var routes []routers.Route
	for _, p := range w.interfaces {
		for _, ip := range p.FixedIPs {
			if p.Name == ownPort {
				continue
			}
			own, err := subnets.Get(ctx, w.c, ip.SubnetID).Extract()
			if err != nil {
				return w.s.Fault("neutron", err)
			}
			routes = append(routes, routers.Route{DestinationCIDR: own.CIDR, NextHop: hop})
		}
	}
	return w.s.Fault("neutron", do(ctx, w.c, gate.DeviceID, extraroutes.Opts{Routes: &routes}))
}

// detach removes our interface in the subnet, and the routes of the subnet's own router.
func (w stackRouter) detach(ctx context.Context, subnet, server string) error {
	for _, p := range w.interfaces {
		at, ok := addressIn(p, subnet)
		if !ok || p.Name != ownPort {
			continue
		}
		if err := w.updateRoutes(ctx, subnet, at, extraroutesRemove); err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
		_, err := routers.RemoveInterface(ctx, w.c, w.router, routers.RemoveInterfaceOpts{PortID: p.ID}).Extract()
		if err = w.s.Fault("neutron", err); err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
	}
	return w.deleteUnattachedPorts(ctx, subnet, server)
}

// deleteUnattachedPorts deletes our abandoned ports, but not those of a task in progress.
func (w stackRouter) deleteUnattachedPorts(ctx context.Context, subnet, server string) error {
	left, err := w.listUnattachedPorts(ctx, subnet)
	if err != nil {
		return err
	}
	for _, p := range left {
		if !isAbandoned(p, server) {
			continue
		}
		if err := w.s.Fault("neutron", ports.Delete(ctx, w.c, p.ID).ExtractErr()); err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
	}
	return nil
}
