// Package worker puts the workers together: clients -> activities -> a Temporal worker.
package worker

import (
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"

	"mycloudmanager/activities/ansible"
	"mycloudmanager/activities/backups"
	"mycloudmanager/activities/cinder"
	"mycloudmanager/activities/filebackup"
	"mycloudmanager/activities/glance"
	"mycloudmanager/activities/heat"
	"mycloudmanager/activities/kubernetes"
	"mycloudmanager/activities/neutron"
	"mycloudmanager/activities/notifications"
	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/app/catalog"
	"mycloudmanager/internal/app/cluster"
	"mycloudmanager/internal/backup"
	playbooks "mycloudmanager/internal/instance/ansible"
	"mycloudmanager/internal/instance/ssh"
	"mycloudmanager/internal/notification"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/audit"
	"mycloudmanager/internal/operation/task"
	"mycloudmanager/internal/operation/tasklog"
	"mycloudmanager/internal/stack"
	"mycloudmanager/workflows"
)

// Parts are what the activities work with.
type Parts struct {
	Cloud     *openstack.Cloud
	Cluster   *cluster.Cluster
	Catalog   *catalog.Catalog
	Template  stack.Template
	PublicKey string // the manager's, one line of authorized_keys
	Instances *ssh.Instances
	Playbooks *playbooks.Runner
	Relay     []string // the command that connects through a relay's socket
	Script    string   // enroll.sh
	Log       *tasklog.Log
	Records   *backup.Records              // of soft backups
	BackupKey []byte                       // the project's
	Engines   map[backup.EngineName]string // what instances run to back up
	Plans     backups.Plans
	Notices   *notification.Sender // nil: there are no channels
	Runs      task.Lister          // of plans
	Recorder  *audit.Recorder
	Converter converter.DataConverter
	Every     time.Duration // between two looks of a wait; 0: defaultEvery
	Tracing   []interceptor.WorkerInterceptor
}

const (
	defaultEvery = 2 * time.Second
	// beatThrottle bounds how old a step's message may be on the task's page.
	beatThrottle = time.Second
	stopPatience = 10 * time.Second
)

// New returns a worker with every workflow and every activity. It is started by its caller.
func New(c client.Client, taskQueue string, p Parts) worker.Worker {
	w := worker.New(c, taskQueue, worker.Options{
		Interceptors:                     Interceptors(p),
		WorkerStopTimeout:                stopPatience,
		MaxHeartbeatThrottleInterval:     beatThrottle,
		DefaultHeartbeatThrottleInterval: beatThrottle,
	})
	Register(w, p)
	return w
}

// Interceptors are those every worker and every replay needs, in their order.
func Interceptors(p Parts) []interceptor.WorkerInterceptor {
	return append(p.Tracing, &audit.Interceptor{Recorder: p.Recorder, Converter: p.Converter}, &operation.Interceptor{})
}

// Register adds every workflow and activity to r.
func Register(r worker.Registry, p Parts) {
	every := p.Every
	if every == 0 {
		every = defaultEvery
	}
	workflows.Register(r)
	for _, activities := range []any{
		&heat.Activities{Cloud: p.Cloud, Template: p.Template, PublicKey: p.PublicKey, Every: every},
		&nova.Activities{Cloud: p.Cloud, Every: every},
		&neutron.Activities{Cloud: p.Cloud},
		&ansible.Activities{Runner: p.Playbooks, Reach: p.Instances, Catalog: p.Catalog, Cluster: p.Cluster, Log: p.Log, Relay: p.Relay, Script: p.Script, Every: every},
		&cinder.Activities{Cloud: p.Cloud, Every: every},
		&glance.Activities{Cloud: p.Cloud, Every: every},
		&backups.Activities{Reader: &backup.Reader{Cloud: p.Cloud, Records: p.Records}, Plans: p.Plans, Runs: p.Runs},
		&notifications.Activities{Sender: p.Notices, Cloud: p.Cloud, Runs: p.Runs},
		&kubernetes.Activities{Cluster: p.Cluster, Catalog: p.Catalog, Every: every},
		&filebackup.Activities{Cloud: p.Cloud, Reach: p.Instances, Records: p.Records, Log: p.Log, Key: p.BackupKey, Scripts: p.Engines, Every: every},
	} {
		r.RegisterActivity(activities)
	}
}
