package nova

import (
	"context"
	"fmt"
	"slices"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/flavors"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/keypairs"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/networks"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
)

// ResolveServerSpecInput is a snapshot of an instance, and the server to be made of it.
type ResolveServerSpecInput struct {
	Image    string
	Instance string
	Name     string
	// What the user has chosen, by name or id; "" and none are as the instance was.
	Flavor   string
	Networks []string
}

// ServerSpec is what the new server is to be like.
type ServerSpec struct {
	Name           string
	Image          string               // "" when it boots from volumes
	Disks          []backup.BlockDevice // the volumes, the one that it boots from first
	Spec           backup.ServerSpec
	Metadata       map[string]string
	RequiredSubnet string // what could not be taken over
}

// ResolveServerSpec finds out what a server beside an instance has to be like: as the instance is, or, when it is gone,
// as it was at the snapshot. The manager's own metadata is not taken over: the new server is not enrolled. It
// is a read.
func (a *Activities) ResolveServerSpec(ctx context.Context, in ResolveServerSpecInput) (ServerSpec, error) {
	s, c, err := a.open(ctx)
	if err != nil {
		return ServerSpec{}, err
	}
	known, image, err := backup.ImageByID(ctx, s, in.Image)
	if err != nil {
		return ServerSpec{}, err
	}
	out := ServerSpec{Name: in.Name, Image: in.Image, Disks: backup.BlockDevices(image)}
	if len(out.Disks) > 0 {
		out.Image = ""
	}
	v, err := servers.Get(ctx, c, in.Instance).Extract()
	switch err = s.Fault("nova", err); {
	case err == nil:
		if out.Spec, err = specOf(ctx, s, v); err != nil {
			return out, err
		}
	case fault.KindOf(err) != fault.NotFound:
		return out, err
	case known.Server != nil:
		out.Spec = *known.Server
	}
	out.Metadata = out.Spec.Metadata
	if err := resolveChoices(ctx, s, c, in, &out.Spec); err != nil {
		return out, err
	}
	return out, resolveKeyPair(ctx, s, c, &out)
}

// resolveChoices puts what the user has chosen into the shape, which must then be whole.
func resolveChoices(ctx context.Context, s *openstack.Session, c *gophercloud.ServiceClient, in ResolveServerSpecInput, shape *backup.ServerSpec) error {
	unknown := shape.Flavor == ""
	if in.Flavor != "" {
		pages, err := flavors.ListDetail(c, nil).AllPages(ctx)
		if err != nil {
			return s.Fault("nova", err)
		}
		all, err := flavors.ExtractFlavors(pages)
		if err != nil {
			return s.Fault("nova", err)
		}
		at := slices.IndexFunc(all, func(f flavors.Flavor) bool { return f.ID == in.Flavor || f.Name == in.Flavor })
		if at < 0 {
			return fault.InvalidField("flavor", "there is no flavor %s", in.Flavor)
		}
		shape.Flavor = all[at].ID
	}
	switch {
	case shape.Flavor == "":
		return fault.InvalidField("flavor", "the instance no longer exists and its backup records no flavor: choose one")
	case len(in.Networks) > 0:
		return resolveNetworks(ctx, s, in.Networks, shape)
	case unknown:
		return fault.InvalidField("networks", "the instance no longer exists and its backup records no networks: choose them")
	}
	return nil
}

// resolveNetworks replaces the networks. A port in one that the instance was in keeps its security groups.
func resolveNetworks(ctx context.Context, s *openstack.Session, names []string, shape *backup.ServerSpec) error {
	n, err := s.Network()
	if err != nil {
		return err
	}
	pages, err := networks.List(n, networks.ListOpts{}).AllPages(ctx)
	if err != nil {
		return s.Fault("neutron", err)
	}
	all, err := networks.ExtractNetworks(pages)
	if err != nil {
		return s.Fault("neutron", err)
	}
	before := shape.Networks
	shape.Networks = nil
	for _, name := range names {
		at := slices.IndexFunc(all, func(v networks.Network) bool { return v.ID == name || v.Name == name })
		if at < 0 {
			return fault.InvalidField("networks", "there is no network %s", name)
		}
		network := backup.ServerPortSpec{ID: all[at].ID}
		if was := slices.IndexFunc(before, func(b backup.ServerPortSpec) bool { return b.ID == network.ID }); was >= 0 {
			network.Groups = before[was].Groups
		}
		shape.Networks = append(shape.Networks, network)
	}
	return nil
}

// resolveKeyPair leaves the key pair out when the manager's account has none of that name: key pairs belong to users.
// What it has put on the disk is on the snapshot.
func resolveKeyPair(ctx context.Context, s *openstack.Session, c *gophercloud.ServiceClient, out *ServerSpec) error {
	if out.Spec.KeyName == "" {
		return nil
	}
	_, err := keypairs.Get(ctx, c, out.Spec.KeyName, nil).Extract()
	if err = s.Fault("nova", err); fault.KindOf(err) != fault.NotFound {
		return err
	}
	out.RequiredSubnet = fmt.Sprintf("created without the key pair %s, which the manager's account does not have; keys already on the disk still work", out.Spec.KeyName)
	out.Spec.KeyName = ""
	return nil
}

// protect gives each port the security groups of the port that it stands for, where ports differ. It is
// idempotent: the same groups.
// https://docs.openstack.org/api-ref/network/v2/#update-port
func protect(ctx context.Context, s *openstack.Session, id string, want []backup.ServerPortSpec) error {
	most := common(want)
	if !slices.ContainsFunc(want, func(n backup.ServerPortSpec) bool { return len(n.Groups) != len(most) }) {
		return nil
	}
	c, err := s.Compute()
	if err != nil {
		return err
	}
	n, err := s.Network()
	if err != nil {
		return err
	}
	interfaces, err := interfacesOf(ctx, s, c, id)
	if err != nil {
		return err
	}
	for i, w := range want {
		if i == len(interfaces) {
			break
		}
		groups := slices.Clone(w.Groups)
		if groups == nil {
			groups = []string{}
		}
		if _, err := ports.Update(ctx, n, interfaces[i].PortID, ports.UpdateOpts{SecurityGroups: &groups}).Extract(); err != nil {
			return s.Fault("neutron", err)
		}
	}
	return nil
}
