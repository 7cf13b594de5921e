package operation

import (
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// Deadline is the maximum duration of a task, including the time in which it is blocked.
const Deadline = 10 * 24 * time.Hour

// Limits of a search attribute in bytes: the default of a Temporal server, and the setting of the embedded server.
// https://docs.temporal.io/self-hosted-guide/defaults
const (
	defaultMaxTargetsBytes  = 2 * 1024
	EmbeddedMaxTargetsBytes = 64 * 1024
)

// MaxTargetsBytes limits the size of the search attribute TargetsKey: about 40 targets by default, more than 1000 with
// the embedded server. Set it once, at the start of the process. A replay does not depend on the value.
var MaxTargetsBytes = defaultMaxTargetsBytes

// Attributes returns the search attributes of a task. TargetsKey has as many targets as MaxTargetsBytes permits.
func (r Request) Attributes() []temporal.SearchAttributeUpdate {
	var targets []string
	remaining := MaxTargetsBytes - len("[]")
	for _, t := range r.Targets {
		id := t.WorkflowID()
		if remaining -= len(id) + len(`"",`); remaining < 0 {
			break
		}
		targets = append(targets, id)
	}
	return []temporal.SearchAttributeUpdate{
		temporal.NewSearchAttributeKeyKeyword(OperationKey).ValueSet(r.Operation),
		temporal.NewSearchAttributeKeyKeywordList(TargetsKey).ValueSet(targets),
		temporal.NewSearchAttributeKeyKeywordList(ActorKey).ValueSet(r.Actor.names()),
		temporal.NewSearchAttributeKeyKeyword(ViaKey).ValueSet(r.Via),
	}
}

// names returns the values of ActorKey. A name with quotes or non-ASCII characters is omitted: a double quote would
// break the SQLite query of Temporal.
func (a Actor) names() []string {
	names := []string{a.ID}
	if a.Name != "" && a.Name != a.ID && !strings.ContainsFunc(a.Name, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\'' }) {
		names = append(names, a.Name)
	}
	return names
}

// StartTask starts an operation from a workflow, as a separate task of the actor in r. The task may outlive the workflow.
func StartTask(ctx workflow.Context, id string, r Request, operation, input any) workflow.ChildWorkflowFuture {
	o := detachedOptions(id)
	o.Memo, o.TypedSearchAttributes = map[string]any{RequestMemo: r}, temporal.NewSearchAttributes(r.Attributes()...)
	return workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, o), operation, input)
}

// StartDetached starts a child workflow that is not a task and may outlive its parent. It fails if the workflow ID was
// used before.
func StartDetached(ctx workflow.Context, id string, child, input any) workflow.ChildWorkflowFuture {
	o := detachedOptions(id)
	o.WorkflowIDReusePolicy = enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE
	return workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, o), child, input)
}

// detachedOptions returns options for a child workflow that continues when its parent ends.
func detachedOptions(id string) workflow.ChildWorkflowOptions {
	return workflow.ChildWorkflowOptions{WorkflowID: id, WorkflowExecutionTimeout: Deadline, ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_ABANDON}
}
