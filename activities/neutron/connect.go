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

// ConnectInput names an instance by its server and the address that the manager signs in at.
type ConnectInput struct {
	ServerID string
	Address  string
	// Note tells to write into the server's metadata that it needs its subnet.
	Note bool
}

// Connected is the subnet of an instance and the stack's router.
type Connected struct {
	Subnet string
	Made   bool // the manager attached it: it may take it back
}

// ConnectInstance joins the instance's subnet with the stack's router when it is not yet. Where another
// router is the subnet's gateway, that one learns the way to the stack. Without a stack, and for an
// address that is floating, there is nothing to connect. It is idempotent: an interface that is there
// is left as it is, a port that a lost answer left is used. Instances of one subnet that enroll
// at once all want the same interface: Neutron refuses those that come later, who then find it there.
// https://docs.openstack.org/api-ref/network/v2/#add-interface-to-router
// https://docs.openstack.org/api-ref/network/v2/#add-extra-routes-to-router
func (a *Activities) ConnectInstance(ctx context.Context, in ConnectInput) (Connected, error) {
	over, err := a.turn.take(ctx)
	if err != nil {
		return Connected{}, err
	}
	defer over()
	w, err := a.way(ctx)
	if err != nil || w.router == "" {
		return Connected{}, err
	}
	subnet, err := w.subnetOf(ctx, in)
	if err != nil || subnet == "" {
		return Connected{}, err
	}
	if p, ok := w.interfaceIn(subnet); in.Note && (!ok || p.Name == ownPort) {
		// Before the look that counts, which join has yet to take: who detaches the subnet now looks at the
		// notes once more afterwards, so that one of the two sees the other.
		if err := w.s.WriteMetadata(ctx, in.ServerID, instance.SubnetNote(subnet)); err != nil {
			return Connected{}, err
		}
	}
	return a.join(ctx, subnet, in.ServerID)
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

// join attaches the subnet on behalf of a server, unless it is attached.
func (a *Activities) join(ctx context.Context, subnet, server string) (Connected, error) {
	for try := 1; ; try++ {
		done, late, err := a.attach(ctx, subnet, server, try > 1)
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

// attach is one try; late tells that Neutron refused what another may have made meanwhile. A repeat
// that finds the interface there removes the port that was made in vain.
func (a *Activities) attach(ctx context.Context, subnet, server string, again bool) (done Connected, late bool, err error) {
	w, err := a.way(ctx)
	if err != nil || w.router == "" {
		return Connected{}, false, err
	}
	if p, ok := w.interfaceIn(subnet); ok {
		made := p.Name == ownPort
		if made { // the route may be what is still missing
			at, _ := addressIn(p, subnet)
			err = w.learn(ctx, subnet, at, extraroutesAdd)
		}
		if err == nil && again {
			err = w.strays(ctx, subnet, server)
		}
		return Connected{Subnet: subnet, Made: made}, false, err
	}
	done = Connected{Subnet: subnet, Made: true}
	port, err := w.port(ctx, subnet, server)
	if err != nil {
		return done, refused(err) || errors.Is(err, errTaken), err
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
	// Stays tells that the instance, if it is enrolled, needs the subnet as others do.
	Stays bool
}

// DisconnectSubnet takes the subnet's interface off the stack's router, and the way to the stack off
// the subnet's own, unless another enrolled instance is in the subnet. It tolerates absence. One that
// was noted while the interface went gets it back.
// https://docs.openstack.org/api-ref/network/v2/#remove-interface-from-router
func (a *Activities) DisconnectSubnet(ctx context.Context, in DisconnectInput) error {
	if in.Subnet == "" && in.Address == "" {
		return nil
	}
	over, err := a.turn.take(ctx)
	if err != nil {
		return err
	}
	defer over()
	w, err := a.way(ctx)
	if err == nil && in.Subnet == "" {
		in.Subnet, err = w.subnetOf(ctx, ConnectInput{ServerID: in.ServerID, Address: in.Address})
	}
	if err == nil && in.Subnet != "" && w.router != "" {
		err = a.disconnect(ctx, w, in)
	}
	if err != nil || in.Stays {
		return err
	}
	return w.s.DropMetadata(ctx, in.ServerID, instance.SubnetNoteKey)
}

func (a *Activities) disconnect(ctx context.Context, w way, in DisconnectInput) error {
	needed, err := w.needed(ctx, in)
	if err == nil && !needed {
		if err = w.leave(ctx, in.Subnet, in.ServerID); err == nil {
			needed, err = w.needed(ctx, in)
		}
	}
	if err == nil && needed { // also when an earlier attempt ended between the two
		_, err = a.join(ctx, in.Subnet, in.ServerID)
	}
	return err
}

// needed tells whether another instance is reached by the subnet's interface.
func (w way) needed(ctx context.Context, in DisconnectInput) (bool, error) {
	all, err := w.s.Servers(ctx)
	for _, server := range all {
		if (in.Stays || server.ID != in.ServerID) && instance.NeedsSubnet(server.Metadata, in.Subnet) {
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
			if err := w.leave(ctx, ip.SubnetID, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *Activities) open(ctx context.Context) (*openstack.Session, *gophercloud.ServiceClient, error) {
	return a.Cloud.Service(ctx, (*openstack.Session).Network)
}
