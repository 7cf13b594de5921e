// Package cinder holds the activities that drive OpenStack Block Storage.
package cinder

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/blockstorage/v3/volumes"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
)

// Activities drives Cinder for the managed project.
type Activities struct {
	Cloud        *openstack.Cloud
	PollInterval time.Duration // between two polls
}

func (a *Activities) open(ctx context.Context) (*openstack.Session, *gophercloud.ServiceClient, error) {
	return a.Cloud.Service(ctx, (*openstack.Session).Volume)
}

// CreateVolumeInput describes the volume of an app.
type CreateVolumeInput struct {
	App      string
	SizeGB   int
	VolumeID string // volume to adopt; "": the newest of the app, or a new one
	TaskID   string
}

// Volume is the volume of an app.
type Volume struct {
	ID      string
	SizeGB  int
	Created bool // by this task
}

// CreateVolume returns the volume for the app's data: the requested one, the one that an uninstall retained, or a new
// one. It is idempotent by the task ID in the volume's metadata.
// https://docs.openstack.org/api-ref/block-storage/v3/#create-a-volume
func (a *Activities) CreateVolume(ctx context.Context, in CreateVolumeInput) (Volume, error) {
	s, c, err := a.open(ctx)
	if err != nil {
		return Volume{}, err
	}
	mine, err := s.AppVolumes(ctx, in.App)
	if err != nil {
		return Volume{}, err
	}
	if v, ok := adopt(mine, in); ok {
		return Volume{ID: v.ID, SizeGB: v.Size, Created: v.Metadata[openstack.TaskKey] == in.TaskID}, nil
	}
	if in.VolumeID != "" {
		return Volume{}, fault.InvalidField("volume_id", "%s is not a volume of %s", in.VolumeID, in.App)
	}
	v, err := volumes.Create(ctx, c, volumes.CreateOpts{
		Name: "mcm-" + in.App, Size: in.SizeGB, Description: "Data of " + in.App,
		Metadata: map[string]string{openstack.AppKey: in.App, openstack.TaskKey: in.TaskID},
	}, nil).Extract()
	if err != nil {
		return Volume{}, s.Fault("cinder", err)
	}
	return Volume{ID: v.ID, SizeGB: v.Size, Created: true}, nil
}

// adopt selects one of the app's volumes, which are sorted newest first.
func adopt(mine []volumes.Volume, in CreateVolumeInput) (volumes.Volume, bool) {
	for _, v := range mine {
		if in.VolumeID == v.ID || (in.VolumeID == "" && v.Metadata[openstack.TaskKey] == in.TaskID) {
			return v, true
		}
	}
	for _, v := range mine {
		if in.VolumeID == "" && !asAttachmentLost(v) {
			return v, true
		}
	}
	return volumes.Volume{}, false
}

// asAttachmentLost reports whether a volume cannot become available. A volume that is being attached or detached can: a
// new one in its place would be empty.
// https://docs.openstack.org/api-ref/block-storage/v3/#volumes-volumes
func asAttachmentLost(v volumes.Volume) bool {
	return v.Status == "creating" || v.Status == "deleting" || strings.HasPrefix(v.Status, "error")
}

// Ref identifies one volume.
type Ref struct {
	ID string
	// OnlyIfEmpty keeps a volume that an app has mounted before.
	OnlyIfEmpty bool
	// InUse is set if the app still uses a volume that is kept, so that it will not be detached.
	InUse bool
	// App and TaskID identify the volume if its ID is unknown.
	App    string
	TaskID string
}

// AwaitVolume waits until the volume is available or attached. It is a read.
func (a *Activities) AwaitVolume(ctx context.Context, in Ref) error {
	return a.await(ctx, in.ID, "available", "in-use")
}

// AwaitAttached waits until the volume is attached, and records in its metadata that it may hold data. It is idempotent.
func (a *Activities) AwaitAttached(ctx context.Context, in Ref) error {
	if err := a.await(ctx, in.ID, "in-use"); err != nil {
		return err
	}
	s, c, err := a.open(ctx)
	if err != nil {
		return err
	}
	v, err := volumes.Get(ctx, c, in.ID).Extract()
	if err != nil {
		return s.Fault("cinder", err)
	}
	if v.Metadata[openstack.DataKey] == "true" {
		return nil
	}
	v.Metadata[openstack.DataKey] = "true"
	_, err = volumes.Update(ctx, c, in.ID, volumes.UpdateOpts{Metadata: v.Metadata}).Extract()
	return s.Fault("cinder", err)
}

// AwaitDetached waits until the volume is detached or deleted. It is a read.
func (a *Activities) AwaitDetached(ctx context.Context, in Ref) error {
	return fault.IgnoreNotFound(a.await(ctx, in.ID, "available"))
}

func (a *Activities) await(ctx context.Context, id string, wanted ...string) error {
	s, c, err := a.open(ctx)
	if err != nil {
		return err
	}
	return operation.Poll(ctx, a.PollInterval, func(ctx context.Context) (bool, i18n.Message, error) {
		v, err := volumes.Get(ctx, c, id).Extract()
		if err != nil {
			return false, i18n.Message{}, s.Fault("cinder", err)
		}
		if slices.Contains(wanted, v.Status) {
			return true, i18n.Message{}, nil
		}
		if len(v.Status) >= 5 && v.Status[:5] == "error" {
			return false, i18n.Message{}, fault.New(fault.Conflict, nil, "cinder: the volume %s is in status %s", id, v.Status)
		}
		return false, i18n.Messagef("Cinder: the volume is %s", v.Status), nil
	})
}

// DeleteVolume deletes the volume and waits until it no longer exists. It first waits for a volume that is still being
// detached. It is idempotent: a missing volume is a success. It returns a message for the user.
// https://docs.openstack.org/api-ref/block-storage/v3/#delete-a-volume
func (a *Activities) DeleteVolume(ctx context.Context, in Ref) (i18n.Message, error) {
	s, c, err := a.open(ctx)
	if err != nil {
		return i18n.Message{}, err
	}
	id := in.ID
	if id == "" {
		if id, err = createdBy(ctx, s, in); err != nil || id == "" {
			return i18n.Message{}, err
		}
	}
	v, err := volumes.Get(ctx, c, id).Extract()
	switch err = s.Fault("cinder", err); {
	case fault.KindOf(err) == fault.NotFound:
		return i18n.Message{}, nil
	case err != nil:
		return i18n.Message{}, err
	case in.OnlyIfEmpty && (v.Metadata[openstack.DataKey] == "true" || v.Metadata[openstack.TaskKey] != in.TaskID):
		message := i18n.Messagef("the volume %s is kept: it holds data", id)
		if in.InUse {
			return message, nil
		}
		return message, a.await(ctx, id, "available")
	}
	return i18n.Message{}, a.remove(ctx, s, c, id)
}

// createdBy finds the volume of a task whose create request was interrupted before the response.
func createdBy(ctx context.Context, s *openstack.Session, in Ref) (string, error) {
	mine, err := s.AppVolumes(ctx, in.App)
	if err != nil {
		return "", err
	}
	for _, v := range mine {
		if v.Metadata[openstack.TaskKey] == in.TaskID {
			return v.ID, nil
		}
	}
	return "", nil
}

func (a *Activities) remove(ctx context.Context, s *openstack.Session, c *gophercloud.ServiceClient, id string) error {
	return operation.Poll(ctx, a.PollInterval, func(ctx context.Context) (bool, i18n.Message, error) {
		v, err := volumes.Get(ctx, c, id).Extract()
		switch err = s.Fault("cinder", err); {
		case fault.KindOf(err) == fault.NotFound:
			return true, i18n.Message{}, nil
		case err != nil:
			return false, i18n.Message{}, err
		case v.Status == "deleting":
		case v.Status == "error_deleting":
			return false, i18n.Message{}, fault.New(fault.Conflict, nil, "cinder could not delete the volume %s", id)
		case v.Status == "available" || v.Status == "error":
			err := s.Fault("cinder", volumes.Delete(ctx, c, id, nil).ExtractErr())
			if kind := fault.KindOf(err); err != nil && kind != fault.NotFound && kind != fault.Invalid {
				return false, i18n.Message{}, err
			}
		}
		return false, i18n.Messagef("Cinder: the volume is %s", v.Status), nil
	})
}

// DeleteAppVolumesInput names the app whose data is deleted.
type DeleteAppVolumesInput struct{ App string }

// DeleteAppVolumes deletes every volume of the app, including retained ones: the user confirmed the name. It is
// idempotent and tolerates absence.
func (a *Activities) DeleteAppVolumes(ctx context.Context, in DeleteAppVolumesInput) error {
	s, c, err := a.open(ctx)
	if err != nil {
		return err
	}
	mine, err := s.AppVolumes(ctx, in.App)
	if err != nil {
		return err
	}
	for _, v := range mine {
		if err := a.remove(ctx, s, c, v.ID); err != nil {
			return err
		}
	}
	return nil
}
