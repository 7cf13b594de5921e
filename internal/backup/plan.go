// Package backup knows backup plans and backups: when a plan runs, what it keeps, and where what it made
// lies. Plans are Temporal schedules; backups are images in Glance and repositories in Swift, which can be
// found and restored without the manager.
package backup

import (
	"time"

	"mycloudmanager/internal/operation"
)

// Method is how a plan backs up.
type Method string

// The methods, in the words of the REST contract.
const (
	Snapshot  Method = "snapshot" // the whole instance, stopped, as an image
	FileLevel Method = "soft"     // directories, from the instance itself into Swift, encrypted
)

// EngineName is what makes soft backups.
type EngineName string

// The engines. Restic is the default; duplicity is what the project has always had.
const (
	Restic    EngineName = "restic"
	Duplicity EngineName = "duplicity"
)

// Plan says what is backed up, how, when, and what is kept.
type Plan struct {
	ID          string      `json:"id"`
	Name        string      `json:"name"`
	Instances   []string    `json:"instances"`
	Method      Method      `json:"method"`
	Directories []string    `json:"directories"`
	Soft        FileOptions `json:"soft"`
	// Snapshot is left out when it says nothing, so that the ETags of older plans stay.
	Snapshot  SnapshotOptions `json:"snapshot,omitzero"`
	Schedule  Schedule        `json:"schedule"`
	CatchUp   int             `json:"catch_up_seconds"` // how late a run may start after the manager was down
	Retention Retention       `json:"retention"`
	Author    operation.Actor `json:"author"` // in whose name it runs
	Role      string          `json:"role"`
	Project   string          `json:"project"`
	CreatedAt time.Time       `json:"created_at"`
}

// SnapshotOptions is what only snapshots have.
type SnapshotOptions struct {
	ConsistencyGroup bool `json:"consistency_group,omitempty" doc:"all instances are shut off before the first image is made, so that the backups of one run fit together"`
}

// ConsistencyGroup reports whether a run shuts all instances off before it makes the first image.
func (p Plan) ConsistencyGroup() bool { return p.Method == Snapshot && p.Snapshot.ConsistencyGroup }

// FileOptions is what only soft backups have.
type FileOptions struct {
	Engine      EngineName `json:"engine,omitempty" enum:"restic,duplicity" default:"restic"`
	Excludes    []string   `json:"excludes,omitempty" maxItems:"100" doc:"patterns of the engine, for example *.cache"`
	PreHook     string     `json:"pre_hook,omitempty" maxLength:"4096" doc:"shell command on the instance before the backup, as root"`
	PostHook    string     `json:"post_hook,omitempty" maxLength:"4096" doc:"shell command on the instance after the backup, also when it failed"`
	OnHookError HookRule   `json:"on_hook_error,omitempty" enum:"fail,continue" default:"fail" doc:"whether a hook that fails ends the backup"`
	LimitKiB    int        `json:"limit_kib_per_second,omitempty" minimum:"0" maximum:"10485760" doc:"upload limit; 0 is none"`
}

// HookRule says what becomes of a backup whose hook fails.
type HookRule string

// The rules.
const (
	HookFail     HookRule = "fail"
	HookContinue HookRule = "continue"
)

// Target is the plan as the target of an operation.
func (p Plan) Target() operation.Target {
	return operation.Target{Kind: PlanKind, ID: p.ID, Name: p.Name}
}

// Request says who asks for an operation by the plan's schedule: its author.
func (p Plan) Request(op string, targets ...operation.Target) operation.Request {
	return operation.Request{Operation: op, Targets: targets, Actor: p.Author, Role: p.Role, Project: p.Project, Via: operation.ViaSchedule}
}

// PlanKind is the kind of target that a plan is.
const PlanKind = "plan"
