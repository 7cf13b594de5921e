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
	// ownPort is the name of the ports by which the manager attaches instances' subnets: by it they are
	// told from what Heat made.
	ownPort     = "mcm-instances"
	routerOwner = "network:router_interface"
)

// stackRouter is the stack's router with its interfaces.
type stackRouter struct {
	s          *openstack.Session
	c          *gophercloud.ServiceClient
	router     string // "" when there is no stack
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

// addressIn is the port's address in the subnet.
func addressIn(p ports.Port, subnet string) (string, bool) {
	for _, ip := range p.FixedIPs {
		if ip.SubnetID == subnet {
			return ip.IPAddress, true
		}
	}
	return "", false
}

// interfaceIn is the router's interface in the subnet.
func (w stackRouter) interfaceIn(subnet string) (ports.Port, bool) {
	for _, p := range w.interfaces {
		if _, ok := addressIn(p, subnet); ok {
			return p, true
		}
	}
	return ports.Port{}, false
}

// subnetOf is the subnet of the server's fixed address, "" when no port of it has the address.
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

// unattachedPortAge is how old a port without a device is before it is known that nobody is attaching it now:
// Neutron may take a minute to add an interface.
const unattachedPortAge = 5 * time.Minute

// errTaken is that another task makes the interface now, or ended a moment ago while it did.
var errTaken = errors.New("a port of another task is there")

// portDescription is the description of a port, by which the server is known that it was made for. Two tasks must
// not add the same port: the one that Neutron refuses would strip it from the other.
func portDescription(server string) string {
	return "The stack's router, attached by MyCloudManager for the server " + server
}

// isAbandoned tells that a port without a device is free for the server's task: its own from before, or
// anybody's who has gone. Server "" is whoever takes all.
func isAbandoned(p ports.Port, server string) bool {
	return server == "" || p.Description == portDescription(server) || time.Since(p.CreatedAt) > unattachedPortAge
}

// port makes the port for the interface: at the subnet's gateway when that is free, else anywhere.
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

// listUnattachedPorts lists the ports of ours in the subnet that are no interface, or not yet.
func (w stackRouter) listUnattachedPorts(ctx context.Context, subnet string) ([]ports.Port, error) {
	list, err := all(ctx, ports.List(w.c, ports.ListOpts{Name: ownPort}), ports.ExtractPorts)
	return slices.DeleteFunc(list, func(p ports.Port) bool {
		_, in := addressIn(p, subnet)
		return !in || p.DeviceID != ""
	}), w.s.Fault("neutron", err)
}

// gateway is the port that has the subnet's gateway address, nil when nobody has it.
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

// change adds routes to a router or removes them; both leave the others as they are.
type change func(ctx context.Context, c *gophercloud.ServiceClient, router string, o extraroutes.Opts) error

func extraroutesAdd(ctx context.Context, c *gophercloud.ServiceClient, router string, o extraroutes.Opts) error {
	return extraroutes.Add(ctx, c, router, o).Err
}

func extraroutesRemove(ctx context.Context, c *gophercloud.ServiceClient, router string, o extraroutes.Opts) error {
	return extraroutes.Remove(ctx, c, router, o).Err
}

// updateRoutes tells another router that is the subnet's gateway the way to the stack's own networks, or
// has it forget it.
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

// detach takes the subnet's interface of ours away, with what the subnet's own router had learnt.
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

// deleteUnattachedPorts deletes ports of ours that never became an interface, but not those of a task that goes on.
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
