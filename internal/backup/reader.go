package backup

import (
	"cmp"
	"context"
	"slices"
	"time"

	"golang.org/x/sync/singleflight"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/platform/i18n"
)

// Reader lists backups. The number of cloud requests does not depend on the number of backups, and concurrent callers share
// one listing.
type Reader struct {
	Cloud   *openstack.Cloud
	Records *Records
	share   singleflight.Group
}

// List returns all backups, newest first.
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
	snapshots, err := Images(ctx, s)
	if err != nil {
		return nil, err
	}
	list, err := r.Records.List(ctx, "")
	if err != nil {
		return nil, err
	}
	for _, image := range snapshots {
		if image.Complete {
			list = append(list, image.Backup)
		}
	}
	slices.SortFunc(list, func(a, b Backup) int { return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID)) })
	return list, nil
}

// Get returns the backup with the given ID. The error is a NotFound fault if the backup does not exist.
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

// Hold sets or removes the retention hold of a backup.
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

// VerificationResult is the result of a verification of a backup.
type VerificationResult struct {
	OK            bool
	Detail        i18n.Message
	RestoreTested bool // a test restore was made and its content compared
}

// Verify records the result of a verification with the current time. It is idempotent except for this time.
func (r *Reader) Verify(ctx context.Context, b Backup, result VerificationResult) error {
	now := time.Now().UTC()
	b.VerifiedAt, b.VerifyStatus, b.VerifyDetail = &now, VerifiedOK, result.Detail
	if !result.OK {
		b.VerifyStatus = VerifyFailed
	}
	if result.RestoreTested {
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

// Files returns a page of the files in directory dir of a file backup or, if query is not empty, of the files below dir whose
// names contain query.
func (r *Reader) Files(ctx context.Context, id, dir, query string, limit int, pageToken string) (FilesPage, error) {
	if MethodOf(id) != FileLevel {
		return FilesPage{}, fault.New(fault.NotFound, nil, "a snapshot has no file list: it can only be restored as a whole")
	}
	return r.Records.Files(ctx, id, dir, query, limit, pageToken)
}

func deletedError() error { return fault.New(fault.NotFound, nil, "there is no such backup") }
