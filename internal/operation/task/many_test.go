package task_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/task"
)

// manyTargets tests a task with more targets than a search attribute can contain by default.
func (h *testEnv) manyTargets(t *testing.T) {
	in := request("first-of-many", "")
	for n := range 999 {
		in.Request.Targets = append(in.Request.Targets, operation.Target{Kind: "instance", ID: fmt.Sprintf("00000000-0000-4000-8000-%012d", n), Name: fmt.Sprint("web-", n)})
	}
	saved := operation.MaxTargetsBytes
	t.Cleanup(func() { operation.MaxTargetsBytes = saved })
	for found, limit := range []int{saved, operation.EmbeddedMaxTargetsBytes} {
		operation.MaxTargetsBytes = limit
		started := h.start(t, in)
		require.Len(t, h.await(t, started.ID, operation.Succeeded).Targets, 1000, "the task has all targets")
		h.settle(t, task.Filter{Target: "app:first-of-many"}, 1+found)
		h.settle(t, task.Filter{Target: "instance:00000000-0000-4000-8000-000000000998"}, found)
	}
}
