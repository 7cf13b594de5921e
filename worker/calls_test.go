//go:build !race

package worker_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEveryCallMayFail makes each request of each operation fail in turn. After a permanent refusal, the operation leaves
// nothing behind. After a transient failure or a lost response, the operation succeeds without lost or duplicate resources.
// The test makes hundreds of runs, so it is excluded under the race detector, which makes each ten times slower.
func TestEveryCallMayFail(t *testing.T) {
	for name, op := range operations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls, want := op.recordCalls(t)
			t.Logf("%d different calls", len(calls))
			t.Run("refused", func(t *testing.T) { op.refuseEach(t, calls, want) })
			for _, call := range calls {
				how := lost
				if strings.HasPrefix(call, "GET ") || strings.HasPrefix(call, "HEAD ") {
					how = away
				}
				t.Run(string(how)+" "+call, func(t *testing.T) {
					h, w := op.prepared(t)
					w.injectFault(call, how)
					err := h.runOnce(op)
					if _, hit := w.faultHit(); !hit {
						t.Log("a read that was not needed this time")
					}
					require.NoError(t, err)
					h.requireEventually(t, want, keepAll)
				})
			}
		})
	}
}

// recordCalls returns the requests of the operation and the resource counts after it.
func (op operationCase) recordCalls(t *testing.T) (calls []string, after map[string]int) {
	t.Helper()
	h, w := op.prepared(t)
	w.injectFault("", "")
	require.NoError(t, h.runOnce(op))
	calls, _ = w.faultHit()
	require.NotEmpty(t, calls)
	return calls, h.count(t)
}

// refuseEach refuses one call after the other permanently. A forward operation is repeated after each and must then
// succeed.
func (op operationCase) refuseEach(t *testing.T, calls []string, want map[string]int) {
	h, w := op.prepared(t)
	before := h.count(t)
	for _, call := range calls {
		if op.forward {
			h, w = op.prepared(t)
			before = h.count(t)
		}
		w.injectFault(call, refused)
		err := h.runOnce(op)
		w.injectFault("", "")
		switch {
		case op.forward:
			if err != nil {
				require.NoError(t, h.runOnce(op), call)
			}
			h.requireEventually(t, want, keepAll)
		case err == nil: // the response is not needed, or the task partially failed
			if op.lacks != nil {
				op.holds(t, h)
			}
			h.requireEventually(t, want, func(after map[string]int) {
				for what, n := range op.lacks {
					if missing := want[what] - after[what]; missing > 0 && missing <= n {
						after[what] = want[what]
					}
				}
			})
			h, w = op.prepared(t)
			before = h.count(t)
		default:
			op.requireClean(t, h, maps.Clone(before), err)
			if t.Failed() {
				t.Fatalf("after %s was refused", call)
			}
		}
	}
}

// runOnce runs the operation once.
func (h *testEnv) runOnce(op operationCase) error {
	env := h.environment(&faultInjector{})
	env.ExecuteWorkflow(op.workflow, op.input(h))
	return env.GetWorkflowError()
}
