// Package operation holds what every workflow needs: activity options by class of request, progress, blocking until a person
// retries or cancels, and compensation.
package operation

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

const (
	// heartbeatTimeout bounds how long a dead worker's activity stays unnoticed. Every activity
	// heartbeats by itself (see Interceptor), so all classes share it.
	heartbeatTimeout = 15 * time.Second
	// requestTimeout is the StartToCloseTimeout of one request to a cloud.
	requestTimeout = 2 * time.Minute
	// callTimeout is the ScheduleToCloseTimeout of a request that is retried while the cloud is unavailable.
	callTimeout = time.Hour
	// undoTimeout is how long one compensation may take.
	undoTimeout = 70 * time.Minute
	// blockedTimeout is how long a blocked task waits for a person before it is given up.
	blockedTimeout = 7 * 24 * time.Hour
)

// ShortRequest is for one short API request, repeated while the cloud is unavailable.
func ShortRequest(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    requestTimeout,
		ScheduleToCloseTimeout: callTimeout,
		HeartbeatTimeout:       heartbeatTimeout,
		// A request in flight must end before it is undone, or the undo comes too early.
		WaitForCancellation: true,
		RetryPolicy:         retryPolicy(),
	})
}

// Polling is for an activity that polls until the cloud is done, at most limit.
func Polling(ctx workflow.Context, limit time.Duration) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    limit,
		ScheduleToCloseTimeout: limit,
		HeartbeatTimeout:       heartbeatTimeout,
		RetryPolicy:            retryPolicy(),
	})
}

// LongRunning is Wait for an activity that changes something: after a cancel its end is waited
// for, or it would go on while it is undone.
func LongRunning(ctx workflow.Context, limit time.Duration) workflow.Context {
	options := workflow.GetActivityOptions(Polling(ctx, limit))
	options.WaitForCancellation = true
	return workflow.WithActivityOptions(ctx, options)
}

// RetryFor is for one delivery to somebody else's service, repeated for patience with growing pauses. The
// activity's id names it among others of its kind; "" leaves Temporal's.
func RetryFor(ctx workflow.Context, timeout time.Duration, id string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		ActivityID:             id,
		StartToCloseTimeout:    requestTimeout,
		ScheduleToCloseTimeout: timeout,
		HeartbeatTimeout:       heartbeatTimeout,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 5 * time.Second, BackoffCoefficient: 2, MaximumInterval: 10 * time.Minute},
	})
}

// LastFailure is what went wrong last in an activity whose time has run out, nil when that is not why err is.
func LastFailure(err error) error {
	timeout, ok := errors.AsType[*temporal.TimeoutError](err)
	if !ok {
		return nil
	}
	return timeout.Unwrap()
}

func retryPolicy() *temporal.RetryPolicy {
	return &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 20 * time.Second}
}
