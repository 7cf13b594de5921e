package backup

import (
	"cmp"
	"context"
	"slices"

	"golang.org/x/sync/singleflight"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
)

// Reader lists backups with a fixed number of calls to the cloud, however many there are; those who ask
// at once share them.
type Reader struct {
	Cloud *openstack.Cloud
	share singleflight.Group
}

// List returns every backup, the newest first.
func (r *Reader) List(ctx context.Context) ([]Backup, error) {
	v, err, _ := r.share.Do("list", func() (any, error) { return r.read(context.WithoutCancel(ctx)) })
	list, _ := v.([]Backup)
	return slices.Clone(list), err
}

func (r *Reader) read(ctx context.Context) ([]Backup, error) {
	s, err := r.Cloud.Manager(ctx)
	if err != nil {
		return nil, err
	}
	made, err := Images(ctx, s)
	if err != nil {
		return nil, err
	}
	list := []Backup{}
	for _, image := range made {
		if image.Whole {
			list = append(list, image.Backup)
		}
	}
	slices.SortFunc(list, func(a, b Backup) int { return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID)) })
	return list, nil
}

// Get returns one backup.
func (r *Reader) Get(ctx context.Context, id string) (Backup, error) {
	if MethodOf(id) != Snapshot {
		return Backup{}, gone()
	}
	s, err := r.Cloud.Manager(ctx)
	if err != nil {
		return Backup{}, err
	}
	image, _, err := ImageByID(ctx, s, ImageOf(id))
	if fault.KindOf(err) == fault.NotFound || err == nil && !image.Whole {
		return Backup{}, gone()
	}
	return image.Backup, err
}

// Hold keeps a backup whatever any plan says, or no longer.
func (r *Reader) Hold(ctx context.Context, b Backup, held bool) error {
	s, err := r.Cloud.Manager(ctx)
	if err != nil {
		return err
	}
	return Amend(ctx, s, b.Image, Hold(held))
}

func gone() error { return fault.New(fault.NotFound, nil, "there is no such backup") }
