package operation

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/internal/fault"
)

// Result is the output or the error of one activity of FanOut.
type Result[T any] struct {
	Out T
	Err error // a fault in Temporal's form; the other activities continue
}

// FanOut runs one activity for each input, all at the same time, as one step. A failed activity does not end the
// operation: the caller decides. FanOut returns an error only if the operation was cancelled.
func FanOut[T any](ctx workflow.Context, r *Run, limit time.Duration, activity any, inputs []any) ([]Result[T], error) {
	name := ActivityName(activity)
	r.open(ctx, name)
	futures := make([]workflow.Future, len(inputs))
	for i, in := range inputs {
		futures[i] = workflow.ExecuteActivity(Polling(ctx, limit), activity, in)
	}
	shares, failed := make([]Result[T], len(inputs)), 0
	var cancelled error
	for i, future := range futures {
		shares[i].Err = asTimeout(future.Get(ctx, &shares[i].Out), limit)
		if temporal.IsCanceledError(shares[i].Err) {
			cancelled = shares[i].Err
		} else if shares[i].Err != nil {
			failed++
		}
	}
	switch {
	case cancelled != nil:
		r.close(ctx, name, Cancelled, "")
	case failed == len(inputs) && failed > 0:
		r.close(ctx, name, Failed, fault.MessageOf(shares[0].Err))
	default:
		r.close(ctx, name, Succeeded, "")
	}
	return shares, cancelled
}

// PartiallyFailed lets an operation that otherwise succeeds end as partially failed, with a message that names what
// failed.
func (r *Run) PartiallyFailed(format string, args ...any) {
	r.partiallyFailed = fmt.Sprintf(format, args...)
}

// SetStepMessage sets the message of the step of an activity.
func (r *Run) SetStepMessage(activity any, format string, args ...any) {
	r.find(ActivityName(activity)).Message = fmt.Sprintf(format, args...)
}

// Retryable is the input of an operation on several objects. A retry calls KeepFailed with the result of the task, and
// repeats only the objects that failed.
type Retryable interface{ KeepFailed(result map[string]any) }
