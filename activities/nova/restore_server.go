package nova

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/keypairs"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
)

// CreateServerInput describes a server to create from a backup.
type CreateServerInput struct {
	ServerSpec
	Volumes []string // IDs of its volumes, in the order of the disks
	Task    string
}

// CreateServerResult describes the new server.
type CreateServerResult struct {
	ID        string
	Addresses []string
}

// CreateServer creates a server and waits until it is running. It is idempotent by the task ID in the server's metadata: a
// server whose response was lost is found, and a duplicate, created by a request that was in flight during the search, is
// deleted.
// https://docs.openstack.org/api-ref/compute/#create-server
func (a *Activities) CreateServer(ctx context.Context, in CreateServerInput) (CreateServerResult, error) {
	s, c, err := a.open(ctx)
	if err != nil {
		return CreateServerResult{}, err
	}
	var made CreateServerResult
	err = operation.Poll(ctx, a.PollInterval, func(ctx context.Context) (bool, i18n.Message, error) {
		all, err := restored(ctx, s, in.Task)
		if err != nil {
			return false, i18n.Message{}, err
		}
		if len(all) == 0 {
			return false, i18n.Messagef("requesting the server"), a.requestServer(ctx, s, c, in)
		}
		for _, extra := range all[1:] {
			if err := fault.IgnoreNotFound(s.Fault("nova", servers.Delete(ctx, c, extra.ID).ExtractErr())); err != nil {
				return false, i18n.Message{}, err
			}
		}
		v := all[0]
		made = CreateServerResult{ID: v.ID}
		for _, address := range openstack.AddressesOf(v) {
			made.Addresses = append(made.Addresses, address.Address)
		}
		switch {
		case v.Status == failed:
			return false, i18n.Message{}, refusedBuild(ctx, s, c, v)
		case v.Status == active && v.TaskState == "" && len(all) == 1:
			return true, i18n.Message{}, nil
		}
		return false, i18n.Messagef("%s is %s, %s", v.Name, v.Status, v.TaskState), nil
	})
	if err != nil {
		return made, err
	}
	return made, protect(ctx, s, made.ID, in.Spec.Networks)
}

// refusedBuild returns the reason of a failed build, which the server list does not contain.
func refusedBuild(ctx context.Context, s *openstack.Session, c *gophercloud.ServiceClient, v servers.Server) error {
	one, err := servers.Get(ctx, c, v.ID).Extract()
	if err != nil {
		return s.Fault("nova", err)
	}
	return fault.New(fault.Invalid, nil, "nova: %s is in error: %s", v.Name, one.Fault.Message)
}

// restored returns the servers that a task has created, oldest first.
func restored(ctx context.Context, s *openstack.Session, task string) ([]servers.Server, error) {
	all, err := s.Servers(ctx)
	all = slices.DeleteFunc(all, func(v servers.Server) bool { return v.Metadata[openstack.RestoreKey] != task })
	slices.SortStableFunc(all, func(a, b servers.Server) int {
		if c := a.Created.Compare(b.Created); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return all, err
}

func (a *Activities) requestServer(ctx context.Context, s *openstack.Session, c *gophercloud.ServiceClient, in CreateServerInput) error {
	o := servers.CreateOpts{Name: in.Name, ImageRef: in.Image, FlavorRef: in.Spec.Flavor, AvailabilityZone: in.Spec.Zone, Networks: "none",
		Metadata: map[string]string{openstack.RestoreKey: in.Task}}
	maps.Copy(o.Metadata, in.Metadata)
	var networks []servers.Network
	for _, n := range in.Spec.Networks {
		networks = append(networks, servers.Network{UUID: n.ID})
	}
	if len(networks) > 0 {
		o.Networks, o.SecurityGroups = networks, common(in.Spec.Networks)
	}
	for i, disk := range in.Disks {
		boot := -1
		if disk.Boot {
			boot = 0
		}
		o.BlockDevice = append(o.BlockDevice, servers.BlockDevice{SourceType: servers.SourceVolume, DestinationType: servers.DestinationVolume,
			UUID: in.Volumes[i], BootIndex: boot, DeleteOnTermination: disk.DeleteOnTermination})
	}
	// An interrupted request may still be carried out, even after later requests.
	_, err := servers.Create(context.WithoutCancel(ctx), c, keypairs.CreateOptsExt{CreateOptsBuilder: o, KeyName: in.Spec.KeyName}, nil).Extract()
	return s.Fault("nova", err)
}

// common returns the security groups that all ports share. The server is created with these only.
func common(networks []backup.ServerPortSpec) []string {
	if len(networks) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(networks[0].Groups), func(g string) bool {
		return slices.ContainsFunc(networks, func(n backup.ServerPortSpec) bool { return !slices.Contains(n.Groups, g) })
	})
}

// DeleteRestoredServerInput names the task whose server is deleted.
type DeleteRestoredServerInput struct{ Task string }

// DeleteRestoredServer deletes the server that CreateServer created for the task, and waits until it no longer exists. It
// is idempotent and tolerates absence.
func (a *Activities) DeleteRestoredServer(ctx context.Context, in DeleteRestoredServerInput) error {
	s, c, err := a.open(ctx)
	if err != nil {
		return err
	}
	asked := map[string]bool{}
	return operation.Poll(ctx, a.PollInterval, func(ctx context.Context) (bool, i18n.Message, error) {
		left, err := restored(ctx, s, in.Task)
		if err != nil {
			return false, i18n.Message{}, err
		}
		for _, v := range left {
			if asked[v.ID] {
				continue
			}
			if err := fault.IgnoreNotFound(s.Fault("nova", servers.Delete(ctx, c, v.ID).ExtractErr())); err != nil {
				return false, i18n.Message{}, err
			}
			asked[v.ID] = true
		}
		return len(left) == 0, i18n.Messagef("%d servers are left", len(left)), nil
	})
}
