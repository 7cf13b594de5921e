package tasks_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/flow"
	"mycloudmanager/internal/tasks"
)

// manyTargets are tasks on more things than Temporal usually takes in a search attribute.
func (h *house) manyTargets(t *testing.T) {
	wish := request("first-of-many", "")
	for n := range 999 {
		wish.Request.Targets = append(wish.Request.Targets, flow.Target{Kind: "instance", ID: fmt.Sprintf("00000000-0000-4000-8000-%012d", n), Name: fmt.Sprint("web-", n)})
	}
	usual := flow.TargetsRoom
	t.Cleanup(func() { flow.TargetsRoom = usual })
	for found, room := range []int{usual, flow.EmbeddedRoom} {
		flow.TargetsRoom = room
		task := h.start(t, wish)
		require.Len(t, h.await(t, task.ID, flow.Succeeded).Targets, 1000, "the task names all")
		h.settle(t, tasks.Filter{Target: "app:first-of-many"}, 1+found)
		h.settle(t, tasks.Filter{Target: "instance:00000000-0000-4000-8000-000000000998"}, found)
	}
}
