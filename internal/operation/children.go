package operation

import (
	"errors"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/internal/fault"
)

// Child names one child workflow of Children.
type Child struct {
	ID    string // workflow ID; a running workflow with this ID is a conflict
	Input any
}

// Children runs one child workflow for each child, at most maxConcurrent at a time, as one step. It calls ended after
// each child, with the index of the child. A failed child does not end the operation: the caller decides. Children
// returns an error only if the operation was cancelled before all children had ended; it then cancels the others and
// waits for them.
func Children[T any](ctx workflow.Context, r *Run, maxConcurrent int, child any, children []Child, ended func(i int, s Result[T])) error {
	name := ActivityName(child)
	r.open(ctx, name)
	free, stop := workflow.NewDisconnectedContext(ctx)
	defer stop()
	places, all := workflow.NewSemaphore(ctx, int64(maxConcurrent)), workflow.NewWaitGroup(ctx)
	done, failed, cancelled := 0, 0, len(children)
	for i, c := range children {
		if places.Acquire(ctx, 1) != nil { // cancelled
			break
		}
		all.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer all.Done()
			defer places.Release(1)
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
			ended(i, s)
		})
	}
	all.Wait(free)
	switch {
	case ctx.Err() != nil && cancelled > 0:
		r.close(ctx, name, Cancelled, "")
		return ctx.Err()
	case failed == len(children) && failed > 0:
		r.close(ctx, name, Failed, "")
	default:
		r.close(ctx, name, Succeeded, "")
	}
	return nil
}

// withParent returns options for a child workflow that belongs to the operation: a cancel of the operation cancels the
// child, and waits for it.
func withParent(ctx workflow.Context, id string) workflow.Context {
	return workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: id, WaitForCancellation: true, WorkflowExecutionTimeout: Deadline, ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_REQUEST_CANCEL,
	})
}

// alreadyRunning converts the error for a workflow ID in use to a fault.
func alreadyRunning(err error) error {
	if _, ok := errors.AsType[*temporal.ChildWorkflowExecutionAlreadyStartedError](err); ok {
		return fault.Final(fault.New(fault.Conflict, nil, "another operation works on the instance"))
	}
	return err
}

// Child runs one workflow as a step, and cancels it with the operation.
func (r *Run) Child(ctx workflow.Context, child any, id string, in, out any) error {
	return r.step(ctx, child, func() (string, error) {
		return "", workflow.ExecuteChildWorkflow(withParent(ctx, id), child, in).Get(ctx, out)
	})
}
