package cinder

import (
	"context"
	"slices"
	"strconv"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/blockstorage/v3/volumes"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/platform/i18n"
)

// CreateVolumesFromSnapshotsInput lists the disks of a server that boots from volumes: one volume per snapshot.
type CreateVolumesFromSnapshotsInput struct {
	Task  string
	Name  string // of the server
	Disks []backup.BlockDevice
}

// CreateVolumesFromSnapshots creates volumes from snapshots with the volume types of the original volumes, waits until they
// are available, and returns their IDs in the order of the disks. It is idempotent by the task ID and the number of the
// disk in the volume's metadata.
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
		// An interrupted request may still be carried out: the compensation finds the volume by its metadata.
		v, err := volumes.Create(context.WithoutCancel(ctx), c, volumes.CreateOpts{Name: name, Size: disk.SizeGB, SnapshotID: disk.Snapshot,
			Metadata: map[string]string{openstack.RestoreKey: in.Task, openstack.DiskKey: number}}, nil).Extract()
		if err != nil {
			return nil, s.Fault("cinder", err)
		}
		ids[i] = v.ID
	}
	for _, v := range made { // created by an earlier request that was still in flight during the search
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

// restoredVolumes returns the volumes that a task has created from snapshots, oldest first.
func restoredVolumes(ctx context.Context, s *openstack.Session, c *gophercloud.ServiceClient, task string) ([]volumes.Volume, error) {
	pages, err := volumes.List(c, volumes.ListOpts{Metadata: map[string]string{openstack.RestoreKey: task}}).AllPages(ctx)
	if err != nil {
		return nil, s.Fault("cinder", err)
	}
	all, err := volumes.ExtractVolumes(pages)
	if err != nil {
		return nil, s.Fault("cinder", err)
	}
	// Filtered again, because a cloud may ignore the filter.
	all = slices.DeleteFunc(all, func(v volumes.Volume) bool { return v.Metadata[openstack.RestoreKey] != task })
	slices.SortStableFunc(all, func(a, b volumes.Volume) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return all, nil
}

// DeleteRestoredVolumesInput names the task whose volumes are deleted.
type DeleteRestoredVolumesInput struct{ Task string }

// DeleteRestoredVolumes deletes the volumes that CreateVolumesFromSnapshots created for the task, and waits until they no
// longer exist. Their server, if any, is deleted before. It is idempotent and tolerates absence.
func (a *Activities) DeleteRestoredVolumes(ctx context.Context, in DeleteRestoredVolumesInput) (i18n.Message, error) {
	s, c, err := a.open(ctx)
	if err != nil {
		return i18n.Message{}, err
	}
	all, err := restoredVolumes(ctx, s, c, in.Task)
	if err != nil {
		return i18n.Message{}, err
	}
	for _, v := range all {
		if err := a.remove(ctx, s, c, v.ID); err != nil {
			return i18n.Message{}, err
		}
	}
	return i18n.Messagef("%d volumes are deleted", len(all)), nil
}
