package operation

import (
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// Deadline is the longest a task may live, a person's patience with a blocked one included.
const Deadline = 10 * 24 * time.Hour

// What a search attribute may hold in bytes, on any Temporal and on the embedded one.
// https://docs.temporal.io/self-hosted-guide/defaults
const (
	defaultMaxTargetsBytes  = 2 * 1024
	EmbeddedMaxTargetsBytes = 64 * 1024
)

// MaxTargetsBytes is what there is for the targets that a task is found by: about 40 by default, all with the embedded server. It is set
// once, at the start of the process; workflows replay whatever it is.
var MaxTargetsBytes = defaultMaxTargetsBytes

// Attributes are what lists find a task by: of many targets as many as Temporal takes. All are in the request itself.
func (r Request) Attributes() []temporal.SearchAttributeUpdate {
	var targets []string
	room := MaxTargetsBytes - len("[]")
	for _, t := range r.Targets {
		id := t.WorkflowID()
		if room -= len(id) + len(`"",`); room < 0 {
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

// names are what a list can be filtered by. A double quote would break Temporal's SQLite query.
func (a Actor) names() []string {
	names := []string{a.ID}
	if a.Name != "" && a.Name != a.ID && !strings.ContainsFunc(a.Name, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\'' }) {
		names = append(names, a.Name)
	}
	return names
}

// StartTask starts an operation from within a workflow, as a task of its own that outlives it: the one
// who asked is who r names.
func StartTask(ctx workflow.Context, id string, r Request, operation, input any) workflow.ChildWorkflowFuture {
	o := detachedOptions(id)
	o.Memo, o.TypedSearchAttributes = map[string]any{RequestMemo: r}, temporal.NewSearchAttributes(r.Attributes()...)
	return workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, o), operation, input)
}

// StartDetached starts from within a workflow one that is no task, outlives it, and is never started again
// by the same id.
func StartDetached(ctx workflow.Context, id string, child, input any) workflow.ChildWorkflowFuture {
	o := detachedOptions(id)
	o.WorkflowIDReusePolicy = enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE
	return workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, o), child, input)
}

// detachedOptions is for a workflow that goes on when the one that has started it ends.
func detachedOptions(id string) workflow.ChildWorkflowOptions {
	return workflow.ChildWorkflowOptions{WorkflowID: id, WorkflowExecutionTimeout: Deadline, ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_ABANDON}
}
