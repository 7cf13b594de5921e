package tasklog

import (
	"context"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ncw/swift/v2"
	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/openstack"
	"mycloudmanager/sandbox/sandboxtest"
)

// testEnv has a simulated cloud, whose object storage can be made unavailable, and a log in that storage.
type testEnv struct {
	*Log
	cloud     *sandboxtest.Cloud
	openstack *openstack.Cloud
	down      atomic.Bool
	puts      atomic.Int32
	lists     atomic.Int32
	reads     atomic.Int32
}

func newTestEnv(t testing.TB) *testEnv {
	t.Helper()
	h := &testEnv{}
	h.cloud = sandboxtest.StartBehind(t, t.TempDir(), func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if len(r.URL.Path) > 14 && r.URL.Path[:14] == "/object-store/" {
				if h.down.Load() {
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				switch {
				case r.Method == http.MethodPut:
					h.puts.Add(1)
				case r.Method == http.MethodGet && r.URL.Query().Has("limit"):
					h.lists.Add(1)
				case r.Method == http.MethodGet:
					h.reads.Add(1)
				}
			}
			next.ServeHTTP(w, r)
		})
	})
	h.openstack = openstack.New(h.cloud.AuthURL, "demo", "demo", "demo")
	h.Log = &Log{Keep: 24 * time.Hour, Store: h.openstack.Objects}
	return h
}

func (h *testEnv) store(t testing.TB) *swift.Connection {
	t.Helper()
	store, err := h.Store(t.Context())
	require.NoError(t, err)
	return store
}

const task = "batch:0123~89ab"

// lines reads the whole log.
func lines(t testing.TB, v *View, q Query) (out []Entry) {
	t.Helper()
	require.Empty(t, v.IncompleteReason)
	for e, err := range v.Lines(t.Context(), q) {
		require.NoError(t, err)
		out = append(out, e)
	}
	return out
}

func messages(entries []Entry) (out []string) {
	for _, e := range entries {
		out = append(out, e.Message)
	}
	return out
}

// list returns a view of a new listing.
func (h *testEnv) list(ctx context.Context, events ...Line) *View {
	h.Log.mu.Lock()
	for _, i := range h.indexes {
		i.at = time.Time{}
	}
	h.Log.mu.Unlock()
	return h.View(ctx, task, "", nil, events)
}

func unix(t testing.TB, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	require.NoError(t, err)
	return n
}
