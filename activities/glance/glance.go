// Package glance holds the activities that drive OpenStack Image, including the volume snapshots of images of
// volume-backed servers.
package glance

import (
	"context"
	"slices"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/blockstorage/v3/snapshots"
	"github.com/gophercloud/gophercloud/v2/openstack/image/v2/images"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
)

// Activities drives Glance for the managed project.
type Activities struct {
	Cloud        *openstack.Cloud
	PollInterval time.Duration // between two polls
}

func (a *Activities) open(ctx context.Context) (*openstack.Session, *gophercloud.ServiceClient, error) {
	return a.Cloud.Service(ctx, (*openstack.Session).Image)
}

// AwaitImageInput names an image that Nova creates.
type AwaitImageInput struct {
	Image string
	Began time.Time // when the backup of the instance began
}

// AwaitImage waits until the image, or its volume snapshots, are available. It is a read.
// https://docs.openstack.org/api-ref/image/v2/#show-image
func (a *Activities) AwaitImage(ctx context.Context, in AwaitImageInput) error {
	s, c, err := a.open(ctx)
	if err != nil {
		return err
	}
	return operation.Poll(ctx, a.PollInterval, func(ctx context.Context) (bool, i18n.Message, error) {
		image, err := images.Get(ctx, c, in.Image).Extract()
		if err = s.Fault("glance", err); fault.KindOf(err) == fault.NotFound {
			return false, i18n.Message{}, fault.New(fault.Invalid, nil, "Nova failed to create the image; see the server's events in Horizon")
		}
		if err != nil {
			return false, i18n.Message{}, err
		}
		switch image.Status {
		case images.ImageStatusActive:
			return a.whole(ctx, s, *image)
		case images.ImageStatusKilled, images.ImageStatusDeleted, images.ImageStatusPendingDelete, images.ImageStatusDeactivated:
			return false, i18n.Message{}, fault.New(fault.Invalid, nil, "glance: the image is %s", image.Status)
		}
		return false, i18n.Messagef("the image is %s", image.Status), nil
	})
}

// whole checks whether all volume snapshots of an image are available.
func (a *Activities) whole(ctx context.Context, s *openstack.Session, image images.Image) (bool, i18n.Message, error) {
	ids, _ := backup.VolumeSnapshots(image)
	if len(ids) == 0 {
		return true, i18n.Message{}, nil
	}
	c, err := s.Volume()
	if err != nil {
		return false, i18n.Message{}, err
	}
	for _, id := range ids {
		v, err := snapshots.Get(ctx, c, id).Extract()
		if err != nil {
			return false, i18n.Message{}, s.Fault("cinder", err)
		}
		switch v.Status {
		case "available":
		case "error":
			return false, i18n.Message{}, fault.New(fault.Invalid, nil, "cinder: the snapshot %s of a volume is in error", id)
		default:
			return false, i18n.Messagef("the volume snapshot is %s", v.Status), nil
		}
	}
	return true, i18n.Message{}, nil
}

// FinalizeBackup marks the complete image as a backup, so that it is listed. It is idempotent: it writes the same values.
func (a *Activities) FinalizeBackup(ctx context.Context, in AwaitImageInput) (backup.Backup, error) {
	s, _, err := a.open(ctx)
	if err != nil {
		return backup.Backup{}, err
	}
	known, image, err := backup.ImageByID(ctx, s, in.Image)
	if err != nil || known.Complete {
		return known.Backup, err
	}
	size := image.SizeBytes
	if ids, volumes := backup.VolumeSnapshots(image); len(ids) > 0 {
		size = volumes
		if err := deleteImages(ctx, s, image.Name, ids); err != nil {
			return backup.Backup{}, err
		}
	}
	if err := backup.UpdateProperties(ctx, s, in.Image, backup.CompletedProperties(in.Image, size, time.Since(in.Began))); err != nil {
		return backup.Backup{}, err
	}
	known, _, err = backup.ImageByID(ctx, s, in.Image)
	return known.Backup, err
}

// DiscardBackupInput names the image that a task created of an instance.
type DiscardBackupInput struct {
	Task     string
	Instance string
	// Name of the image; "" if no image was requested.
	Name string
}

// DiscardBackup deletes the image and snapshots that a failed task created of an instance. It is idempotent and tolerates
// absence.
func (a *Activities) DiscardBackup(ctx context.Context, in DiscardBackupInput) error {
	s, c, err := a.open(ctx)
	if err != nil {
		return err
	}
	made, err := backup.ImagesOf(ctx, s, in.Task, in.Instance)
	if err != nil {
		return err
	}
	for _, image := range made {
		if err := remove(ctx, s, c, image.Image); err != nil {
			return err
		}
	}
	return deleteImages(ctx, s, in.Name, nil)
}

// deleteImages deletes the volume snapshots that Nova created for an image of this name and that no image references:
// Nova leaves those of the first volumes if a later snapshot is refused.
// https://docs.openstack.org/api-ref/block-storage/v3/#list-accessible-snapshots
func deleteImages(ctx context.Context, s *openstack.Session, image string, keep []string) error {
	if image == "" {
		return nil
	}
	c, err := s.Volume()
	if err != nil {
		return err
	}
	name := "snapshot for " + image
	pages, err := snapshots.List(c, snapshots.ListOpts{Name: name}).AllPages(ctx)
	if err != nil {
		return s.Fault("cinder", err)
	}
	all, err := snapshots.ExtractSnapshots(pages)
	if err != nil {
		return s.Fault("cinder", err)
	}
	for _, v := range all {
		if v.Name != name || slices.Contains(keep, v.ID) {
			continue
		}
		if v.Status == "creating" { // cannot be deleted yet
			return fault.New(fault.Unavailable, nil, "the volume snapshot is %s", v.Status)
		}
		if v.Status == "deleting" {
			continue
		}
		if err := fault.IgnoreNotFound(s.Fault("cinder", snapshots.Delete(ctx, c, v.ID).ExtractErr())); err != nil {
			return err
		}
	}
	return nil
}

// DeleteImages deletes image backups with their volume snapshots, except held ones. It is idempotent and tolerates
// absence.
// https://docs.openstack.org/api-ref/image/v2/#delete-image
func (a *Activities) DeleteImages(ctx context.Context, ids []string) error {
	s, c, err := a.open(ctx)
	if err != nil {
		return err
	}
	for i, id := range ids {
		operation.ReportProgress(ctx, i18n.Messagef("%d of %d", i, len(ids)))
		known, _, err := backup.ImageByID(ctx, s, id)
		if fault.KindOf(err) == fault.NotFound || err == nil && known.Held {
			continue
		}
		if err != nil {
			return err
		}
		if err := remove(ctx, s, c, id); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes the volume snapshots of an image and then the image, which a retry needs to find the snapshots.
func remove(ctx context.Context, s *openstack.Session, c *gophercloud.ServiceClient, id string) error {
	image, err := images.Get(ctx, c, id).Extract()
	if err = s.Fault("glance", err); err != nil {
		return fault.IgnoreNotFound(err)
	}
	if ids, _ := backup.VolumeSnapshots(*image); len(ids) > 0 {
		volume, err := s.Volume()
		if err != nil {
			return err
		}
		for _, snapshot := range ids {
			if err := fault.IgnoreNotFound(s.Fault("cinder", snapshots.Delete(ctx, volume, snapshot).ExtractErr())); err != nil {
				return err
			}
		}
	}
	return fault.IgnoreNotFound(s.Fault("glance", images.Delete(ctx, c, id).ExtractErr()))
}
