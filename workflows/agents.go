package workflows

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/activities/ansible"
	"mycloudmanager/activities/nova"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/instance"
	"mycloudmanager/internal/operation"
)

const (
	removePatience = time.Minute   // for an instance that does not answer
	agentPatience  = 3 * time.Hour // for a share of the hosts, their wait for a turn included
	shareSize      = ansible.HostsAtOnce
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
	Held bool `json:"held,omitempty"`
}

// hostsResult is where the task shows the box score: instance id -> app -> line.
const hostsResult = "hosts"

// Narrow implements flow.Narrower: a retry repeats the instances that failed.
func (in *AgentsInput) Narrow(result map[string]any) {
	in.Instances = failedOf(result, in.Instances)
}

// RunAgents installs, removes or checks agents on instances, many at once, and writes each one's new
// state into its server's metadata. Instances that fail do not stop the others: the task tells them.
func RunAgents(ctx workflow.Context, in AgentsInput) (err error) {
	var (
		compute *nova.Activities
		host    *ansible.Activities
	)
	run, err := operation.Begin(ctx, compute.EnrolledHosts, host.PlayAgent, compute.MarkAgents)
	if err != nil {
		return err
	}
	defer run.End(ctx, &err)
	free, busy := holdAll(ctx, run, in)
	return playAgents(ctx, run, in.Action, in.Apps, free, played{failed: busy})
}

// holdAll keeps the instances for this task, and leaves out those that another task works on; busy
// counts what cannot be done on them.
func holdAll(ctx workflow.Context, run *operation.Run, in AgentsInput) (free []string, busy int) {
	if in.Held {
		return in.Instances, 0
	}
	starts := make([]workflow.ChildWorkflowFuture, len(in.Instances))
	for i, id := range in.Instances {
		starts[i] = workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
			WorkflowID: operation.Target{Kind: "instance", ID: id}.WorkflowID(),
		}), HoldInstance, operation.TaskID(ctx))
	}
	for i, id := range in.Instances {
		if starts[i].GetChildWorkflowExecution().Get(ctx, nil) == nil {
			free = append(free, id)
			continue
		}
		for _, app := range in.Apps {
			score(run, id, app, string(operation.Failed)+": another operation works on the instance")
			busy++
		}
	}
	return free, busy
}

// played is how it went on all instances.
type played struct{ failed, done int }

// playAgents plays one agent after the other; total is what has failed before.
func playAgents(ctx workflow.Context, run *operation.Run, action ansible.Action, apps, ids []string, total played) error {
	if len(apps) == 0 {
		return nil
	}
	var compute *nova.Activities
	known := map[string]nova.Enrolled{}
	if err := run.Call(ctx, compute.EnrolledHosts, ids, &known); err != nil {
		return err
	}
	for _, app := range apps {
		p, err := playAgent(ctx, run, action, app, ids, known)
		if err != nil {
			return err
		}
		total.failed, total.done = total.failed+p.failed, total.done+p.done
	}
	switch {
	case total.failed > 0 && total.done == 0:
		return fault.Final(fault.New(fault.Invalid, nil, "it failed on all instances: %s", firstFailure(run)))
	case total.failed > 0:
		run.Partly("%d of %d failed: %s", total.failed, total.failed+total.done, firstFailure(run))
	}
	return nil
}

// playAgent plays one agent on all instances, in shares that go to all workers.
func playAgent(ctx workflow.Context, run *operation.Run, action ansible.Action, app string, ids []string, known map[string]nova.Enrolled) (played, error) {
	var (
		host    *ansible.Activities
		compute *nova.Activities
		p       played
		hosts   []ansible.PlayHost
	)
	for _, id := range ids {
		e, ok := known[id]
		if ok && action == CheckAgents && !slices.Contains(e.Agents, app) {
			score(run, id, app, string(instance.Absent)+": there is nothing to check")
			p.done++
			continue
		}
		if ok {
			hosts = append(hosts, ansible.PlayHost{ID: id, Name: e.Name, Address: e.Enrollment.Address, HostKey: e.Enrollment.HostKey})
			continue
		}
		score(run, id, app, string(operation.Failed)+": it is not enrolled")
		p.failed++
	}
	if len(hosts) == 0 {
		return p, nil
	}
	if err := run.Call(ctx, compute.MarkAgents, marksOf(ctx, hosts, app, func(string) ansible.HostOutcome {
		return ansible.HostOutcome{State: instance.Running}
	}), nil); err != nil {
		return p, err
	}
	var inputs []any
	var shares [][]ansible.PlayHost
	for share := range slices.Chunk(hosts, shareSize) {
		shares = append(shares, share)
		inputs = append(inputs, ansible.PlayInput{App: app, Action: action, Hosts: share})
	}
	ended, cancelled := operation.Each[map[string]ansible.HostOutcome](ctx, run, agentPatience, host.PlayAgent, inputs)
	outcomes := map[string]ansible.HostOutcome{}
	for i, share := range ended {
		for _, h := range shares[i] {
			o, ok := share.Out[h.ID]
			if !ok {
				o = ansible.HostOutcome{State: instance.Failed, Reason: reasonOf(share.Err)}
			}
			outcomes[h.ID] = o
		}
	}
	for _, h := range hosts {
		o := outcomes[h.ID]
		if o.State == instance.Failed {
			p.failed++
			score(run, h.ID, app, strings.TrimSpace(fmt.Sprintf("%s: %s %s", operation.Failed, o.Reason, o.Score)))
		} else {
			p.done++
			score(run, h.ID, app, string(o.State)+": "+o.Score)
		}
	}
	return p, keepStates(ctx, run, marksOf(ctx, hosts, app, func(id string) ansible.HostOutcome { return outcomes[id] }), cancelled)
}

// keepStates writes what became of the agents, after a cancel too.
func keepStates(ctx workflow.Context, run *operation.Run, marks []nova.AgentMark, cancelled error) error {
	var compute *nova.Activities
	if cancelled == nil {
		return run.Call(ctx, compute.MarkAgents, marks, nil)
	}
	free, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if err := run.Call(free, compute.MarkAgents, marks, nil); err != nil {
		workflow.GetLogger(ctx).Error("States not kept", "error", err)
	}
	return cancelled
}

func marksOf(ctx workflow.Context, hosts []ansible.PlayHost, app string, of func(id string) ansible.HostOutcome) []nova.AgentMark {
	var marks []nova.AgentMark
	now := workflow.Now(ctx).UTC()
	for _, h := range hosts {
		o := of(h.ID)
		marks = append(marks, nova.AgentMark{ID: h.ID, Agent: instance.AgentState{App: app, State: o.State, Version: o.Version, Since: &now}})
	}
	return marks
}

func reasonOf(err error) string {
	if temporal.IsCanceledError(err) {
		return "cancelled"
	}
	return fault.MessageOf(err)
}

// scores is the task's box score.
func scores(run *operation.Run) map[string]map[string]string {
	lines, _ := run.ResultOf(hostsResult).(map[string]map[string]string)
	if lines == nil {
		lines = map[string]map[string]string{}
		run.Result(hostsResult, lines)
	}
	return lines
}

func score(run *operation.Run, id, app, line string) {
	lines := scores(run)
	if lines[id] == nil {
		lines[id] = map[string]string{}
	}
	lines[id][app] = line
}

// firstFailure is the first line that tells a failure, by instance and app.
func firstFailure(run *operation.Run) string {
	lines := scores(run)
	for _, id := range workflow.DeterministicKeys(lines) {
		for _, app := range workflow.DeterministicKeys(lines[id]) {
			if line, ok := strings.CutPrefix(lines[id][app], string(operation.Failed)+": "); ok {
				return line
			}
		}
	}
	return ""
}
