package backup

import (
	"strings"
	"time"

	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
)

// Backup is one backup of one instance.
type Backup struct {
	ID              string       `json:"id"`
	Instance        string       `json:"instance"`
	InstanceName    string       `json:"instance_name"`
	Plan            string       `json:"plan"`
	PlanName        string       `json:"plan_name"`
	Task            string       `json:"task" doc:"ID of the task that made the backup"`
	Method          Method       `json:"method" enum:"snapshot,soft"`
	Engine          EngineName   `json:"engine,omitempty"`
	Directories     []string     `json:"directories,omitempty"`
	CreatedAt       time.Time    `json:"created_at"`
	SizeBytes       int64        `json:"size_bytes" doc:"size of the restored data in bytes"`
	FileCount       int64        `json:"file_count,omitempty" doc:"number of files that a restore of a file backup creates; absent from backups made by versions that did not count them"`
	ChangedBytes    int64        `json:"changed_bytes" doc:"bytes that this backup added to the storage"`
	Duration        float64      `json:"duration_seconds"`
	Consistency     Consistency  `json:"consistency" enum:"cold,cold_group,crash,file"`
	Checksum        string       `json:"checksum,omitempty"`
	VerifiedAt      *time.Time   `json:"verified_at" nullable:"true"`
	VerifyStatus    VerifyStatus `json:"verify_status" enum:"never,ok,failed"`
	VerifyDetail    i18n.Message `json:"verify_detail,omitzero"`
	RestoreTestedAt *time.Time   `json:"last_restore_test_at" nullable:"true" doc:"time of the last test restore"`
	ExpiresAt       *time.Time   `json:"expires_at" nullable:"true"`
	Held            bool         `json:"held"`
	PreRestore      bool         `json:"pre_restore,omitempty" doc:"made automatically before a restore; does not belong to a plan"`

	// Server is nil for file backups and for snapshots made by versions that did not record the server.
	Server *ServerSpec `json:"server,omitempty" doc:"configuration of the instance at the time of the snapshot"`

	// Location: the Glance image of a snapshot, or the Swift container and the engine's ID of a file backup.
	Image     string `json:"image,omitempty"`
	Container string `json:"container,omitempty"`
	Snapshot  string `json:"snapshot,omitempty"`
	Parent    string `json:"parent,omitempty" doc:"engine's ID of the backup that this backup depends on and cannot be restored without"`
}

// Consistency is the kind of consistency that a backup guarantees.
type Consistency string

// The consistency levels.
const (
	Cold            Consistency = "cold"       // the instance was stopped, all writes were flushed
	ColdGroup       Consistency = "cold_group" // all instances of the run were stopped at the same time
	Crash           Consistency = "crash"      // crash-consistent, as after a power failure
	FileConsistency Consistency = "file"       // each file is consistent only with itself
)

// VerifyStatus is the result of the last verification of a backup.
type VerifyStatus string

// The statuses.
const (
	NeverVerified VerifyStatus = "never"
	VerifiedOK    VerifyStatus = "ok"
	VerifyFailed  VerifyStatus = "failed"
)

// Kind is the target kind of a backup.
const Kind = "backup"

// The prefix of a backup ID identifies the method, so that a backup can be read without listing all backups.
const (
	snapshotPrefix = "s-" // followed by the image ID
	filePrefix     = "f-" // followed by <instance ID>.<snapshot ID of the engine>
)

// SnapshotID returns the backup ID of a snapshot whose Glance image has the given ID.
func SnapshotID(image string) string { return snapshotPrefix + image }

// FileBackupID returns the backup ID of a file backup. snapshot is the engine's ID of the backup.
func FileBackupID(instance, snapshot string) string { return filePrefix + instance + "." + snapshot }

// MethodOf returns the method of the backup with the given ID, or "" if id is not a backup ID.
func MethodOf(id string) Method {
	switch {
	case strings.HasPrefix(id, snapshotPrefix):
		return Snapshot
	case strings.HasPrefix(id, filePrefix):
		return FileLevel
	}
	return ""
}

// ImageOf returns the Glance image ID of the snapshot with the given backup ID.
func ImageOf(id string) string { return strings.TrimPrefix(id, snapshotPrefix) }

// FileBackupOf splits the ID of a file backup into the instance ID and the engine's snapshot ID.
func FileBackupOf(id string) (instance, snapshot string) {
	instance, snapshot, _ = strings.Cut(strings.TrimPrefix(id, filePrefix), ".")
	return instance, snapshot
}

// Target returns the backup as a target of an operation.
func (b Backup) Target() operation.Target {
	return operation.Target{Kind: Kind, ID: b.ID, Name: b.InstanceName + " " + b.CreatedAt.UTC().Format("2006-01-02 15:04")}
}
