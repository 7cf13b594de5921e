package filebackup

import (
	"context"
	"slices"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation/tasklog"
	"mycloudmanager/internal/platform/i18n"
)

// saveRecord writes the list of files of a backup, and then its record.
func (a *Activities) saveRecord(ctx context.Context, s *repository, b backup.Backup) (backup.Backup, error) {
	held, err := a.index(ctx, s, b)
	if err != nil {
		return backup.Backup{}, err
	}
	b.FileCount, b.SizeBytes = held.files, held.bytes
	if err := a.Records.Put(ctx, b); err != nil {
		return backup.Backup{}, err
	}
	return b, nil
}

// record returns the record of a backup.
func record(in BackUpFilesInput, s *repository, made snapshot, m measure) backup.Backup {
	return backup.Backup{
		ID: backup.FileBackupID(in.Instance, made.ID), Instance: in.Instance, InstanceName: in.Name, Plan: in.Plan.ID, PlanName: in.Plan.Name, Task: in.Task,
		Method: backup.FileLevel, Engine: s.engineName, Directories: in.Plan.Directories, CreatedAt: made.Time.UTC(), ChangedBytes: m.changed,
		Duration: m.duration.Seconds(), Consistency: backup.FileConsistency, VerifyStatus: backup.NeverVerified, Container: s.container, Snapshot: made.ID, Parent: made.Parent,
	}
}

// index writes the list of the backup's files and counts them.
func (a *Activities) index(ctx context.Context, s *repository, b backup.Backup) (held expectation, err error) {
	list, err := a.Records.NewIndex(ctx, b.ID)
	if err != nil {
		return held, err
	}
	err = s.list(ctx, b, func(e backup.FileEntry) error {
		held.count(e)
		return list.Add(e)
	})
	if err != nil {
		list.Abort()
		return held, err
	}
	return held, list.Close()
}

// adoptSnapshots writes missing records of snapshots whose tasks were interrupted. Each becomes a backup of the plan and the
// task in its tags, so that no snapshot stays without a record.
func (a *Activities) adoptSnapshots(ctx context.Context, s *repository, in BackUpFilesInput, list []snapshot) error {
	records, err := a.Records.List(ctx, in.Instance)
	if err != nil {
		return err
	}
	for _, have := range list {
		task, ours := tagOf(have, taskTag)
		if !ours || slices.ContainsFunc(records, func(b backup.Backup) bool { return b.Snapshot == have.ID }) {
			continue
		}
		m, err := s.stats(ctx, have)
		if err != nil {
			return err
		}
		of := in
		of.Task, of.Plan.Directories = task, have.Paths
		if id, _ := tagOf(have, planTag); id != in.Plan.ID {
			of.Plan.ID, of.Plan.Name = id, ""
		}
		b, err := a.saveRecord(ctx, s, record(of, s, have, m))
		if fault.KindOf(err) == fault.NotFound { // deleted meanwhile
			continue
		}
		if err != nil {
			return err
		}
		s.logMessage(tasklog.Info, i18n.Messagef("the backup of %s is complete although its task was interrupted: it is now listed", b.CreatedAt.Format("2006-01-02 15:04:05")))
	}
	return nil
}
