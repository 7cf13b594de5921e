package nova

import (
	"context"
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
	"mycloudmanager/internal/platform/i18n"
)

// ResolveServerSpecInput names a snapshot of an instance and the server to create from it.
type ResolveServerSpecInput struct {
	Image    string
	Instance string
	Name     string
	// Choices of the user, by name or ID. They default to those of the instance.
	Flavor   string
	Networks []string
}

// ServerSpec describes the new server.
type ServerSpec struct {
	Name     string
	Image    string               // "" if it boots from volumes
	Disks    []backup.BlockDevice // volumes, the boot volume first
	Spec     backup.ServerSpec
	Metadata map[string]string
	Note     i18n.Message // note on what could not be copied
}

// ResolveServerSpec determines the configuration of a new server: that of the instance or, if the instance was deleted,
// the one recorded with the snapshot. The manager's own metadata is not copied, because the new server is not enrolled. It
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

// resolveChoices applies the choices of the user to the spec, which must then be complete.
func resolveChoices(ctx context.Context, s *openstack.Session, c *gophercloud.ServiceClient, in ResolveServerSpecInput, spec *backup.ServerSpec) error {
	unknown := spec.Flavor == ""
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
		spec.Flavor = all[at].ID
	}
	switch {
	case spec.Flavor == "":
		return fault.InvalidField("flavor", "the instance no longer exists and its backup records no flavor: choose one")
	case len(in.Networks) > 0:
		return resolveNetworks(ctx, s, in.Networks, spec)
	case unknown:
		return fault.InvalidField("networks", "the instance no longer exists and its backup records no networks: choose them")
	}
	return nil
}

// resolveNetworks replaces the networks. A port in a network of the instance keeps its security groups.
func resolveNetworks(ctx context.Context, s *openstack.Session, names []string, spec *backup.ServerSpec) error {
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
	before := spec.Networks
	spec.Networks = nil
	for _, name := range names {
		at := slices.IndexFunc(all, func(v networks.Network) bool { return v.ID == name || v.Name == name })
		if at < 0 {
			return fault.InvalidField("networks", "there is no network %s", name)
		}
		network := backup.ServerPortSpec{ID: all[at].ID}
		if was := slices.IndexFunc(before, func(b backup.ServerPortSpec) bool { return b.ID == network.ID }); was >= 0 {
			network.Groups = before[was].Groups
		}
		spec.Networks = append(spec.Networks, network)
	}
	return nil
}

// resolveKeyPair omits the key pair if the manager's account does not have it, because key pairs belong to users. The key
// that was written to the disk is part of the snapshot.
func resolveKeyPair(ctx context.Context, s *openstack.Session, c *gophercloud.ServiceClient, out *ServerSpec) error {
	if out.Spec.KeyName == "" {
		return nil
	}
	_, err := keypairs.Get(ctx, c, out.Spec.KeyName, nil).Extract()
	if err = s.Fault("nova", err); fault.KindOf(err) != fault.NotFound {
		return err
	}
	out.Note = i18n.Messagef("created without the key pair %s, which the manager's account does not have; keys already on the disk still work", out.Spec.KeyName)
	out.Spec.KeyName = ""
	return nil
}

// protect sets the security groups of each port to those of the original port, if the ports differ. It is idempotent: it
// writes the same groups.
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
