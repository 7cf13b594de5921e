// Package operation is the framework of all workflows: activity options by kind of activity, progress, blocking until a
// user retries or cancels, and compensation.
package operation

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

const (
	// heartbeatTimeout is the time after which Temporal retries the activities of a crashed worker. Interceptor sends the
	// heartbeats of every activity, so all activities have the same timeout.
	heartbeatTimeout = 15 * time.Second
	// requestTimeout is the StartToCloseTimeout of one request to a cloud.
	requestTimeout = 2 * time.Minute
	// callTimeout is the ScheduleToCloseTimeout of a request that is retried while the cloud is unavailable.
	callTimeout = time.Hour
	// undoTimeout is the timeout of one compensation.
	undoTimeout = 70 * time.Minute
	// blockedTimeout limits how long a blocked task waits for a user before it fails.
	blockedTimeout = 7 * 24 * time.Hour
)

// ShortRequest returns options for one short API request, which is retried while the cloud is unavailable.
func ShortRequest(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    requestTimeout,
		ScheduleToCloseTimeout: callTimeout,
		HeartbeatTimeout:       heartbeatTimeout,
		// A request in flight must end before its compensation starts.
		WaitForCancellation: true,
		RetryPolicy:         retryPolicy(),
	})
}

// Polling returns options for an activity that polls the cloud until a change is complete. limit is its timeout.
func Polling(ctx workflow.Context, limit time.Duration) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    limit,
		ScheduleToCloseTimeout: limit,
		HeartbeatTimeout:       heartbeatTimeout,
		RetryPolicy:            retryPolicy(),
	})
}

// LongRunning returns the options of Polling for an activity that changes resources: a cancellation waits until the
// activity has ended before compensations start.
func LongRunning(ctx workflow.Context, limit time.Duration) workflow.Context {
	options := workflow.GetActivityOptions(Polling(ctx, limit))
	options.WaitForCancellation = true
	return workflow.WithActivityOptions(ctx, options)
}

// RetryFor returns options for one delivery to an external service, retried with increasing intervals until timeout. id
// is the activity ID; "" lets Temporal choose one.
func RetryFor(ctx workflow.Context, timeout time.Duration, id string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		ActivityID:             id,
		StartToCloseTimeout:    requestTimeout,
		ScheduleToCloseTimeout: timeout,
		HeartbeatTimeout:       heartbeatTimeout,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 5 * time.Second, BackoffCoefficient: 2, MaximumInterval: 10 * time.Minute},
	})
}

// LastFailure returns the last error of an activity that timed out, or nil if err is not a timeout.
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
