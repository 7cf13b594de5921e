package filebackup

import (
	"context"
	"errors"
	"slices"

	"github.com/ncw/swift/v2"
	"golang.org/x/sync/errgroup"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack"
)

// DeleteOrphanedBackupsInput selects snapshots of a deleted instance.
type DeleteOrphanedBackupsInput struct {
	Instance  string
	Snapshots []string
}

// DeleteOrphanedBackupsResult holds the number of remaining backups.
type DeleteOrphanedBackupsResult struct {
	Remaining int // backups; the data is deleted with the last one
}

// DeleteOrphanedBackups deletes backups of a deleted instance, on which no engine can run. For restic, it deletes only the
// records until the last backup is deleted, and then the whole repository. Sets of duplicity are deleted one by one. It is
// idempotent: records are deleted last, so that a retry finds them.
func (a *Activities) DeleteOrphanedBackups(ctx context.Context, in DeleteOrphanedBackupsInput) (DeleteOrphanedBackupsResult, error) {
	out := DeleteOrphanedBackupsResult{}
	all, err := a.Records.List(ctx, in.Instance)
	if err != nil {
		return out, err
	}
	goes := func(b backup.Backup) bool { return slices.Contains(in.Snapshots, b.Snapshot) }
	for _, engine := range []backup.EngineName{backup.Restic, backup.Duplicity} {
		mine := slices.DeleteFunc(slices.Clone(all), func(b backup.Backup) bool { return (b.Engine == backup.Duplicity) != (engine == backup.Duplicity) })
		going := slices.ContainsFunc(mine, goes)
		left := slices.DeleteFunc(mine, goes)
		container := backup.ContainerOf(in.Instance, engine)
		switch {
		case len(left) == 0 && (going || len(all) == 0):
			err = a.empty(ctx, container)
		case engine == backup.Duplicity && going:
			err = a.forgetSets(ctx, container, in.Snapshots)
		case going:
			out.Remaining = len(left)
		}
		if err != nil {
			return out, err
		}
	}
	return out, a.forgetRecords(ctx, in.Instance, in.Snapshots)
}

// maxConcurrentDeletes bounds the concurrent requests that delete objects.
const maxConcurrentDeletes = 8

// empty deletes a container and its objects. It is idempotent: a missing container is a success.
func (a *Activities) empty(ctx context.Context, container string) error {
	store, err := a.Cloud.Objects(ctx)
	if err != nil {
		return err
	}
	for {
		names, err := store.ObjectNames(ctx, container, &swift.ObjectsOpts{Limit: 1000})
		if errors.Is(err, swift.ContainerNotFound) {
			return nil
		}
		if err != nil {
			return openstack.Fault("swift", err)
		}
		if len(names) == 0 {
			break
		}
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(maxConcurrentDeletes)
		for _, name := range names {
			group.Go(func() error {
				if err := store.ObjectDelete(ctx, container, name); !errors.Is(err, swift.ObjectNotFound) {
					return openstack.Fault("swift", err)
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
	err = store.ContainerDelete(ctx, container)
	switch {
	case errors.Is(err, swift.ContainerNotFound):
		return nil
	case errors.Is(err, swift.ContainerNotEmpty): // the listing lags behind
		return fault.New(fault.Unavailable, err, "swift: %s is not empty yet", container)
	}
	return openstack.Fault("swift", err)
}
