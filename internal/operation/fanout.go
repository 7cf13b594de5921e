package operation

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/platform/i18n"
)

// Result is the output or the error of one activity of FanOut.
type Result[T any] struct {
	Out T
	Err error // a fault, converted by fault.ForTemporal
}

// FanOut runs the activity once for each input, all at the same time, and shows them as one step. limit is the timeout
// of each activity. A failed activity does not fail the operation: the caller handles the results, which have the order
// of the inputs. FanOut returns an error only if the operation is cancelled.
func FanOut[T any](ctx workflow.Context, r *Run, limit time.Duration, activity any, inputs []any) ([]Result[T], error) {
	name := ActivityName(activity)
	r.open(ctx, name)
	futures := make([]workflow.Future, len(inputs))
	for i, in := range inputs {
		futures[i] = workflow.ExecuteActivity(Polling(ctx, limit), activity, in)
	}
	results, failed := make([]Result[T], len(inputs)), 0
	var cancelled error
	for i, future := range futures {
		results[i].Err = asTimeout(future.Get(ctx, &results[i].Out), limit)
		if temporal.IsCanceledError(results[i].Err) {
			cancelled = results[i].Err
		} else if results[i].Err != nil {
			failed++
		}
	}
	switch {
	case cancelled != nil:
		r.close(ctx, name, Cancelled, i18n.Message{})
	case failed == len(inputs) && failed > 0:
		r.close(ctx, name, Failed, fault.MessageOf(results[0].Err))
	default:
		r.close(ctx, name, Succeeded, i18n.Message{})
	}
	return results, cancelled
}

// PartiallyFailed sets the status and the message of an operation that ends without an error, but has failed for some
// of its objects.
func (r *Run) PartiallyFailed(format string, args ...any) {
	r.partiallyFailed = i18n.Messagef(format, args...)
}

// SetStepMessage sets the message of the step of an activity.
func (r *Run) SetStepMessage(activity any, format string, args ...any) {
	r.find(ActivityName(activity)).Message = i18n.Messagef(format, args...)
}

// Retryable is implemented by the inputs of operations on several objects.
type Retryable interface {
	// KeepFailed removes the objects that have succeeded from the input. result is the result of the task to retry.
	KeepFailed(result map[string]any)
}
