package backup

import (
	"cmp"
	"context"
	"slices"
	"time"

	"golang.org/x/sync/singleflight"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
)

// Reader lists backups with a fixed number of calls to the cloud, however many there are; those who ask
// at once share them.
type Reader struct {
	Cloud   *openstack.Cloud
	Records *Records
	share   singleflight.Group
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
	list, err := r.Records.List(ctx, "")
	if err != nil {
		return nil, err
	}
	for _, image := range made {
		if image.Complete {
			list = append(list, image.Backup)
		}
	}
	slices.SortFunc(list, func(a, b Backup) int { return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID)) })
	return list, nil
}

// Get returns one backup.
func (r *Reader) Get(ctx context.Context, id string) (Backup, error) {
	switch MethodOf(id) {
	case Snapshot:
	case FileLevel:
		return r.Records.Get(ctx, id)
	default:
		return Backup{}, deletedError()
	}
	s, err := r.Cloud.Manager(ctx)
	if err != nil {
		return Backup{}, err
	}
	image, _, err := ImageByID(ctx, s, ImageOf(id))
	if fault.KindOf(err) == fault.NotFound || err == nil && !image.Complete {
		return Backup{}, deletedError()
	}
	return image.Backup, err
}

// Hold protects a backup from retention, or releases it.
func (r *Reader) Hold(ctx context.Context, b Backup, held bool) error {
	if b.Method == FileLevel {
		b.Held = held
		return r.Records.Put(ctx, b)
	}
	s, err := r.Cloud.Manager(ctx)
	if err != nil {
		return err
	}
	return UpdateProperties(ctx, s, b.Image, HoldProperties(held))
}

// VerificationResult is what a verification has found.
type VerificationResult struct {
	OK            bool
	Detail        string
	RestoreTested bool // it was restored for a trial and compared
}

// Verify keeps what a verification has found. It is idempotent but for the time.
func (r *Reader) Verify(ctx context.Context, b Backup, look VerificationResult) error {
	now := time.Now().UTC()
	b.VerifiedAt, b.VerifyStatus, b.VerifyDetail = &now, VerifiedOK, look.Detail
	if !look.OK {
		b.VerifyStatus = VerifyFailed
	}
	if look.RestoreTested {
		b.RestoreTestedAt = &now
	}
	if b.Method == FileLevel {
		return r.Records.Put(ctx, b)
	}
	s, err := r.Cloud.Manager(ctx)
	if err != nil {
		return err
	}
	return UpdateProperties(ctx, s, b.Image, verificationProperties(b))
}

// Files returns what a soft backup holds in a directory, or below it by a name.
func (r *Reader) Files(ctx context.Context, id, dir, query string, limit int, pageToken string) (FilesPage, error) {
	if MethodOf(id) != FileLevel {
		return FilesPage{}, fault.New(fault.NotFound, nil, "the files of a snapshot are not listed: it is restored as a whole")
	}
	return r.Records.Files(ctx, id, dir, query, limit, pageToken)
}

func deletedError() error { return fault.New(fault.NotFound, nil, "there is no such backup") }
