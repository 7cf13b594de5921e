package operation_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
)

// cancelOnStart cancels the context of every activity at its start, with the cause, as the SDK does after a failed
// heartbeat.
type cancelOnStart struct {
	interceptor.WorkerInterceptorBase
	interceptor.ActivityInboundInterceptorBase
	cause error
}

func (e *cancelOnStart) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &cancelOnStart{cause: e.cause, ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}}
}

func (e *cancelOnStart) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	cancel(e.cause)
	return e.Next.ExecuteActivity(ctx, in)
}

// An activity is retried if Temporal did not respond to its heartbeats, but not if it was cancelled.
func TestInterceptor_RetriesAfterHeartbeatFailure(t *testing.T) {
	for cause, retried := range map[error]bool{
		serviceerror.NewDeadlineExceeded("no response"): true, serviceerror.NewUnavailable("unavailable"): true,
		temporal.NewCanceledError(): false, context.Canceled: false,
	} {
		env := new(testsuite.WorkflowTestSuite).NewTestActivityEnvironment()
		env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&cancelOnStart{cause: cause}, &operation.Interceptor{}}})
		act := func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}
		env.RegisterActivity(act)
		_, err := env.ExecuteActivity(act)
		e, ok := errors.AsType[*temporal.ApplicationError](err)
		require.Equal(t, retried, ok && e.Type() == string(fault.Unavailable) && !e.NonRetryable(), "%v: %v", cause, err)
	}
}
