//go:build !race

package worker_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEveryCallMayFail makes each request of each operation fail in turn. Refused for good, the
// operation leaves nothing behind; failed once, or carried out without its answer arriving, the
// operation ends as if nothing had been: nothing is lost and nothing is doubled. It makes hundreds of
// runs, so it is left out where the race detector makes each ten times as long.
func TestEveryCallMayFail(t *testing.T) {
	for name, op := range operations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls, want := op.undisturbed(t)
			t.Logf("%d different calls", len(calls))
			t.Run("refused", func(t *testing.T) { op.eachRefused(t, calls, want) })
			for _, call := range calls {
				how := lost
				if strings.HasPrefix(call, "GET ") || strings.HasPrefix(call, "HEAD ") {
					how = away
				}
				t.Run(string(how)+" "+call, func(t *testing.T) {
					h, w := op.prepared(t)
					w.listen(call, how)
					err := h.try(op)
					if _, hit := w.heard(); !hit {
						t.Log("a look that was not needed this time")
					}
					require.NoError(t, err)
					h.comesTo(t, want, asItIs)
				})
			}
		})
	}
}

// undisturbed tells which calls the operation makes, and what there is after it.
func (op operationCase) undisturbed(t *testing.T) (calls []string, after map[string]int) {
	t.Helper()
	h, w := op.prepared(t)
	w.listen("", "")
	require.NoError(t, h.try(op))
	calls, _ = w.heard()
	require.NotEmpty(t, calls)
	return calls, h.count(t)
}

// eachRefused refuses call after call for good. An operation that goes on only forward is repeated
// after each, and then ends as it should.
func (op operationCase) eachRefused(t *testing.T, calls []string, want map[string]int) {
	h, w := op.prepared(t)
	before := h.count(t)
	for _, call := range calls {
		if op.forward {
			h, w = op.prepared(t)
			before = h.count(t)
		}
		w.listen(call, refused)
		err := h.try(op)
		w.listen("", "")
		switch {
		case op.forward:
			if err != nil {
				require.NoError(t, h.try(op), call)
			}
			h.comesTo(t, want, asItIs)
		case err == nil: // what the answer would have told is not needed, or only a part has failed
			if op.lacks != nil {
				op.holds(t, h)
			}
			h.comesTo(t, want, func(after map[string]int) {
				for what, n := range op.lacks {
					if missing := want[what] - after[what]; missing > 0 && missing <= n {
						after[what] = want[what]
					}
				}
			})
			h, w = op.prepared(t)
			before = h.count(t)
		default:
			op.leaves(t, h, maps.Clone(before), err)
			if t.Failed() {
				t.Fatalf("after %s was refused", call)
			}
		}
	}
}

// try runs the operation once.
func (h *testEnv) try(op operationCase) error {
	env := h.environment(&faultInjector{})
	env.ExecuteWorkflow(op.workflow, op.input(h))
	return env.GetWorkflowError()
}
