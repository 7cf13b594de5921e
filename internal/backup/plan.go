// Package backup implements backup plans and backups: schedules, retention and storage. A plan is stored as a Temporal
// schedule. Backups are Glance images and repositories in Swift, which can be found and restored without the manager.
package backup

import (
	"time"

	"mycloudmanager/internal/operation"
)

// Method is a backup method.
type Method string

// The backup methods, with the values of the REST API.
const (
	Snapshot  Method = "snapshot" // an image of the whole, stopped instance
	FileLevel Method = "soft"     // encrypted directories, uploaded from the instance to Swift
)

// EngineName is the name of a program that makes file backups.
type EngineName string

// The engines. Restic is the default.
const (
	Restic    EngineName = "restic"
	Duplicity EngineName = "duplicity"
)

// Plan defines which instances are backed up, with which method, on which schedule and with which retention.
type Plan struct {
	ID          string      `json:"id"`
	Name        string      `json:"name"`
	Instances   []string    `json:"instances"`
	Method      Method      `json:"method"`
	Directories []string    `json:"directories"`
	Soft        FileOptions `json:"soft"`
	// Snapshot is omitted when it is zero, so that the ETags of plans made by older versions do not change.
	Snapshot  SnapshotOptions `json:"snapshot,omitzero"`
	Schedule  Schedule        `json:"schedule"`
	CatchUp   int             `json:"catch_up_seconds"` // how late a missed run may start after the manager was down
	Retention Retention       `json:"retention"`
	Author    operation.Actor `json:"author"` // on whose behalf the plan runs
	Role      string          `json:"role"`
	Project   string          `json:"project"`
	CreatedAt time.Time       `json:"created_at"`
}

// SnapshotOptions are the options of plans with the method Snapshot.
type SnapshotOptions struct {
	ConsistencyGroup bool `json:"consistency_group,omitempty" doc:"all instances are stopped before the first image is created, so that the backups of a run are consistent with each other"`
}

// ConsistencyGroup reports whether a run stops all instances before it creates the first image.
func (p Plan) ConsistencyGroup() bool { return p.Method == Snapshot && p.Snapshot.ConsistencyGroup }

// FileOptions are the options of plans with the method FileLevel.
type FileOptions struct {
	Engine      EngineName `json:"engine,omitempty" enum:"restic,duplicity" default:"restic"`
	Excludes    []string   `json:"excludes,omitempty" maxItems:"100" doc:"exclude patterns in the syntax of the engine, for example *.cache"`
	PreHook     string     `json:"pre_hook,omitempty" maxLength:"4096" doc:"shell command on the instance before the backup, as root"`
	PostHook    string     `json:"post_hook,omitempty" maxLength:"4096" doc:"shell command on the instance after the backup, also when it failed"`
	OnHookError HookRule   `json:"on_hook_error,omitempty" enum:"fail,continue" default:"fail" doc:"whether the failure of a hook fails the backup"`
	LimitKiB    int        `json:"limit_kib_per_second,omitempty" minimum:"0" maximum:"10485760" doc:"upload limit; 0 means no limit"`
}

// HookRule defines how the failure of a hook affects the backup.
type HookRule string

// The hook rules.
const (
	HookFail     HookRule = "fail"
	HookContinue HookRule = "continue"
)

// Target returns the plan as a target of an operation.
func (p Plan) Target() operation.Target {
	return operation.Target{Kind: PlanKind, ID: p.ID, Name: p.Name}
}

// Request returns the request for an operation that the plan's schedule starts. Its actor is the author of the plan.
func (p Plan) Request(op string, targets ...operation.Target) operation.Request {
	return operation.Request{Operation: op, Targets: targets, Actor: p.Author, Role: p.Role, Project: p.Project, Via: operation.ViaSchedule}
}

// PlanKind is the target kind of a plan.
const PlanKind = "plan"
