package neutron

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/routers"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance"
	"mycloudmanager/internal/openstack"
)

// AttachSubnetToRouterInput names the server of an instance and the address that the manager signs in at.
type AttachSubnetToRouterInput struct {
	ServerID string
	Address  string
	// RecordSubnet writes the required subnet to the server's metadata.
	RecordSubnet bool
}

// AttachSubnetToRouterResult describes the subnet of an instance.
type AttachSubnetToRouterResult struct {
	Subnet  string
	Created bool // attached by the manager, which may detach it
}

// AttachSubnetToRouter attaches the instance's subnet to the stack's router. If another router is the gateway of the
// subnet, that router receives a route to the stack. Without a stack, and for a floating address, it does nothing. It is
// idempotent: an existing interface is left unchanged, and a port whose response was lost is reused. If several instances
// of a subnet enroll concurrently, Neutron refuses all but the first interface, and the others then find it.
// https://docs.openstack.org/api-ref/network/v2/#add-interface-to-router
// https://docs.openstack.org/api-ref/network/v2/#add-extra-routes-to-router
func (a *Activities) AttachSubnetToRouter(ctx context.Context, in AttachSubnetToRouterInput) (AttachSubnetToRouterResult, error) {
	end, err := a.changeRouter(ctx)
	if err != nil {
		return AttachSubnetToRouterResult{}, err
	}
	defer end()
	w, err := a.openStackRouter(ctx)
	if err != nil || w.router == "" {
		return AttachSubnetToRouterResult{}, err
	}
	subnet, err := w.subnetOf(ctx, in)
	if err != nil || subnet == "" {
		return AttachSubnetToRouterResult{}, err
	}
	if p, ok := w.interfaceIn(subnet); in.RecordSubnet && (!ok || p.Name == ownPort) {
		// Record the need before attachWithRetry reads the router again: a concurrent detach checks the metadata again after
		// it has removed the interface, so one of the two detects the other.
		if err := w.s.WriteMetadata(ctx, in.ServerID, instance.SubnetMetadata(subnet)); err != nil {
			return AttachSubnetToRouterResult{}, err
		}
	}
	return a.attachWithRetry(ctx, subnet, in.ServerID)
}

// changeRouter waits until this worker changes no router, and returns a function that ends the change. Concurrent requests
// to add interfaces contend for a lock in Neutron's database for up to a minute; across workers that delay is accepted.
func (a *Activities) changeRouter(ctx context.Context) (end func(), err error) {
	return a.lock.Acquire(ctx, 1, 1)
}

// Retries of an interface that another task may be attaching.
const (
	attachTries = 5
	attachPause = 300 * time.Millisecond
)

// attachWithRetry attaches the subnet for a server, unless it is already attached.
func (a *Activities) attachWithRetry(ctx context.Context, subnet, server string) (AttachSubnetToRouterResult, error) {
	for try := 1; ; try++ {
		done, late, err := a.tryAttach(ctx, subnet, server, try > 1)
		if !late || try == attachTries {
			return done, err
		}
		select {
		case <-ctx.Done():
			return done, ctx.Err()
		case <-time.After(time.Duration(try) * attachPause):
		}
	}
}

// tryAttach makes one attempt. late reports that Neutron refused, possibly because another task attached the subnet
// meanwhile. A retry that finds the interface deletes its unused port.
func (a *Activities) tryAttach(ctx context.Context, subnet, server string, again bool) (done AttachSubnetToRouterResult, late bool, err error) {
	w, err := a.openStackRouter(ctx)
	if err != nil || w.router == "" {
		return AttachSubnetToRouterResult{}, false, err
	}
	if p, ok := w.interfaceIn(subnet); ok {
		made := p.Name == ownPort
		if made { // the route may still be missing
			at, _ := addressIn(p, subnet)
			err = w.updateRoutes(ctx, subnet, at, extraroutesAdd)
		}
		if err == nil && again {
			err = w.deleteUnattachedPorts(ctx, subnet, server)
		}
		return AttachSubnetToRouterResult{Subnet: subnet, Created: made}, false, err
	}
	done = AttachSubnetToRouterResult{Subnet: subnet, Created: true}
	port, err := w.port(ctx, subnet, server)
	if err != nil {
		return done, refused(err) || errors.Is(err, errTaken), err
	}
	_, err = routers.AddInterface(ctx, w.c, w.router, routers.AddInterfaceOpts{PortID: port.ID}).Extract()
	if err = w.s.Fault("neutron", err); err != nil {
		return done, refused(err), err
	}
	at, _ := addressIn(port, subnet)
	return done, false, w.updateRoutes(ctx, subnet, at, extraroutesAdd)
}

// refused reports whether Neutron rejected the request because the address or the port is in use, or because the router
// already has an interface in the subnet.
func refused(err error) bool {
	return slices.Contains([]fault.Kind{fault.Conflict, fault.Invalid, fault.NotFound}, fault.KindOf(err))
}

// DetachSubnetFromRouterInput names a subnet that the manager attached, and the instance that no longer needs it.
type DetachSubnetFromRouterInput struct {
	Subnet   string
	ServerID string
	// Address identifies the subnet if Subnet is "", because the response of the attachment was lost.
	Address string
	// Keep is set if the instance, while enrolled, still requires the subnet.
	Keep bool
}

// DetachSubnetFromRouter removes the subnet's interface from the stack's router, and the route to the stack from the
// subnet's own router, unless another enrolled instance uses the subnet. If an instance records the subnet while the
// interface is removed, the subnet is attached again. It is idempotent and tolerates absence.
// https://docs.openstack.org/api-ref/network/v2/#remove-interface-from-router
func (a *Activities) DetachSubnetFromRouter(ctx context.Context, in DetachSubnetFromRouterInput) error {
	if in.Subnet == "" && in.Address == "" {
		return nil
	}
	end, err := a.changeRouter(ctx)
	if err != nil {
		return err
	}
	defer end()
	w, err := a.openStackRouter(ctx)
	if err == nil && in.Subnet == "" {
		in.Subnet, err = w.subnetOf(ctx, AttachSubnetToRouterInput{ServerID: in.ServerID, Address: in.Address})
	}
	if err == nil && in.Subnet != "" && w.router != "" {
		err = a.detachSubnet(ctx, w, in)
	}
	if err != nil || in.Keep {
		return err
	}
	return w.s.DropMetadata(ctx, in.ServerID, instance.SubnetKey)
}

func (a *Activities) detachSubnet(ctx context.Context, w stackRouter, in DetachSubnetFromRouterInput) error {
	needed, err := w.isSubnetInUse(ctx, in)
	if err == nil && !needed {
		if err = w.detach(ctx, in.Subnet, in.ServerID); err == nil {
			needed, err = w.isSubnetInUse(ctx, in)
		}
	}
	if err == nil && needed { // also after an attempt that was interrupted between the two
		_, err = a.attachWithRetry(ctx, in.Subnet, in.ServerID)
	}
	return err
}

// isSubnetInUse reports whether another instance requires the subnet's interface.
func (w stackRouter) isSubnetInUse(ctx context.Context, in DetachSubnetFromRouterInput) (bool, error) {
	all, err := w.s.Servers(ctx)
	for _, server := range all {
		if (in.Keep || server.ID != in.ServerID) && instance.NeedsSubnet(server.Metadata, in.Subnet) {
			return true, nil
		}
	}
	return false, err
}

// DetachInstanceSubnets detaches all subnets of instances from the stack's router, because Heat deletes only its own
// interfaces. It is idempotent and tolerates absence.
func (a *Activities) DetachInstanceSubnets(ctx context.Context) error {
	w, err := a.openStackRouter(ctx)
	if err != nil || w.router == "" {
		return err
	}
	for _, p := range w.interfaces {
		for _, ip := range p.FixedIPs {
			if p.Name != ownPort {
				continue
			}
			if err := w.detach(ctx, ip.SubnetID, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *Activities) open(ctx context.Context) (*openstack.Session, *gophercloud.ServiceClient, error) {
	return a.Cloud.Service(ctx, (*openstack.Session).Network)
}
