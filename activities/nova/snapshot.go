package nova

import (
	"context"

	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"

	"mycloudmanager/internal/backup"
)

// SnapshotServerInput describes the snapshot to take.
type SnapshotServerInput struct {
	Name     string // of the image
	Metadata backup.SnapshotMetadata
}

// SnapshotServer creates an image of a server, or of its volumes if it boots from volumes, and returns the ID of the
// image. It is idempotent by the task ID in the properties of the image, which finds an image whose response was lost.
// https://docs.openstack.org/api-ref/compute/#create-image-createimage-action
func (a *Activities) SnapshotServer(ctx context.Context, in SnapshotServerInput) (string, error) {
	s, c, err := a.open(ctx)
	if err != nil {
		return "", err
	}
	made, err := backup.ImagesOf(ctx, s, in.Metadata.Task, in.Metadata.Instance)
	if err != nil {
		return "", err
	}
	if len(made) > 0 {
		return made[0].Image, nil
	}
	id, err := servers.CreateImage(context.WithoutCancel(ctx), c, in.Metadata.Instance, servers.CreateImageOpts{Name: in.Name, Metadata: in.Metadata.Properties()}).ExtractImageID()
	return id, s.Fault("nova", err)
}
