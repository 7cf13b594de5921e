package cinder

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/blockstorage/v3/volumes"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/openstack"
)

// CreateVolumesFromSnapshotsInput is what a server that boots from volumes gets: one volume of each snapshot.
type CreateVolumesFromSnapshotsInput struct {
	Task  string
	Name  string // of the server
	Disks []backup.BlockDevice
}

// CreateVolumesFromSnapshots makes volumes from snapshots, of the type that the snapshots' volumes have, waits until they can be
// attached, and returns their ids in the order of the disks. It is idempotent by the task's id and the disk's
// number in the volume's metadata.
// https://docs.openstack.org/api-ref/block-storage/v3/#create-a-volume
func (a *Activities) CreateVolumesFromSnapshots(ctx context.Context, in CreateVolumesFromSnapshotsInput) ([]string, error) {
	s, c, err := a.open(ctx)
	if err != nil {
		return nil, err
	}
	made, err := restoredVolumes(ctx, s, c, in.Task)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(in.Disks))
	for i, disk := range in.Disks {
		number := strconv.Itoa(i)
		if at := slices.IndexFunc(made, func(v volumes.Volume) bool { return v.Metadata[openstack.DiskKey] == number }); at >= 0 {
			ids[i] = made[at].ID
			continue
		}
		name := in.Name
		if i > 0 {
			name += "-" + number
		}
		// A request that is cut off may be carried out all the same: the undo finds it by its metadata.
		v, err := volumes.Create(context.WithoutCancel(ctx), c, volumes.CreateOpts{Name: name, Size: disk.SizeGB, SnapshotID: disk.Snapshot,
			Metadata: map[string]string{openstack.RestoreKey: in.Task, openstack.DiskKey: number}}, nil).Extract()
		if err != nil {
			return nil, s.Fault("cinder", err)
		}
		ids[i] = v.ID
	}
	for _, v := range made { // one that a request made which was on its way while it was looked for
		if !slices.Contains(ids, v.ID) {
			if err := a.remove(ctx, s, c, v.ID); err != nil {
				return nil, err
			}
		}
	}
	for _, id := range ids {
		if err := a.await(ctx, id, "available", "in-use"); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// restoredVolumes are the volumes that a task has made from snapshots, the oldest first.
func restoredVolumes(ctx context.Context, s *openstack.Session, c *gophercloud.ServiceClient, task string) ([]volumes.Volume, error) {
	pages, err := volumes.List(c, volumes.ListOpts{Metadata: map[string]string{openstack.RestoreKey: task}}).AllPages(ctx)
	if err != nil {
		return nil, s.Fault("cinder", err)
	}
	all, err := volumes.ExtractVolumes(pages)
	if err != nil {
		return nil, s.Fault("cinder", err)
	}
	// A cloud may ignore the filter.
	all = slices.DeleteFunc(all, func(v volumes.Volume) bool { return v.Metadata[openstack.RestoreKey] != task })
	slices.SortStableFunc(all, func(a, b volumes.Volume) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return all, nil
}

// DeleteRestoredVolumesInput names the task whose volumes are to go.
type DeleteRestoredVolumesInput struct{ Task string }

// DeleteRestoredVolumes deletes what CreateVolumesFromSnapshots has made for the task, and only that, and waits until it is gone: their
// server, if there was one, is gone already. It tolerates absence.
func (a *Activities) DeleteRestoredVolumes(ctx context.Context, in DeleteRestoredVolumesInput) (string, error) {
	s, c, err := a.open(ctx)
	if err != nil {
		return "", err
	}
	all, err := restoredVolumes(ctx, s, c, in.Task)
	if err != nil {
		return "", err
	}
	for _, v := range all {
		if err := a.remove(ctx, s, c, v.ID); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d volumes are deleted", len(all)), nil
}
