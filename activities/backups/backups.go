// Package backups holds the activities that look at all backups, wherever they lie.
package backups

import (
	"context"
	"slices"
	"time"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/operation/task"
)

// Activities looks at backups.
type Activities struct {
	Reader *backup.Reader
	Plans  Plans
	Runs   task.Lister
}

// SelectBackupsToPruneInput says which backups are to go: those that the plan does not keep, or those that are named.
type SelectBackupsToPruneInput struct {
	Plan    backup.Plan
	Backups []string
}

// PruneSelection are backups that are to go, by where they lie.
type PruneSelection struct {
	Images []string
	Soft   []Snapshots
	Names  []string // for the task's reader
	Kept   int
}

// Snapshots are soft backups of one instance that one engine has made.
type Snapshots struct {
	Instance string
	Engine   backup.EngineName
	IDs      []string // the engine's own
}

// SelectBackupsToPrune says what is to be deleted now. It is a read.
func (a *Activities) SelectBackupsToPrune(ctx context.Context, in SelectBackupsToPruneInput) (PruneSelection, error) {
	all, err := a.Reader.List(ctx)
	if err != nil {
		return PruneSelection{}, err
	}
	d := PruneSelection{Names: []string{}}
	doomed, err := choose(all, in)
	for _, b := range doomed {
		d.add(b)
		d.Names = append(d.Names, b.Target().Name)
	}
	d.Kept = len(all) - len(doomed)
	return d, err
}

func (d *PruneSelection) add(b backup.Backup) {
	if b.Method == backup.Snapshot {
		d.Images = append(d.Images, b.Image)
		return
	}
	at := slices.IndexFunc(d.Soft, func(s Snapshots) bool { return s.Instance == b.Instance && s.Engine == b.Engine })
	if at < 0 {
		d.Soft = append(d.Soft, Snapshots{Instance: b.Instance, Engine: b.Engine})
		at = len(d.Soft) - 1
	}
	d.Soft[at].IDs = append(d.Soft[at].IDs, b.Snapshot)
}

// RecordVerificationInput is what a verification of a backup has found.
type RecordVerificationInput struct {
	Backup string
	Look   backup.VerificationResult
}

// RecordVerification writes what a verification has found where the backup lies. It is idempotent but for the time.
func (a *Activities) RecordVerification(ctx context.Context, in RecordVerificationInput) error {
	b, err := a.Reader.Get(ctx, in.Backup)
	if err != nil {
		return err
	}
	return a.Reader.Verify(ctx, b, in.Look)
}

// Freshness of verifications, and how many backups one round looks at: those that waited longest.
const (
	verificationValidity = 7 * 24 * time.Hour
	verificationsPerRun  = 100
)

// UnverifiedBackups are the newest backups of each instance and plan that nobody has looked at for a week.
// It is a read.
func (a *Activities) UnverifiedBackups(ctx context.Context) ([]backup.Backup, error) {
	all, err := a.Reader.List(ctx)
	due, seen := []backup.Backup{}, map[string]bool{}
	for _, b := range all { // the newest first
		key := b.Plan + " " + b.Instance
		if !seen[key] && (b.VerifiedAt == nil || time.Since(*b.VerifiedAt) > verificationValidity) {
			due = append(due, b)
		}
		seen[key] = true
	}
	slices.SortStableFunc(due, func(a, b backup.Backup) int { return since(a).Compare(since(b)) })
	return due[:min(len(due), verificationsPerRun)], err
}

// since is how long nobody has looked at a backup.
func since(b backup.Backup) time.Time {
	if b.VerifiedAt != nil {
		return *b.VerifiedAt
	}
	return b.CreatedAt
}

func choose(all []backup.Backup, in SelectBackupsToPruneInput) ([]backup.Backup, error) {
	if len(in.Backups) > 0 {
		goes := func(b backup.Backup) bool { return !b.Held && slices.Contains(in.Backups, b.ID) }
		needed := backup.RequiredByChain(all, goes)
		return slices.DeleteFunc(slices.Clone(all), func(b backup.Backup) bool { return !goes(b) || needed[b.ID] }), nil
	}
	verdicts, err := in.Plan.ApplyRetention(all)
	var out []backup.Backup
	for _, v := range verdicts {
		if !v.Keep {
			out = append(out, v.Backup)
		}
	}
	return out, err
}
