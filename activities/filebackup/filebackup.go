// Package filebackup holds the activities of file backups: an engine (restic or duplicity) runs on the instance and saves
// its files, encrypted, to the object storage of the project, and restores them.
package filebackup

import (
	"time"

	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/instance/ssh"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/operation/tasklog"
)

// Activities makes, restores, verifies and forgets soft backups.
type Activities struct {
	Cloud   *openstack.Cloud
	SSH     *ssh.Dialer
	Records *backup.Records
	Log     *tasklog.Log
	// Key is the project's; the password of each repository is made of it.
	Key []byte
	// Scripts are what instances run, by engine.
	Scripts      map[backup.EngineName]string
	PollInterval time.Duration // between two looks
}

// BackUpFilesInput says what is backed up, and where it is.
type BackUpFilesInput struct {
	Instance string
	Name     string
	Address  string
	HostKey  string
	Task     string // what the backup is found again by, when the activity is repeated
	Plan     backup.Plan
}

// RestoreFilesInput says what is restored, and where to.
type RestoreFilesInput struct {
	Backup backup.Backup

	// The instance that the files are restored on, which may be another than the one that was backed up.
	Instance string
	Name     string
	Address  string
	HostKey  string

	Paths  []string // files and directories; none is all
	Target string   // "" is DefaultTarget; "/" puts everything back in its place
	Task   string
}

// DefaultTarget is the directory that files are restored under.
const DefaultTarget = "/restore"

// RestoreFilesResult is what a restore has brought back.
type RestoreFilesResult struct {
	Files   int64
	Bytes   int64
	Checked bool   // what was written was read back and compared
	Target  string // where it lies: another than was asked for when that was taken
}

// VerifyFilesInput says which backup is verified, on which instance.
type VerifyFilesInput struct {
	Backup      backup.Backup
	Address     string
	HostKey     string
	RestoreTest bool // restore everything to a scratch directory and compare
}

// VerifyFilesResult is what a verification has found.
type VerifyFilesResult struct {
	OK     bool
	Detail string
}

// ForgetSnapshotsInput says which snapshots of an instance are deleted.
type ForgetSnapshotsInput struct {
	Instance  string
	Address   string
	HostKey   string
	Engine    backup.EngineName
	Snapshots []string
}
