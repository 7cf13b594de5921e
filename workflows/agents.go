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
	"mycloudmanager/internal/platform/i18n"
)

const (
	removeTimeout    = time.Minute   // for an instance that does not respond
	agentTimeout     = 3 * time.Hour // for one batch of hosts, including the wait for a free slot
	hostsPerActivity = ansible.MaxConcurrentHosts
)

// AgentAction is an action on an agent.
type AgentAction = ansible.Action

// Actions on agents.
const (
	InstallAgents = ansible.Install
	RemoveAgents  = ansible.Remove
	CheckAgents   = ansible.Check
)

// AgentsInput selects an action, the agents and the instances.
type AgentsInput struct {
	Action    AgentAction `json:"action"`
	Apps      []string    `json:"apps"`
	Instances []string    `json:"instances"`
	// Locked is set if the task's own workflow ID locks its only instance.
	Locked bool `json:"locked,omitempty"`
}

// KeepFailed implements operation.Retryable: a retry repeats the instances that failed.
func (in *AgentsInput) KeepFailed(result map[string]any) {
	in.Instances = failedTargets(result, in.Instances)
}

// RunAgents installs, removes or checks agents on many instances concurrently, and writes the new state of each agent
// to the metadata of its server. Failed instances do not stop the others; the task lists them.
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

// lockAll locks the instances for this task and returns those it could lock. Instances that another task works on are
// recorded as failed; busy counts the agents on them.
func lockAll(ctx workflow.Context, run *operation.Run, in AgentsInput) (free []string, busy int) {
	if in.Locked {
		return in.Instances, 0
	}
	starts := make([]workflow.ChildWorkflowFuture, len(in.Instances))
	for i, id := range in.Instances {
		starts[i] = workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
			WorkflowID: instanceWorkflow(id),
		}), LockInstance, operation.TaskID(ctx))
	}
	for i, id := range in.Instances {
		if starts[i].GetChildWorkflowExecution().Get(ctx, nil) == nil {
			free = append(free, id)
			continue
		}
		for _, app := range in.Apps {
			setOutcome(run, id, app, failedOutcome(i18n.Messagef("another operation is running on the instance")))
			busy++
		}
	}
	return free, busy
}

// playResult counts the outcomes on all instances.
type playResult struct{ failed, done int }

// runAgentPlaybooks runs the playbooks of one agent after the other. total counts the outcomes so far.
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

// runAgentPlaybook runs the playbook of one agent on all instances, in batches that are distributed over the workers.
func runAgentPlaybook(ctx workflow.Context, run *operation.Run, action ansible.Action, app string, ids []string,
	known map[string]nova.EnrolledInstance) (playResult, error) {
	var (
		host    *ansible.Activities
		compute *nova.Activities
		p       playResult
		hosts   []ansible.PlaybookHost
	)
	for _, id := range ids {
		e, ok := known[id]
		if ok && action == CheckAgents && !slices.Contains(e.Agents, app) {
			setOutcome(run, id, app, Outcome{Status: string(instance.Absent), Reason: i18n.Messagef("the agent is not installed")})
			p.done++
			continue
		}
		if ok {
			hosts = append(hosts, ansible.PlaybookHost{ID: id, Name: e.Name, Address: e.Enrollment.Address, HostKey: e.Enrollment.HostKey})
			continue
		}
		setOutcome(run, id, app, failedOutcome(i18n.Messagef("the instance is not enrolled")))
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
	var batches [][]ansible.PlaybookHost
	for batch := range slices.Chunk(hosts, hostsPerActivity) {
		batches = append(batches, batch)
		inputs = append(inputs, ansible.RunAgentPlaybookInput{App: app, Action: action, Hosts: batch})
	}
	ended, cancelled := operation.FanOut[map[string]ansible.HostOutcome](ctx, run, agentTimeout, host.RunAgentPlaybook, inputs)
	byHost := map[string]ansible.HostOutcome{}
	for i, result := range ended {
		for _, h := range batches[i] {
			o, ok := result.Out[h.ID]
			if !ok {
				o = ansible.HostOutcome{State: instance.Failed, Reason: reasonOf(result.Err)}
			}
			byHost[h.ID] = o
		}
	}
	for _, h := range hosts {
		o := byHost[h.ID]
		if o.State == instance.Failed {
			p.failed++
			setOutcome(run, h.ID, app, Outcome{Status: string(operation.Failed), Reason: o.Reason, Detail: i18n.Verbatim(o.Recap)})
		} else {
			p.done++
			setOutcome(run, h.ID, app, Outcome{Status: string(o.State), Detail: i18n.Verbatim(o.Recap)})
		}
	}
	return p, saveStates(ctx, run, stateUpdates(ctx, hosts, app, func(id string) ansible.HostOutcome { return byHost[id] }), cancelled)
}

// saveStates writes the states of the agents, even after a cancel.
func saveStates(ctx workflow.Context, run *operation.Run, updates []nova.AgentStateUpdate, cancelled error) error {
	var compute *nova.Activities
	if cancelled == nil {
		return run.Call(ctx, compute.SetAgentStates, updates, nil)
	}
	free, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if err := run.Call(free, compute.SetAgentStates, updates, nil); err != nil {
		workflow.GetLogger(ctx).Error("Agent states not saved", "error", err)
	}
	return cancelled
}

func stateUpdates(ctx workflow.Context, hosts []ansible.PlaybookHost, app string, of func(id string) ansible.HostOutcome) []nova.AgentStateUpdate {
	var updates []nova.AgentStateUpdate
	now := workflow.Now(ctx).UTC()
	for _, h := range hosts {
		o := of(h.ID)
		updates = append(updates, nova.AgentStateUpdate{ID: h.ID, Agent: instance.AgentState{App: app, State: o.State, Version: o.Version, Since: &now}})
	}
	return updates
}
