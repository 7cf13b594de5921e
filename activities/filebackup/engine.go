package filebackup

import (
	"context"
	"time"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
)

// engine is what makes soft backups: its half of the script does it on the instance, this reads what it says
// and knows what it leaves in the storage.
type engine interface {
	// environment is what the engine finds the repository by, through the door's port; nothing else gets it.
	environment(s *engineSession, url string) map[string]string
	// items are what every command is given besides.
	input(s *engineSession) scriptInput
	// pattern selects a path and what is below it.
	pattern(path string) string
	// excludes are the plan's patterns as the engine takes them.
	excludes(patterns []string) []string
	// read understands a line of its output; one that says nothing to us is the zero event.
	read(line string) event
	// refusal is why it failed, by what it complained of; nil when that is not known.
	classifyError(complaints string) error
	// damaged tells from what a check complained of that the repository itself is at fault.
	damaged(complaints string) bool

	// look tells whether there is a repository, and whether somebody has left a lock in it.
	probe(ctx context.Context, s *engineSession) (exists, held bool, err error)
	// announce leaves word of a backup that is about to be made, for who finds it later.
	prepare(ctx context.Context, s *engineSession, in BackUpFilesInput) error
	// snapshots are those of the repository.
	snapshots(ctx context.Context, s *engineSession) ([]snapshot, *commandResult, error)
	// made is the snapshot of a run that has just ended.
	findSnapshot(ctx context.Context, s *engineSession, in BackUpFilesInput, m measure) (snapshot, bool, error)
	// measured is what the storage tells of a snapshot whose run was not seen to its end.
	stats(ctx context.Context, s *engineSession, made snapshot) (measure, error)
	// settle takes away what runs before the one that made a snapshot have left of theirs.
	cleanup(ctx context.Context, s *engineSession, made snapshot) error
	// list hands over what a backup holds, as a walk of the tree has it.
	list(ctx context.Context, s *engineSession, b backup.Backup, each func(backup.FileEntry) error) error
	// expect begins to count what a backup must bring back, and refuses one that is not there any more.
	expectedFiles(ctx context.Context, s *engineSession, b backup.Backup) (expectation, error)
	// check looks whether a backup is whole.
	check(ctx context.Context, s *engineSession, b backup.Backup) (VerifyFilesResult, error)
}

// event is what an engine has said in one line; at most one of its fields is set.
type event struct {
	progress  *progress
	summary   *summary
	snapshots []snapshot
	entry     *backup.FileEntry
	gone      string // a path that is no more
	unread    int64  // files that could not be read
}

func (e event) known() bool {
	return e.progress != nil || e.summary != nil || e.snapshots != nil || e.entry != nil || e.gone != "" || e.unread > 0
}

type progress struct {
	part  float64 // of the whole, 0 to 1
	bytes int64
}

// summary is what an engine says at the end of a backup.
type summary struct{ snapshot string }

// snapshot is what the engine itself knows of a backup.
type snapshot struct {
	ID     string
	Time   time.Time
	Tags   []string
	Paths  []string // the directories that were backed up
	Parent string   `json:"-"` // the one that it cannot be read without
}

// engineOf is the engine of a name; "" is the default.
func engineOf(name backup.EngineName) (engine, backup.EngineName, error) {
	switch name {
	case backup.Restic, "":
		return restic{}, backup.Restic, nil
	case backup.Duplicity:
		return duplicity{}, name, nil
	}
	return nil, name, fault.New(fault.Invalid, nil, "there is no engine %s", name)
}
