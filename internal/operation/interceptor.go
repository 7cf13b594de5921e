package operation

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/platform/i18n"
)

const (
	heartbeatInterval = 2 * time.Second
	maxInternal       = 5 // number of attempts after which an unclassified error is not retried
)

// Interceptor sends the heartbeats of every activity and converts faults to Temporal's application errors, so that
// activities are plain functions that return faults.
type Interceptor struct {
	interceptor.WorkerInterceptorBase
}

// InterceptActivity implements interceptor.WorkerInterceptor.
func (*Interceptor) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &activityInbound{interceptor.ActivityInboundInterceptorBase{Next: next}}
}

type activityInbound struct {
	interceptor.ActivityInboundInterceptorBase
}

type heartbeatKey struct{}

type heartbeat struct{ message atomic.Pointer[i18n.Message] }

// ReportProgress sets the message of the activity's step, usually the reason for a wait, and sends a heartbeat.
func ReportProgress(ctx context.Context, message i18n.Message) {
	if b, ok := ctx.Value(heartbeatKey{}).(*heartbeat); ok {
		b.message.Store(&message)
		activity.RecordHeartbeat(ctx, message)
	}
}

// ExecuteActivity runs the activity while a second goroutine sends heartbeats with the latest message.
func (a *activityInbound) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	info := activity.GetInfo(ctx)
	if info.IsLocalActivity {
		return a.Next.ExecuteActivity(ctx, in)
	}
	b := &heartbeat{}
	ctx = context.WithValue(withTask(ctx), heartbeatKey{}, b)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go b.run(ctx, cancel)
	out, err := a.Next.ExecuteActivity(ctx, in)
	switch {
	case err == nil:
		return out, nil
	case errors.Is(context.Cause(ctx), errStopping), isHeartbeatFailure(context.Cause(ctx)):
		message := i18n.Messagef("the worker is stopping: another worker continues")
		return nil, temporal.NewApplicationErrorWithOptions(message.String(), string(fault.Unavailable),
			temporal.ApplicationErrorOptions{NextRetryDelay: time.Millisecond, Cause: context.Cause(ctx), Details: []any{message}})
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	if fault.KindOf(err) == fault.Internal && info.Attempt >= maxInternal {
		return nil, fault.Final(err)
	}
	return nil, fault.ForTemporal(err)
}

// errStopping is the reason for which a stopping worker cancels its activities. Another worker retries them immediately
// instead of after the heartbeat timeout.
var errStopping = errors.New("the worker is stopping")

// isHeartbeatFailure reports whether the SDK cancelled the context of an activity because the server did not respond to
// its heartbeats. The activity was not cancelled by a user, so it is retried, possibly before the server has noticed the
// missing heartbeat.
func isHeartbeatFailure(cause error) bool {
	_, ok := errors.AsType[serviceerror.ServiceError](cause)
	return ok
}

func (b *heartbeat) run(ctx context.Context, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(heartbeatInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-activity.GetWorkerStopChannel(ctx):
			cancel(errStopping)
			return
		case <-tick.C:
			if m := b.message.Load(); m != nil {
				activity.RecordHeartbeat(ctx, *m)
			} else {
				activity.RecordHeartbeat(ctx)
			}
		}
	}
}

// Poll calls check at the interval until check reports done or returns a permanent error, or until ctx is done. The
// reason for the wait that check returns becomes the message of the step. If a service is unavailable, Poll shows the
// error as the message and continues: only the timeout of the activity limits the number of calls.
func Poll(ctx context.Context, interval time.Duration, check func(context.Context) (done bool, waiting i18n.Message, err error)) error {
	for {
		done, waiting, err := check(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !fault.KindOf(err).Retryable():
			return err
		case err != nil && fault.KindOf(err) == fault.Internal:
			return err
		case err != nil:
			waiting = fault.MessageOf(err)
		case done:
			return nil
		}
		ReportProgress(ctx, waiting)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(interval):
		}
	}
}
