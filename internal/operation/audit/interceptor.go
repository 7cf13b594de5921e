package audit

import (
	"context"
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
)

// Recorder has the local activity that appends audit records.
type Recorder struct {
	Store interface {
		Append(ctx context.Context, r Record) error
	}
}

// RecordAudit appends one record. It is idempotent by the key, which contains the run ID and the outcome.
func (r *Recorder) RecordAudit(ctx context.Context, in RecordInput) error {
	in.Record.Key = in.Key
	return r.Store.Append(ctx, in.Record)
}

// RecordInput is the input of RecordAudit. It has the key separately, because the JSON of a record omits the key.
type RecordInput struct {
	Key    string `json:"key"`
	Record Record `json:"record"`
}

// Interceptor records the start and the end of every operation in the audit log.
type Interceptor struct {
	interceptor.WorkerInterceptorBase
	Recorder  *Recorder
	Converter converter.DataConverter
}

// InterceptWorkflow implements interceptor.WorkerInterceptor.
func (i *Interceptor) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &inbound{WorkflowInboundInterceptorBase: interceptor.WorkflowInboundInterceptorBase{Next: next}, interceptor: i}
}

type inbound struct {
	interceptor.WorkflowInboundInterceptorBase
	interceptor *Interceptor
}

// recordTimeout is the time for which a record is retried. It is long, because an operation does not run without a record.
const recordTimeout = 7 * 24 * time.Hour

// ExecuteWorkflow records the start, runs the workflow, and records the end.
func (w *inbound) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	request, ok := w.request(ctx)
	if !ok { // not a task: a child workflow, or a workflow that an operator has started
		return w.Next.ExecuteWorkflow(ctx, in)
	}
	if err := w.record(ctx, request, Started, i18n.Message{}, request.Changes); err != nil {
		return nil, err
	}
	out, err := w.Next.ExecuteWorkflow(ctx, in)
	free, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	outcome, detail := string(operation.Succeeded), i18n.Message{}
	switch {
	case temporal.IsCanceledError(err):
		outcome = string(operation.Cancelled)
	case err != nil:
		outcome, detail = string(operation.Failed), fault.MessageOf(err)
	case partiallyFailed(ctx):
		outcome = string(operation.PartiallyFailed)
	}
	if e := w.record(free, request, outcome, detail, nil); e != nil && err == nil {
		err = e
	}
	return out, err
}

// partiallyFailed reports whether the operation has set the outcome PartiallyFailed.
func partiallyFailed(ctx workflow.Context) bool {
	outcome, _ := workflow.GetTypedSearchAttributes(ctx).GetKeyword(temporal.NewSearchAttributeKeyKeyword(operation.OutcomeKey))
	return outcome == string(operation.PartiallyFailed)
}

func (w *inbound) request(ctx workflow.Context) (operation.Request, bool) {
	var r operation.Request
	payload := workflow.GetInfo(ctx).Memo.GetFields()[operation.RequestMemo]
	if payload == nil || w.interceptor.Converter.FromPayload(payload, &r) != nil {
		return r, false
	}
	return r, r.Operation != ""
}

func (w *inbound) record(ctx workflow.Context, r operation.Request, outcome string, detail i18n.Message, changes []operation.Change) error {
	info := workflow.GetInfo(ctx)
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout: 10 * time.Second, ScheduleToCloseTimeout: recordTimeout,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second, MaximumInterval: 20 * time.Second},
	})
	entry := RecordInput{Key: info.WorkflowExecution.RunID + ":" + outcome, Record: Record{
		Time: workflow.Now(ctx), Actor: r.Actor, SourceIP: r.SourceIP, UserAgent: r.UserAgent, Via: r.Via, Operation: r.Operation,
		Targets: r.Targets, Changes: changes, Outcome: outcome, Detail: detail, Task: operation.TaskID(ctx), RequestID: r.RequestID,
	}}
	return workflow.ExecuteLocalActivity(ctx, w.interceptor.Recorder.RecordAudit, entry).Get(ctx, nil)
}
