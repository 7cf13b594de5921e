package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/internal/operation"
)

// lockTTL bounds a hold whose holder was terminated in a way that did not end it.
const lockTTL = 24 * time.Hour

// LockInstance keeps an instance for the task that started it as a child: its workflow id is that of
// an operation on the instance, so no other can begin. It ends with its task.
func LockInstance(ctx workflow.Context, task string) error {
	if err := workflow.UpsertTypedSearchAttributes(ctx, temporal.NewSearchAttributeKeyKeyword(operation.TaskKey).ValueSet(task)); err != nil {
		return err
	}
	return workflow.Sleep(ctx, lockTTL)
}
