// Package filebackup holds the activities of file backups: an engine on the instance stores the instance's files,
// encrypted, in the project's object storage, and restores them.
package filebackup

import (
	"time"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/instance/ssh"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/operation/tasklog"
	"mycloudmanager/internal/platform/i18n"
)

// Activities makes, restores, verifies and deletes file backups.
type Activities struct {
	Cloud   *openstack.Cloud
	SSH     *ssh.Dialer
	Records *backup.Records
	Log     *tasklog.Log
	// Key is the key of the project; the password of each repository is derived from it.
	Key []byte
	// Scripts holds the scripts that run on instances, by engine.
	Scripts      map[backup.EngineName]string
	PollInterval time.Duration // between two polls
}

// BackUpFilesInput describes the instance and the plan of a backup.
type BackUpFilesInput struct {
	Instance string
	Name     string
	Address  string
	HostKey  string
	Task     string // identifies the backup when the activity is retried
	Plan     backup.Plan
}

// RestoreFilesInput describes the files to restore and their target.
type RestoreFilesInput struct {
	Backup backup.Backup

	// The instance to restore to, which may differ from the instance that was backed up.
	Instance string
	Name     string
	Address  string
	HostKey  string

	Paths  []string // files and directories; default: all
	Target string   // default: DefaultTarget; "/" restores to the original paths
	Task   string
}

// DefaultTarget is the default directory for restored files.
const DefaultTarget = "/restore"

// RestoreFilesResult describes the restored files.
type RestoreFilesResult struct {
	Files   int64
	Bytes   int64
	Checked bool   // the written files were read again and compared
	Target  string // actual directory: differs from the requested one if that was taken
}

// VerifyFilesInput selects the backup to verify and the instance to verify it on.
type VerifyFilesInput struct {
	Backup      backup.Backup
	Address     string
	HostKey     string
	RestoreTest bool // restore everything to a scratch directory and compare
}

// VerifyFilesResult is the result of a verification.
type VerifyFilesResult struct {
	OK     bool
	Detail i18n.Message
}

// ForgetSnapshotsInput selects the snapshots of an instance to delete.
type ForgetSnapshotsInput struct {
	Instance  string
	Address   string
	HostKey   string
	Engine    backup.EngineName
	Snapshots []string
}
