package api

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"mycloudmanager/internal/app"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance"
	"mycloudmanager/internal/instance/enrollment"
	"mycloudmanager/internal/notification"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/audit"
	"mycloudmanager/internal/operation/task"
	"mycloudmanager/internal/operation/tasklog"
	"mycloudmanager/internal/stack"
)

// schemaNames are the OpenAPI component names of Go types whose own name is complete only with its package: a generated
// client has one namespace for all of them.
var schemaNames = map[reflect.Type]string{
	reflect.TypeFor[app.Agent]():                  "AppAgent",
	reflect.TypeFor[app.Credentials]():            "AppCredentials",
	reflect.TypeFor[app.Link]():                   "AppLink",
	reflect.TypeFor[app.PlanRow]():                "AppUpgradeDiffRow",
	reflect.TypeFor[app.Revision]():               "AppRevision",
	reflect.TypeFor[app.Schema]():                 "AppSettingsSchema",
	reflect.TypeFor[app.Settings]():               "AppSettings",
	reflect.TypeFor[app.Volume]():                 "AppVolume",
	reflect.TypeFor[AppEvent]():                   "AppHealthEvent",
	reflect.TypeFor[audit.Record]():               "AuditRecord",
	reflect.TypeFor[backup.FileEntry]():           "BackupFile",
	reflect.TypeFor[backup.Retention]():           "BackupRetention",
	reflect.TypeFor[backup.Schedule]():            "BackupSchedule",
	reflect.TypeFor[enrollment.Use]():             "EnrollmentTokenUse",
	reflect.TypeFor[fault.Field]():                "ProblemField",
	reflect.TypeFor[instance.Address]():           "InstanceAddress",
	reflect.TypeFor[notification.ChannelStatus](): "NotificationChannel",
	reflect.TypeFor[notification.Delivery]():      "NotificationDelivery",
	reflect.TypeFor[operation.Change]():           "FieldChange",
	reflect.TypeFor[task.Error]():                 "TaskError",
	reflect.TypeFor[PlanRun]():                    "BackupPlanRun",
	reflect.TypeFor[stack.Changes]():              "StackChanges",
	reflect.TypeFor[stack.Check]():                "PreflightCheck",
	reflect.TypeFor[stack.Cluster]():              "StackCluster",
	reflect.TypeFor[stack.Edge]():                 "StackTopologyEdge",
	reflect.TypeFor[stack.Event]():                "StackEvent",
	reflect.TypeFor[stack.NamedResource]():        "NamedResource",
	reflect.TypeFor[stack.Node]():                 "StackNode",
	reflect.TypeFor[stack.Options]():              "StackOptions",
	reflect.TypeFor[stack.Parameters]():           "StackParameters",
	reflect.TypeFor[stack.Preset]():               "StackPreset",
	reflect.TypeFor[stack.Report]():               "PreflightReport",
	reflect.TypeFor[stack.Topology]():             "StackTopology",
	reflect.TypeFor[stack.Vertex]():               "StackResource",
	reflect.TypeFor[StackEvent]():                 "StackStateEvent",
	reflect.TypeFor[task.Links]():                 "TaskLinks",
	reflect.TypeFor[task.Page]():                  "TaskPage",
	reflect.TypeFor[task.Progress]():              "TaskProgress",
	reflect.TypeFor[task.Step]():                  "TaskStep",
	reflect.TypeFor[tasklog.Line]():               "TaskLogLine",
}

// schemaName names the OpenAPI component of a Go type. hint is huma's name for a type that has none.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if name, ok := schemaNames[t]; ok {
		return name
	}
	return huma.DefaultSchemaNamer(t, hint)
}
