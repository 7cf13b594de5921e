// Package worker builds Temporal workers from clients and activities.
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

// Dependencies holds the clients and settings of the activities.
type Dependencies struct {
	Cloud        *openstack.Cloud
	Cluster      *cluster.Cluster
	Catalog      *catalog.Catalog
	Template     stack.Template
	PublicKey    string // the manager's key, one line of authorized_keys
	Instances    *ssh.Dialer
	Playbooks    *playbooks.Runner
	ProxyCommand []string // command that connects through a relay's socket
	Script       string   // enroll.sh
	Log          *tasklog.Log
	Records      *backup.Records              // of file backups
	BackupKey    []byte                       // of the project
	Engines      map[backup.EngineName]string // scripts that run on instances
	Plans        backups.Plans
	Notifier     *notification.Notifier // nil: no channels are configured
	Runs         task.Lister            // of plans
	Recorder     *audit.Recorder
	Converter    converter.DataConverter
	PollInterval time.Duration // interval of polling activities; 0: defaultPollInterval
	Tracing      []interceptor.WorkerInterceptor
}

const (
	defaultPollInterval = 2 * time.Second
	// beatThrottle bounds the age of a step's message on the task's page.
	beatThrottle = time.Second
	stopTimeout  = 10 * time.Second
)

// New returns a worker with every workflow and activity. The caller starts it.
func New(c client.Client, taskQueue string, p Dependencies) worker.Worker {
	w := worker.New(c, taskQueue, worker.Options{
		Interceptors:                     Interceptors(p),
		WorkerStopTimeout:                stopTimeout,
		MaxHeartbeatThrottleInterval:     beatThrottle,
		DefaultHeartbeatThrottleInterval: beatThrottle,
	})
	Register(w, p)
	return w
}

// Interceptors returns the interceptors that every worker and replayer needs, in order.
func Interceptors(p Dependencies) []interceptor.WorkerInterceptor {
	return append(p.Tracing, &audit.Interceptor{Recorder: p.Recorder, Converter: p.Converter}, &operation.Interceptor{})
}

// Register registers every workflow and activity with r.
func Register(r worker.Registry, p Dependencies) {
	interval := p.PollInterval
	if interval == 0 {
		interval = defaultPollInterval
	}
	workflows.Register(r)
	for _, activities := range []any{
		&heat.Activities{Cloud: p.Cloud, Template: p.Template, PublicKey: p.PublicKey, PollInterval: interval},
		&nova.Activities{Cloud: p.Cloud, PollInterval: interval},
		&neutron.Activities{Cloud: p.Cloud},
		&ansible.Activities{Runner: p.Playbooks, SSH: p.Instances, Catalog: p.Catalog, Cluster: p.Cluster, Log: p.Log,
			ProxyCommand: p.ProxyCommand, Script: p.Script, PollInterval: interval},
		&cinder.Activities{Cloud: p.Cloud, PollInterval: interval},
		&glance.Activities{Cloud: p.Cloud, PollInterval: interval},
		&backups.Activities{Reader: &backup.Reader{Cloud: p.Cloud, Records: p.Records}, Plans: p.Plans, Runs: p.Runs},
		&notifications.Activities{Notifier: p.Notifier, Cloud: p.Cloud, Runs: p.Runs},
		&kubernetes.Activities{Cluster: p.Cluster, Catalog: p.Catalog, PollInterval: interval},
		&filebackup.Activities{Cloud: p.Cloud, SSH: p.Instances, Records: p.Records, Log: p.Log, Key: p.BackupKey,
			Scripts: p.Engines, PollInterval: interval},
	} {
		r.RegisterActivity(activities)
	}
}
