package operation

import (
	"errors"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/platform/i18n"
)

// Child describes one child workflow that Children starts.
type Child struct {
	ID    string // workflow ID; a running workflow with this ID is a conflict
	Input any
}

// Children starts one child workflow for each element of children, at most maxConcurrent at a time, and shows them as
// one step. When a child ends, Children calls onEnd with its index and its result. A failed child does not fail the
// operation: the caller handles the result. Children returns an error only if the operation is cancelled before all
// children have ended. It then cancels the running children and waits until they have ended.
func Children[T any](ctx workflow.Context, r *Run, maxConcurrent int, child any, children []Child, onEnd func(i int, s Result[T])) error {
	name := ActivityName(child)
	r.open(ctx, name)
	detached, stop := workflow.NewDisconnectedContext(ctx)
	defer stop()
	slots, running := workflow.NewSemaphore(ctx, int64(maxConcurrent)), workflow.NewWaitGroup(ctx)
	done, failed := 0, 0
	cancelled := len(children) // number of children that were cancelled or not started
	for i, c := range children {
		if slots.Acquire(ctx, 1) != nil { // cancelled
			break
		}
		running.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer running.Done()
			defer slots.Release(1)
			var s Result[T]
			s.Err = alreadyRunning(workflow.ExecuteChildWorkflow(withParent(ctx, c.ID), child, c.Input).Get(ctx, &s.Out))
			if !temporal.IsCanceledError(s.Err) {
				cancelled--
			}
			if s.Err != nil {
				failed++
			}
			done++
			r.SetStepMessage(child, "%d of %d done", done, len(children))
			onEnd(i, s)
		})
	}
	running.Wait(detached)
	switch {
	case ctx.Err() != nil && cancelled > 0:
		r.close(ctx, name, Cancelled, i18n.Message{})
		return ctx.Err()
	case failed == len(children) && failed > 0:
		r.close(ctx, name, Failed, i18n.Message{})
	default:
		r.close(ctx, name, Succeeded, i18n.Message{})
	}
	return nil
}

// withParent returns a context with the options of a child workflow that is cancelled with the operation. The
// cancellation waits until the child has ended.
func withParent(ctx workflow.Context, id string) workflow.Context {
	return workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: id, WaitForCancellation: true, WorkflowExecutionTimeout: Deadline, ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_REQUEST_CANCEL,
	})
}

// alreadyRunning converts the error for a workflow ID in use to a fault.
func alreadyRunning(err error) error {
	if _, ok := errors.AsType[*temporal.ChildWorkflowExecutionAlreadyStartedError](err); ok {
		return fault.Final(fault.New(fault.Conflict, nil, "another operation is running on the instance"))
	}
	return err
}

// Child runs one child workflow as a step. The child is cancelled with the operation.
func (r *Run) Child(ctx workflow.Context, child any, id string, in, out any) error {
	return r.step(ctx, child, func() (i18n.Message, error) {
		return i18n.Message{}, workflow.ExecuteChildWorkflow(withParent(ctx, id), child, in).Get(ctx, out)
	})
}
