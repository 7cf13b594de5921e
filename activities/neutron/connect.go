package neutron

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/routers"
	"golang.org/x/sync/semaphore"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instances"
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

// ConnectInstance joins the instance's subnet with the stack's router when it is not yet. Where another
// router is the subnet's gateway, that one learns the way to the stack. Without a stack, and for an
// address that is floating, there is nothing to connect. It is idempotent: an interface that is there
// is left as it is, a port of ours that a lost answer left is used. Instances of one subnet that enroll
// at once all want the same interface: Neutron refuses those that come later, who then find it there.
// https://docs.openstack.org/api-ref/network/v2/#add-interface-to-router
// https://docs.openstack.org/api-ref/network/v2/#add-extra-routes-to-router
func (a *Activities) ConnectInstance(ctx context.Context, in ConnectInput) (Connected, error) {
	over, err := a.turn.take(ctx)
	if err != nil {
		return Connected{}, err
	}
	defer over()
	for try := 1; ; try++ {
		done, late, err := a.connect(ctx, in, try > 1)
		if !late || try == connectTries {
			return done, err
		}
		select {
		case <-ctx.Done():
			return done, ctx.Err()
		case <-time.After(time.Duration(try) * connectPause):
		}
	}
}

// turn lets one after the other change the router: interfaces that are added at once wait for each
// other's locks in Neutron's database, up to a minute. Between workers it costs that minute.
type turn struct {
	once sync.Once
	free *semaphore.Weighted
}

func (t *turn) take(ctx context.Context) (func(), error) {
	t.once.Do(func() { t.free = semaphore.NewWeighted(1) })
	if err := t.free.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	return func() { t.free.Release(1) }, nil
}

// How often, and after which first pause, an interface is tried that another may be attaching now.
const (
	connectTries = 5
	connectPause = 300 * time.Millisecond
)

// connect is one try; late tells that Neutron refused what another may have made meanwhile. A repeat
// that finds the interface there removes the port that was made in vain.
func (a *Activities) connect(ctx context.Context, in ConnectInput, again bool) (done Connected, late bool, err error) {
	w, err := a.way(ctx)
	if err != nil || w.router == "" {
		return Connected{}, false, err
	}
	subnet, err := w.subnetOf(ctx, in)
	if err != nil || subnet == "" {
		return Connected{}, false, err
	}
	for _, p := range w.interfaces {
		if in, ok := addressIn(p, subnet); ok {
			made := p.Name == ownPort
			if made { // the route may be what is still missing
				err = w.learn(ctx, subnet, in, extraroutesAdd)
			}
			if err == nil && again {
				err = w.strays(ctx, subnet)
			}
			return Connected{Subnet: subnet, Made: made}, false, err
		}
	}
	done = Connected{Subnet: subnet, Made: true}
	port, err := w.port(ctx, subnet)
	if err != nil {
		return done, refused(err), err
	}
	_, err = routers.AddInterface(ctx, w.c, w.router, routers.AddInterfaceOpts{PortID: port.ID}).Extract()
	if err = w.s.Fault("neutron", err); err != nil {
		return done, refused(err), err
	}
	at, _ := addressIn(port, subnet)
	return done, false, w.learn(ctx, subnet, at, extraroutesAdd)
}

// refused tells that Neutron does not want what was asked: the address or the port is taken, or the
// router is in the subnet already.
func refused(err error) bool {
	return slices.Contains([]fault.Kind{fault.Conflict, fault.Invalid, fault.NotFound}, fault.KindOf(err))
}

// DisconnectInput names a subnet that the manager attached, and the instance that needs it no more.
type DisconnectInput struct {
	Subnet   string
	ServerID string
	// Address finds the subnet, "" above, when the answer of the connection was lost.
	Address string
}

// DisconnectSubnet takes the subnet's interface off the stack's router, and the way to the stack off
// the subnet's own, unless another enrolled instance is in the subnet. It tolerates absence.
// https://docs.openstack.org/api-ref/network/v2/#remove-interface-from-router
func (a *Activities) DisconnectSubnet(ctx context.Context, in DisconnectInput) error {
	if in.Subnet == "" && in.Address == "" {
		return nil
	}
	w, err := a.way(ctx)
	if err != nil || w.router == "" {
		return err
	}
	if in.Subnet == "" {
		if in.Subnet, err = w.subnetOf(ctx, ConnectInput{ServerID: in.ServerID, Address: in.Address}); err != nil || in.Subnet == "" {
			return err
		}
	}
	needed, err := w.needed(ctx, in)
	if err != nil || needed {
		return err
	}
	return w.leave(ctx, in.Subnet)
}

// needed tells whether another instance is reached by the subnet's interface.
func (w way) needed(ctx context.Context, in DisconnectInput) (bool, error) {
	all, err := w.s.Servers(ctx)
	for _, server := range all {
		if server.ID != in.ServerID && instances.NeedsSubnet(server.Metadata, in.Subnet) {
			return true, nil
		}
	}
	return false, err
}

// DetachInstances takes every subnet of instances off the stack's router: Heat deletes only what is
// its own. It tolerates absence.
func (a *Activities) DetachInstances(ctx context.Context) error {
	w, err := a.way(ctx)
	if err != nil || w.router == "" {
		return err
	}
	for _, p := range w.interfaces {
		for _, ip := range p.FixedIPs {
			if p.Name != ownPort {
				continue
			}
			if err := w.leave(ctx, ip.SubnetID); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *Activities) open(ctx context.Context) (*openstack.Session, *gophercloud.ServiceClient, error) {
	s, err := a.Cloud.Manager(ctx)
	if err != nil {
		return nil, nil, err
	}
	c, err := s.Network()
	return s, c, err
}
