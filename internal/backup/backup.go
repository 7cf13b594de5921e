package backup

import (
	"strings"
	"time"

	"mycloudmanager/internal/operation"
)

// Backup is one backup of one instance.
type Backup struct {
	ID              string       `json:"id"`
	Instance        string       `json:"instance"`
	InstanceName    string       `json:"instance_name"`
	Plan            string       `json:"plan"`
	PlanName        string       `json:"plan_name"`
	Task            string       `json:"task" doc:"id of the task that made it"`
	Method          Method       `json:"method" enum:"snapshot,soft"`
	Engine          EngineName   `json:"engine,omitempty"`
	Directories     []string     `json:"directories,omitempty"`
	CreatedAt       time.Time    `json:"created_at"`
	SizeBytes       int64        `json:"size_bytes" doc:"what a restore brings back"`
	FileCount       int64        `json:"file_count,omitempty" doc:"of a soft backup: how many files a restore brings back; absent from those made before it was kept"`
	ChangedBytes    int64        `json:"changed_bytes" doc:"what this one has added to the storage"`
	Duration        float64      `json:"duration_seconds"`
	Consistency     Consistency  `json:"consistency" enum:"cold,cold_group,crash,file"`
	Checksum        string       `json:"checksum,omitempty"`
	VerifiedAt      *time.Time   `json:"verified_at" nullable:"true"`
	VerifyStatus    VerifyStatus `json:"verify_status" enum:"never,ok,failed"`
	VerifyDetail    string       `json:"verify_detail,omitempty"`
	RestoreTestedAt *time.Time   `json:"last_restore_test_at" nullable:"true" doc:"when it was last restored for a trial and compared"`
	ExpiresAt       *time.Time   `json:"expires_at" nullable:"true"`
	Held            bool         `json:"held"`
	PreRestore      bool         `json:"pre_restore,omitempty" doc:"made before a restore, outside of any plan"`

	// Server is absent from backups that were made before it was kept, and from soft ones.
	Server *ServerSpec `json:"server,omitempty" doc:"of a snapshot: what its instance was like"`

	// Where it lies: the image, or the container and the engine's own id in it.
	Image     string `json:"image,omitempty"`
	Container string `json:"container,omitempty"`
	Snapshot  string `json:"snapshot,omitempty"`
	Parent    string `json:"parent,omitempty" doc:"the engine's id of the backup that this one builds on, without which it cannot be read"`
}

// Consistency says what state of the instance a backup holds.
type Consistency string

// The consistencies.
const (
	Cold            Consistency = "cold"       // the instance was stopped: everything was written
	ColdGroup       Consistency = "cold_group" // and so were all others of the same run: the set is of one moment
	Crash           Consistency = "crash"      // as after a power cut
	FileConsistency Consistency = "file"       // each file for itself
)

// VerifyStatus is how the last look at a backup ended.
type VerifyStatus string

// The statuses.
const (
	NeverVerified VerifyStatus = "never"
	VerifiedOK    VerifyStatus = "ok"
	VerifyFailed  VerifyStatus = "failed"
)

// Kind is the kind of target that a backup is.
const Kind = "backup"

// A backup's id says by its first letter where it lies, so that it is found without a list.
const (
	snapshotPrefix = "s-" // then the image's id
	filePrefix     = "f-" // then <instance>.<the engine's id>
)

// SnapshotID is the id of the backup that the image is.
func SnapshotID(image string) string { return snapshotPrefix + image }

// FileBackupID is the id of a soft backup of an instance.
func FileBackupID(instance, snapshot string) string { return filePrefix + instance + "." + snapshot }

// MethodOf tells from the id how the backup was made; "" when it is no id of a backup.
func MethodOf(id string) Method {
	switch {
	case strings.HasPrefix(id, snapshotPrefix):
		return Snapshot
	case strings.HasPrefix(id, filePrefix):
		return FileLevel
	}
	return ""
}

// ImageOf is the image that the backup is.
func ImageOf(id string) string { return strings.TrimPrefix(id, snapshotPrefix) }

// FileBackupOf are the instance and the engine's id of a soft backup.
func FileBackupOf(id string) (instance, snapshot string) {
	instance, snapshot, _ = strings.Cut(strings.TrimPrefix(id, filePrefix), ".")
	return instance, snapshot
}

// Target is the backup as the target of an operation.
func (b Backup) Target() operation.Target {
	return operation.Target{Kind: Kind, ID: b.ID, Name: b.InstanceName + " " + b.CreatedAt.UTC().Format("2006-01-02 15:04")}
}
