package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"mycloudmanager/internal/operation"
)

// lockTTL bounds a lock whose owner was terminated without releasing it.
const lockTTL = 24 * time.Hour

// LockInstance locks an instance for the parent task: its workflow ID is the ID of an operation on the instance, so no
// other operation can start. It ends with the task.
func LockInstance(ctx workflow.Context, task string) error {
	if err := workflow.UpsertTypedSearchAttributes(ctx, temporal.NewSearchAttributeKeyKeyword(operation.TaskKey).ValueSet(task)); err != nil {
		return err
	}
	return workflow.Sleep(ctx, lockTTL)
}
