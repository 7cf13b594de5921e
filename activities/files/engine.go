package files

import (
	"time"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
)

// engine is what makes soft backups: its half of the script does it on the instance, this reads what it says.
type engine interface {
	// environment is what the engine finds the repository by, through the door's port.
	environment(container, url, token string) map[string]string
	// pattern selects a path and what is below it.
	pattern(path string) string
	// read understands a line of its output; one that says nothing to us is the zero event.
	read(line string) event
	// refusal is why it failed, by what it complained of; nil when that is not known.
	refusal(complaints string) error
	// damaged tells from what a check complained of that the repository itself is at fault.
	damaged(complaints string) bool
}

// event is what an engine has said in one line; at most one of its fields is set.
type event struct {
	progress  *progress
	summary   *summary
	snapshots []snapshot
	entry     *backup.Entry
}

func (e event) known() bool {
	return e.progress != nil || e.summary != nil || e.snapshots != nil || e.entry != nil
}

type progress struct {
	part  float64 // of the whole, 0 to 1
	bytes int64
}

type summary struct{ files, bytes, added int64 }

// snapshot is what the engine itself knows of a backup.
type snapshot struct {
	ID    string
	Time  time.Time
	Tags  []string
	Paths []string // the directories that were backed up
}

// engineOf is the engine of a name; "" is the default.
func engineOf(name backup.EngineName) (engine, backup.EngineName, error) {
	switch name {
	case backup.Restic, "":
		return restic{}, backup.Restic, nil
	}
	return nil, name, fault.New(fault.Invalid, nil, "there is no engine %s", name)
}
