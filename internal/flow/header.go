package flow

import (
	"context"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"
)

// taskHeader names the task to each of its activities. A header is no part of what a replay compares.
const taskHeader = "mcm-task"

type taskKey struct{}

// TaskOf returns the id of the task that the activity belongs to, "" outside of an activity.
func TaskOf(ctx context.Context) string {
	if id, ok := ctx.Value(taskKey{}).(string); ok {
		return id
	}
	if !activity.IsActivity(ctx) {
		return ""
	}
	// Scheduled by a release that named no task: what the id is unless the run was reset.
	e := activity.GetInfo(ctx).WorkflowExecution
	return e.ID + "~" + e.RunID
}

// withTask reads the header that the workflow has set.
func withTask(ctx context.Context) context.Context {
	var id string
	payload := interceptor.Header(ctx)[taskHeader]
	if payload == nil || converter.GetDefaultDataConverter().FromPayload(payload, &id) != nil || id == "" {
		return ctx
	}
	return context.WithValue(ctx, taskKey{}, id)
}

// InterceptWorkflow implements interceptor.WorkerInterceptor.
func (*Interceptor) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &workflowInbound{interceptor.WorkflowInboundInterceptorBase{Next: next}}
}

type workflowInbound struct {
	interceptor.WorkflowInboundInterceptorBase
}

// Init implements interceptor.WorkflowInboundInterceptor.
func (w *workflowInbound) Init(next interceptor.WorkflowOutboundInterceptor) error {
	return w.Next.Init(&workflowOutbound{interceptor.WorkflowOutboundInterceptorBase{Next: next}})
}

type workflowOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
}

// ExecuteActivity implements interceptor.WorkflowOutboundInterceptor.
func (w *workflowOutbound) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	payload, err := converter.GetDefaultDataConverter().ToPayload(TaskID(ctx))
	if header := interceptor.WorkflowHeader(ctx); header != nil && err == nil {
		header[taskHeader] = payload
	}
	return w.Next.ExecuteActivity(ctx, name, args...)
}
