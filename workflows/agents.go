package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/ansible"
	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance"
	"mycloudmanager/internal/operation"
)

const (
	removeTimeout    = time.Minute   // for an instance that does not answer
	agentTimeout     = 3 * time.Hour // for a share of the hosts, their wait for a turn included
	hostsPerActivity = ansible.MaxConcurrentHosts
)

// AgentAction is what is done with an agent.
type AgentAction = ansible.Action

// The actions.
const (
	InstallAgents = ansible.Install
	RemoveAgents  = ansible.Remove
	CheckAgents   = ansible.Check
)

// AgentsInput is what is to be done with which agents on which instances.
type AgentsInput struct {
	Action    AgentAction `json:"action"`
	Apps      []string    `json:"apps"`
	Instances []string    `json:"instances"`
	// Held tells that the task's own id is that of its one instance, which needs no hold.
	Locked bool `json:"locked,omitempty"`
}

// KeepFailed implements flow.Narrower: a retry repeats the instances that failed.
func (in *AgentsInput) KeepFailed(result map[string]any) {
	in.Instances = failedTargets(result, in.Instances)
}

// RunAgents installs, removes or checks agents on instances, many at once, and writes each one's new
// state into its server's metadata. Instances that fail do not stop the others: the task tells them.
func RunAgents(ctx workflow.Context, in AgentsInput) (err error) {
	var (
		compute *nova.Activities
		host    *ansible.Activities
	)
	run, err := operation.Begin(ctx, compute.ListEnrolledInstances, host.RunAgentPlaybook, compute.SetAgentStates)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	free, busy := lockAll(ctx, run, in)
	return runAgentPlaybooks(ctx, run, in.Action, in.Apps, free, playResult{failed: busy})
}

// lockAll keeps the instances for this task, and leaves out those that another task works on; busy
// counts what cannot be done on them.
func lockAll(ctx workflow.Context, run *operation.Run, in AgentsInput) (free []string, busy int) {
	if in.Locked {
		return in.Instances, 0
	}
	starts := make([]workflow.ChildWorkflowFuture, len(in.Instances))
	for i, id := range in.Instances {
		starts[i] = workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
			WorkflowID: operation.Target{Kind: "instance", ID: id}.WorkflowID(),
		}), LockInstance, operation.TaskID(ctx))
	}
	for i, id := range in.Instances {
		if starts[i].GetChildWorkflowExecution().Get(ctx, nil) == nil {
			free = append(free, id)
			continue
		}
		for _, app := range in.Apps {
			setOutcome(run, id, app, failedOutcome("another operation works on the instance"))
			busy++
		}
	}
	return free, busy
}

// playResult is how it went on all instances.
type playResult struct{ failed, done int }

// runAgentPlaybooks plays one agent after the other; total is what has failed before.
func runAgentPlaybooks(ctx workflow.Context, run *operation.Run, action ansible.Action, apps, ids []string, total playResult) error {
	if len(apps) == 0 {
		return nil
	}
	var compute *nova.Activities
	known := map[string]nova.EnrolledInstance{}
	if err := run.Call(ctx, compute.ListEnrolledInstances, ids, &known); err != nil {
		return err
	}
	for _, app := range apps {
		p, err := runAgentPlaybook(ctx, run, action, app, ids, known)
		if err != nil {
			return err
		}
		total.failed, total.done = total.failed+p.failed, total.done+p.done
	}
	switch {
	case total.failed > 0 && total.done == 0:
		return fault.Final(fault.New(fault.Invalid, nil, "it failed on all instances: %s", firstFailure(run)))
	case total.failed > 0:
		run.PartiallyFailed("%d of %d failed: %s", total.failed, total.failed+total.done, firstFailure(run))
	}
	return nil
}

// runAgentPlaybook plays one agent on all instances, in shares that go to all workers.
func runAgentPlaybook(ctx workflow.Context, run *operation.Run, action ansible.Action, app string, ids []string, known map[string]nova.EnrolledInstance) (playResult, error) {
	var (
		host    *ansible.Activities
		compute *nova.Activities
		p       playResult
		hosts   []ansible.PlaybookHost
	)
	for _, id := range ids {
		e, ok := known[id]
		if ok && action == CheckAgents && !slices.Contains(e.Agents, app) {
			setOutcome(run, id, app, Outcome{Status: string(instance.Absent), Reason: "the agent is not installed"})
			p.done++
			continue
		}
		if ok {
			hosts = append(hosts, ansible.PlaybookHost{ID: id, Name: e.Name, Address: e.Enrollment.Address, HostKey: e.Enrollment.HostKey})
			continue
		}
		setOutcome(run, id, app, failedOutcome("the instance is not enrolled"))
		p.failed++
	}
	if len(hosts) == 0 {
		return p, nil
	}
	if err := run.Call(ctx, compute.SetAgentStates, stateUpdates(ctx, hosts, app, func(string) ansible.HostOutcome {
		return ansible.HostOutcome{State: instance.Running}
	}), nil); err != nil {
		return p, err
	}
	var inputs []any
	var shares [][]ansible.PlaybookHost
	for share := range slices.Chunk(hosts, hostsPerActivity) {
		shares = append(shares, share)
		inputs = append(inputs, ansible.RunAgentPlaybookInput{App: app, Action: action, Hosts: share})
	}
	ended, cancelled := operation.FanOut[map[string]ansible.HostOutcome](ctx, run, agentTimeout, host.RunAgentPlaybook, inputs)
	byHost := map[string]ansible.HostOutcome{}
	for i, share := range ended {
		for _, h := range shares[i] {
			o, ok := share.Out[h.ID]
			if !ok {
				o = ansible.HostOutcome{State: instance.Failed, Reason: reasonOf(share.Err)}
			}
			byHost[h.ID] = o
		}
	}
	for _, h := range hosts {
		o := byHost[h.ID]
		if o.State == instance.Failed {
			p.failed++
			setOutcome(run, h.ID, app, Outcome{Status: string(operation.Failed), Reason: o.Reason, Detail: o.Recap})
		} else {
			p.done++
			setOutcome(run, h.ID, app, Outcome{Status: string(o.State), Detail: o.Recap})
		}
	}
	return p, saveStates(ctx, run, stateUpdates(ctx, hosts, app, func(id string) ansible.HostOutcome { return byHost[id] }), cancelled)
}

// saveStates writes what became of the agents, after a cancel too.
func saveStates(ctx workflow.Context, run *operation.Run, marks []nova.AgentStateUpdate, cancelled error) error {
	var compute *nova.Activities
	if cancelled == nil {
		return run.Call(ctx, compute.SetAgentStates, marks, nil)
	}
	free, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if err := run.Call(free, compute.SetAgentStates, marks, nil); err != nil {
		workflow.GetLogger(ctx).Error("States not kept", "error", err)
	}
	return cancelled
}

func stateUpdates(ctx workflow.Context, hosts []ansible.PlaybookHost, app string, of func(id string) ansible.HostOutcome) []nova.AgentStateUpdate {
	var marks []nova.AgentStateUpdate
	now := workflow.Now(ctx).UTC()
	for _, h := range hosts {
		o := of(h.ID)
		marks = append(marks, nova.AgentStateUpdate{ID: h.ID, Agent: instance.AgentState{App: app, State: o.State, Version: o.Version, Since: &now}})
	}
	return marks
}
