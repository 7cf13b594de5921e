// Package flow holds what every workflow needs: timeouts by class, progress, waiting for a person
// when the operation is blocked, and undo.
package operation

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

const (
	// beatTimeout bounds how long a dead worker's activity stays unnoticed. Every activity
	// heartbeats by itself (see Interceptor), so all classes share it.
	beatTimeout = 15 * time.Second
	// callTimeout is the longest one request to a cloud may take.
	callTimeout = 2 * time.Minute
	// callPatience is how long a request is repeated while the cloud is unavailable.
	callPatience = time.Hour
	// undoPatience is how long one compensation may take.
	undoPatience = 70 * time.Minute
	// blockedPatience is how long a blocked task waits for a person before it is given up.
	blockedPatience = 7 * 24 * time.Hour
)

// Call is for one short API request, repeated while the cloud is unavailable.
func Call(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    callTimeout,
		ScheduleToCloseTimeout: callPatience,
		HeartbeatTimeout:       beatTimeout,
		// A request in flight must end before it is undone, or the undo comes too early.
		WaitForCancellation: true,
		RetryPolicy:         retryPolicy(),
	})
}

// Wait is for an activity that polls until the cloud is done, at most limit.
func Wait(ctx workflow.Context, limit time.Duration) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    limit,
		ScheduleToCloseTimeout: limit,
		HeartbeatTimeout:       beatTimeout,
		RetryPolicy:            retryPolicy(),
	})
}

// Alter is Wait for an activity that changes something: after a cancel its end is waited
// for, or it would go on while it is undone.
func Alter(ctx workflow.Context, limit time.Duration) workflow.Context {
	options := workflow.GetActivityOptions(Wait(ctx, limit))
	options.WaitForCancellation = true
	return workflow.WithActivityOptions(ctx, options)
}

// Deliver is for one delivery to somebody else's service, repeated for patience with growing pauses. The
// activity's id names it among others of its kind; "" leaves Temporal's.
func Deliver(ctx workflow.Context, patience time.Duration, id string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		ActivityID:             id,
		StartToCloseTimeout:    callTimeout,
		ScheduleToCloseTimeout: patience,
		HeartbeatTimeout:       beatTimeout,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 5 * time.Second, BackoffCoefficient: 2, MaximumInterval: 10 * time.Minute},
	})
}

// CauseOf is what went wrong last in an activity whose time has run out, nil when that is not why err is.
func CauseOf(err error) error {
	timeout, ok := errors.AsType[*temporal.TimeoutError](err)
	if !ok {
		return nil
	}
	return timeout.Unwrap()
}

func retryPolicy() *temporal.RetryPolicy {
	return &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 20 * time.Second}
}
