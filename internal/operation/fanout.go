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
	Err error // a fault in Temporal's form; the other shares went on
}

// FanOut runs one activity for each input at once, as one step. Shares that fail do not end the
// operation: their caller says what becomes of them. It fails only when the operation is cancelled.
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

// PartiallyFailed ends the operation, which otherwise succeeds, as partly failed, and says what failed.
func (r *Run) PartiallyFailed(format string, args ...any) {
	r.partiallyFailed = fmt.Sprintf(format, args...)
}

// SetStepMessage is what the named step says beside its status, from now on.
func (r *Run) SetStepMessage(activity any, format string, args ...any) {
	r.find(ActivityName(activity)).Message = fmt.Sprintf(format, args...)
}

// Retryable is an input of work on many things of which some failed: a retry repeats only those.
// result is what the task showed as its result.
type Retryable interface{ KeepFailed(result map[string]any) }
