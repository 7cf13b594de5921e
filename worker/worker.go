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
	"mycloudmanager/activities/cluster"
	"mycloudmanager/activities/files"
	"mycloudmanager/activities/glance"
	"mycloudmanager/activities/heat"
	"mycloudmanager/activities/neutron"
	"mycloudmanager/activities/notices"
	"mycloudmanager/activities/nova"
	playbooks "mycloudmanager/internal/ansible"
	"mycloudmanager/internal/audit"
	"mycloudmanager/internal/backup"
	"mycloudmanager/internal/catalog"
	"mycloudmanager/internal/flow"
	"mycloudmanager/internal/kube"
	"mycloudmanager/internal/notice"
	"mycloudmanager/internal/openstack"
	"mycloudmanager/internal/reach"
	"mycloudmanager/internal/stack"
	"mycloudmanager/internal/tasklog"
	"mycloudmanager/internal/tasks"
	"mycloudmanager/workflows"
)

// Parts are what the activities work with.
type Parts struct {
	Cloud     *openstack.Cloud
	Cluster   *kube.Cluster
	Catalog   *catalog.Catalog
	Template  stack.Template
	PublicKey string // the manager's, one line of authorized_keys
	Instances *reach.Instances
	Playbooks *playbooks.Runner
	Relay     []string // the command that connects through a relay's socket
	Script    string   // enroll.sh
	Log       *tasklog.Log
	Records   *backup.Records              // of soft backups
	BackupKey []byte                       // the project's
	Engines   map[backup.EngineName]string // what instances run to back up
	Plans     backups.Plans
	Notices   *notice.Sender // nil: there are no channels
	Runs      tasks.Lister   // of plans
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
	return append(p.Tracing, &audit.Interceptor{Recorder: p.Recorder, Converter: p.Converter}, &flow.Interceptor{})
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
		&notices.Activities{Sender: p.Notices, Cloud: p.Cloud, Runs: p.Runs},
		&cluster.Activities{Cluster: p.Cluster, Catalog: p.Catalog, Every: every},
		&files.Activities{Cloud: p.Cloud, Reach: p.Instances, Records: p.Records, Log: p.Log, Key: p.BackupKey, Scripts: p.Engines, Every: every},
	} {
		r.RegisterActivity(activities)
	}
}
