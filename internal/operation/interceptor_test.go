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

// ending cancels the context of every activity as it begins, with a cause, as the SDK does after a failed heartbeat.
type ending struct {
	interceptor.WorkerInterceptorBase
	interceptor.ActivityInboundInterceptorBase
	cause error
}

func (e *ending) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &ending{cause: e.cause, ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}}
}

func (e *ending) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	cancel(e.cause)
	return e.Next.ExecuteActivity(ctx, in)
}

// An activity that ended because Temporal did not respond is retried; a cancelled one is not.
func TestInterceptor_ActivityIsRetriedAfterLostHeartbeats(t *testing.T) {
	for cause, again := range map[error]bool{
		serviceerror.NewDeadlineExceeded("no response"): true, serviceerror.NewUnavailable("away"): true,
		temporal.NewCanceledError(): false, context.Canceled: false,
	} {
		env := new(testsuite.WorkflowTestSuite).NewTestActivityEnvironment()
		env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&ending{cause: cause}, &operation.Interceptor{}}})
		act := func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}
		env.RegisterActivity(act)
		_, err := env.ExecuteActivity(act)
		e, ok := errors.AsType[*temporal.ApplicationError](err)
		require.Equal(t, again, ok && e.Type() == string(fault.Unavailable) && !e.NonRetryable(), "%v: %v", cause, err)
	}
}
