package filebackup

import (
	"context"
	"time"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
)

// engine is a backup program on the instance of a connection. A script runs the program; the engine parses the output and
// reads the objects that the program stores.
type engine interface {
	program

	// pattern returns a pattern that selects a path and everything below it.
	pattern(path string) string
	// excludes converts the plan's exclude patterns to the syntax of the engine.
	excludes(patterns []string) []string
	// damaged reports whether the error output of a check shows a damaged repository.
	damaged(stderr string) bool

	// probe reports whether the repository exists, and whether it holds a lock.
	probe(ctx context.Context) (exists, held bool, err error)
	// prepare records the backup that is about to be made, so that its snapshot can be attributed later.
	prepare(ctx context.Context, in BackUpFilesInput) error
	// snapshots lists the snapshots of the repository.
	snapshots(ctx context.Context) ([]snapshot, *commandResult, error)
	// findSnapshot returns the snapshot of the run that has just ended.
	findSnapshot(ctx context.Context, in BackUpFilesInput, m measure) (snapshot, bool, error)
	// stats derives the figures of an interrupted run from the objects in the storage.
	stats(ctx context.Context, made snapshot) (measure, error)
	// cleanup deletes leftovers of runs before the one that made the snapshot.
	cleanup(ctx context.Context, made snapshot) error
	// list calls each for every entry of a backup, in the order of a tree walk.
	list(ctx context.Context, b backup.Backup, each func(backup.FileEntry) error) error
	// expectedFiles returns an expectation to count into. It fails if the backup no longer exists.
	expectedFiles(ctx context.Context, b backup.Backup) (expectation, error)
	// check verifies that a backup is complete and intact.
	check(ctx context.Context, b backup.Backup) (VerifyFilesResult, error)
}

// event is one parsed line of output; at most one field is set.
type event struct {
	progress  *progress
	summary   *summary
	snapshots []snapshot
	entry     *backup.FileEntry
	deleted   string // path of a deleted entry
	unread    int64  // files that could not be read
}

func (e event) known() bool {
	return e.progress != nil || e.summary != nil || e.snapshots != nil || e.entry != nil || e.deleted != "" || e.unread > 0
}

type progress struct {
	part  float64 // of the whole, 0 to 1
	bytes int64
}

// summary is the last event of a backup.
type summary struct{ snapshot string }

// snapshot describes a backup in the engine's repository.
type snapshot struct {
	ID     string
	Time   time.Time
	Tags   []string
	Paths  []string // the directories that were backed up
	Parent string   `json:"-"` // snapshot that this one builds on
}

// newEngine returns the engine of a connection.
func newEngine(c *connection) (engine, error) {
	switch c.engineName {
	case backup.Restic:
		return restic{c}, nil
	case backup.Duplicity:
		return duplicity{c}, nil
	}
	return nil, fault.New(fault.Invalid, nil, "there is no engine %s", c.engineName)
}
