package task_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/task"
)

// manyTargets is more targets than a search attribute holds by default.
func (h *testEnv) manyTargets(t *testing.T) {
	wish := request("first-of-many", "")
	for n := range 999 {
		wish.Request.Targets = append(wish.Request.Targets, operation.Target{Kind: "instance", ID: fmt.Sprintf("00000000-0000-4000-8000-%012d", n), Name: fmt.Sprint("web-", n)})
	}
	usual := operation.MaxTargetsBytes
	t.Cleanup(func() { operation.MaxTargetsBytes = usual })
	for found, room := range []int{usual, operation.EmbeddedMaxTargetsBytes} {
		operation.MaxTargetsBytes = room
		started := h.start(t, wish)
		require.Len(t, h.await(t, started.ID, operation.Succeeded).Targets, 1000, "the task names all")
		h.settle(t, task.Filter{Target: "app:first-of-many"}, 1+found)
		h.settle(t, task.Filter{Target: "instance:00000000-0000-4000-8000-000000000998"}, found)
	}
}
