package operation

import (
	"context"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"
)

// Headers with the task ID and the step of each activity. A replay does not compare headers.
const (
	taskHeader = "mcm-task"
	stepHeader = "mcm-step"
)

type (
	taskKey   struct{}
	stepKey   struct{}
	parentKey struct{}
)

// parentTask is the task and the step to which the activities of a child workflow belong.
type parentTask struct{ task, step string }

// WithParentTask returns a context whose activities belong to a step of another task and write to the log of that task.
func WithParentTask(ctx workflow.Context, task string, step any) workflow.Context {
	return workflow.WithValue(ctx, parentKey{}, parentTask{task, ActivityName(step)})
}

// TaskOf returns the ID of the task of an activity, or "" outside of an activity.
func TaskOf(ctx context.Context) string {
	if id, ok := ctx.Value(taskKey{}).(string); ok {
		return id
	}
	if !activity.IsActivity(ctx) {
		return ""
	}
	// The activity was scheduled by a release without the header. This ID is correct unless the run was reset.
	e := activity.GetInfo(ctx).WorkflowExecution
	return e.ID + "~" + e.RunID
}

// StepOf returns the step of an activity: the name of the activity, unless WithParentTask has set another step.
func StepOf(ctx context.Context) string {
	if name, ok := ctx.Value(stepKey{}).(string); ok {
		return name
	}
	return activity.GetInfo(ctx).ActivityType.Name
}

// withTask adds the values of the headers to the context.
func withTask(ctx context.Context) context.Context {
	for header, key := range map[string]any{taskHeader: taskKey{}, stepHeader: stepKey{}} {
		var name string
		payload := interceptor.Header(ctx)[header]
		if payload != nil && converter.GetDefaultDataConverter().FromPayload(payload, &name) == nil && name != "" {
			ctx = context.WithValue(ctx, key, name)
		}
	}
	return ctx
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
	parent, ok := ctx.Value(parentKey{}).(parentTask)
	if !ok {
		parent.task = TaskID(ctx)
	}
	if header := interceptor.WorkflowHeader(ctx); header != nil {
		setHeader(header, taskHeader, parent.task)
		setHeader(header, stepHeader, parent.step)
	}
	return w.Next.ExecuteActivity(ctx, name, args...)
}

func setHeader(header map[string]*commonpb.Payload, name, value string) {
	if payload, err := converter.GetDefaultDataConverter().ToPayload(value); err == nil && value != "" {
		header[name] = payload
	}
}
