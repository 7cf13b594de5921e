package filebackup

import (
	"context"
	"slices"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/backup/swiftproxy"
	"mycloudmanager/internal/instance/ssh"
)

// ForgetSnapshots deletes snapshots of an instance with their data and records. It is idempotent: missing snapshots are a
// success.
//
// The manager deletes sets of duplicity without the instance, provided that no other set builds on them.
func (a *Activities) ForgetSnapshots(ctx context.Context, in ForgetSnapshotsInput) error {
	if in.Engine == backup.Duplicity {
		if err := a.forgetSets(ctx, backup.ContainerOf(in.Instance, in.Engine), in.Snapshots); err != nil {
			return err
		}
		return a.forgetRecords(ctx, in.Instance, in.Snapshots)
	}
	s, err := a.open(ctx, target{instance: in.Instance, host: ssh.Host{Address: in.Address, HostKey: in.HostKey}, engineName: in.Engine, access: swiftproxy.ReadWrite})
	if err != nil {
		return err
	}
	defer s.close()
	if s.exists {
		if err := s.forget(ctx, in.Snapshots); err != nil {
			return err
		}
	}
	return a.forgetRecords(ctx, in.Instance, in.Snapshots)
}

func (a *Activities) forgetRecords(ctx context.Context, instance string, snapshots []string) error {
	for _, id := range snapshots {
		if err := a.Records.Delete(ctx, backup.FileBackupID(instance, id)); err != nil {
			return err
		}
	}
	return nil
}

// forget deletes the snapshots that exist, and always prunes unreferenced data: a previous attempt may have been
// interrupted between the two.
func (s *repository) forget(ctx context.Context, ids []string) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	list, _, err := s.snapshots(ctx)
	if err != nil {
		return err
	}
	var there []string
	for _, have := range list {
		if slices.Contains(ids, have.ID) {
			there = append(there, have.ID)
		}
	}
	_, err = s.mustRun(ctx, "forget", scriptInput{"snapshots": fileLines(there)}, nil)
	return err
}
