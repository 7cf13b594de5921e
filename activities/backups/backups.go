// Package backups holds the activities that work on all backups, regardless of their storage.
package backups

import (
	"context"
	"slices"
	"time"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/operation/task"
)

// Activities holds the activities on backups.
type Activities struct {
	Reader *backup.Reader
	Plans  Plans
	Runs   task.Lister
}

// SelectBackupsToPruneInput selects backups to delete: those that the plan no longer keeps, or those in Backups.
type SelectBackupsToPruneInput struct {
	Plan    backup.Plan
	Backups []string
}

// PruneSelection lists backups to delete, grouped by storage.
type PruneSelection struct {
	Images []string
	Soft   []Snapshots
	Names  []string // shown in the task
	Kept   int
}

// Snapshots lists file backups of one instance and engine.
type Snapshots struct {
	Instance string
	Engine   backup.EngineName
	IDs      []string // snapshot IDs of the engine
}

// SelectBackupsToPrune returns the backups to delete now. It is a read.
func (a *Activities) SelectBackupsToPrune(ctx context.Context, in SelectBackupsToPruneInput) (PruneSelection, error) {
	all, err := a.Reader.List(ctx)
	if err != nil {
		return PruneSelection{}, err
	}
	d := PruneSelection{Names: []string{}}
	selected, err := choose(all, in)
	for _, b := range selected {
		d.add(b)
		d.Names = append(d.Names, b.Target().Name)
	}
	d.Kept = len(all) - len(selected)
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

// RecordVerificationInput holds the result of a verification.
type RecordVerificationInput struct {
	Backup string
	Result backup.VerificationResult
}

// RecordVerification saves the result of a verification with the backup. It is idempotent except for the time.
func (a *Activities) RecordVerification(ctx context.Context, in RecordVerificationInput) error {
	b, err := a.Reader.Get(ctx, in.Backup)
	if err != nil {
		return err
	}
	return a.Reader.Verify(ctx, b, in.Result)
}

// Limits of UnverifiedBackups.
const (
	verificationValidity = 7 * 24 * time.Hour
	verificationsPerRun  = 100
)

// UnverifiedBackups returns the newest backup of each instance and plan if it was not verified for a week, longest
// waiting first. It is a read.
func (a *Activities) UnverifiedBackups(ctx context.Context) ([]backup.Backup, error) {
	all, err := a.Reader.List(ctx)
	due, known := []backup.Backup{}, map[string]bool{}
	for _, b := range all { // newest first
		key := b.Plan + " " + b.Instance
		if !known[key] && (b.VerifiedAt == nil || time.Since(*b.VerifiedAt) > verificationValidity) {
			due = append(due, b)
		}
		known[key] = true
	}
	slices.SortStableFunc(due, func(a, b backup.Backup) int { return since(a).Compare(since(b)) })
	return due[:min(len(due), verificationsPerRun)], err
}

// since returns the time of the last verification, or of the creation.
func since(b backup.Backup) time.Time {
	if b.VerifiedAt != nil {
		return *b.VerifiedAt
	}
	return b.CreatedAt
}

func choose(all []backup.Backup, in SelectBackupsToPruneInput) ([]backup.Backup, error) {
	if len(in.Backups) > 0 {
		deletable := func(b backup.Backup) bool { return !b.Held && slices.Contains(in.Backups, b.ID) }
		needed := backup.RequiredByChain(all, deletable)
		return slices.DeleteFunc(slices.Clone(all), func(b backup.Backup) bool { return !deletable(b) || needed[b.ID] }), nil
	}
	decisions, err := in.Plan.ApplyRetention(all)
	var out []backup.Backup
	for _, v := range decisions {
		if !v.Keep {
			out = append(out, v.Backup)
		}
	}
	return out, err
}
