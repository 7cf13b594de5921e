package neutron

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/routers"
	"golang.org/x/sync/semaphore"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance"
	"mycloudmanager/internal/openstack"
)

// AttachSubnetToRouterInput names an instance by its server and the address that the manager signs in at.
type AttachSubnetToRouterInput struct {
	ServerID string
	Address  string
	// Note tells to write into the server's metadata that it needs its subnet.
	RecordSubnet bool
}

// AttachSubnetToRouterResult is the subnet of an instance and the stack's router.
type AttachSubnetToRouterResult struct {
	Subnet  string
	Created bool // the manager attached it: it may take it back
}

// AttachSubnetToRouter joins the instance's subnet with the stack's router when it is not yet. Where another
// router is the subnet's gateway, that one learns the way to the stack. Without a stack, and for an
// address that is floating, there is nothing to connect. It is idempotent: an interface that is there
// is left as it is, a port that a lost answer left is used. Instances of one subnet that enroll
// at once all want the same interface: Neutron refuses those that come later, who then find it there.
// https://docs.openstack.org/api-ref/network/v2/#add-interface-to-router
// https://docs.openstack.org/api-ref/network/v2/#add-extra-routes-to-router
func (a *Activities) AttachSubnetToRouter(ctx context.Context, in AttachSubnetToRouterInput) (AttachSubnetToRouterResult, error) {
	over, err := a.lock.take(ctx)
	if err != nil {
		return AttachSubnetToRouterResult{}, err
	}
	defer over()
	w, err := a.openStackRouter(ctx)
	if err != nil || w.router == "" {
		return AttachSubnetToRouterResult{}, err
	}
	subnet, err := w.subnetOf(ctx, in)
	if err != nil || subnet == "" {
		return AttachSubnetToRouterResult{}, err
	}
	if p, ok := w.interfaceIn(subnet); in.RecordSubnet && (!ok || p.Name == ownPort) {
		// Before the look that counts, which join has yet to take: who detaches the subnet now looks at the
		// notes once more afterwards, so that one of the two sees the other.
		if err := w.s.WriteMetadata(ctx, in.ServerID, instance.SubnetMetadata(subnet)); err != nil {
			return AttachSubnetToRouterResult{}, err
		}
	}
	return a.attachWithRetry(ctx, subnet, in.ServerID)
}

// routerLock lets one after the other change the router: interfaces that are added at once wait for each
// other's locks in Neutron's database, up to a minute. Between workers it costs that minute.
type routerLock struct {
	once sync.Once
	free *semaphore.Weighted
}

func (t *routerLock) take(ctx context.Context) (func(), error) {
	t.once.Do(func() { t.free = semaphore.NewWeighted(1) })
	if err := t.free.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	return func() { t.free.Release(1) }, nil
}

// How often, and after which first pause, an interface is tried that another may be attaching now.
const (
	attachTries = 5
	attachPause = 300 * time.Millisecond
)

// attachWithRetry attaches the subnet on behalf of a server, unless it is attached.
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

// tryAttach is one try; late tells that Neutron refused what another may have made meanwhile. A repeat
// that finds the interface there removes the port that was made in vain.
func (a *Activities) tryAttach(ctx context.Context, subnet, server string, again bool) (done AttachSubnetToRouterResult, late bool, err error) {
	w, err := a.openStackRouter(ctx)
	if err != nil || w.router == "" {
		return AttachSubnetToRouterResult{}, false, err
	}
	if p, ok := w.interfaceIn(subnet); ok {
		made := p.Name == ownPort
		if made { // the route may be what is still missing
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

// refused tells that Neutron does not want what was asked: the address or the port is taken, or the
// router is in the subnet already.
func refused(err error) bool {
	return slices.Contains([]fault.Kind{fault.Conflict, fault.Invalid, fault.NotFound}, fault.KindOf(err))
}

// DetachSubnetFromRouterInput names a subnet that the manager attached, and the instance that needs it no more.
type DetachSubnetFromRouterInput struct {
	Subnet   string
	ServerID string
	// Address finds the subnet, "" above, when the answer of the connection was lost.
	Address string
	// Stays tells that the instance, if it is enrolled, needs the subnet as others do.
	Keep bool
}

// DetachSubnetFromRouter takes the subnet's interface off the stack's router, and the way to the stack off
// the subnet's own, unless another enrolled instance is in the subnet. It tolerates absence. One that
// was noted while the interface went gets it back.
// https://docs.openstack.org/api-ref/network/v2/#remove-interface-from-router
func (a *Activities) DetachSubnetFromRouter(ctx context.Context, in DetachSubnetFromRouterInput) error {
	if in.Subnet == "" && in.Address == "" {
		return nil
	}
	over, err := a.lock.take(ctx)
	if err != nil {
		return err
	}
	defer over()
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
	if err == nil && needed { // also when an earlier attempt ended between the two
		_, err = a.attachWithRetry(ctx, in.Subnet, in.ServerID)
	}
	return err
}

// isSubnetInUse tells whether another instance is reached by the subnet's interface.
func (w stackRouter) isSubnetInUse(ctx context.Context, in DetachSubnetFromRouterInput) (bool, error) {
	all, err := w.s.Servers(ctx)
	for _, server := range all {
		if (in.Keep || server.ID != in.ServerID) && instance.NeedsSubnet(server.Metadata, in.Subnet) {
			return true, nil
		}
	}
	return false, err
}

// DetachInstanceSubnets takes every subnet of instances off the stack's router: Heat deletes only what is
// its own. It tolerates absence.
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
