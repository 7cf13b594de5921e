package tasklog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"mycloudmanager/internal/platform/i18n"
)

// fill writes a log of the given size in MiB, like that of a playbook on many instances, in segments of two streams.
func (h *testEnv) fill(t testing.TB, size int) (total int) {
	t.Helper()
	h.open(task, "RunAgentPlaybook", "none").Close()
	require.NoError(t, h.put(folder("other")+"x", nil)) // creates the container
	var group errgroup.Group
	group.SetLimit(4)
	for n := range size * 16 {
		var body bytes.Buffer
		s := segment{first: noon.UnixMilli() + int64(n/2)*1000, stream: fmt.Sprint("aa.", n%2, ".1"), number: n/2 + 1}
		for body.Len() < segmentSize {
			s.last = s.first + int64(s.lines)
			require.NoError(t, json.NewEncoder(&body).Encode(record{At: s.last, Level: Info, Host: fmt.Sprint("web-", n%2), Task: "Install chrony",
				Message: i18n.Verbatim(fmt.Sprintf("Get:%d http://deb.debian.org/debian bookworm/main amd64 chrony amd64 4.3-2 %0100d", s.lines, n))}))
			s.lines++
		}
		total += s.lines
		group.Go(func() error { return h.put(s.nameOf(folder(task, "RunAgentPlaybook")), body.Bytes()) })
	}
	require.NoError(t, group.Wait())
	return total
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}

// The required memory does not depend on the size of the log, and a page is read without the rest of the log.
func TestView_MemoryIsConstant(t *testing.T) {
	h := newTestEnv(t)
	const size = 110
	total := h.fill(t, size)
	v := h.list(t.Context())
	require.Equal(t, total, v.Total)
	runtime.GC()
	before, peak, n := heap(), uint64(0), 0
	last := time.Time{}
	for e, err := range v.Lines(t.Context(), Query{Prefetch: 6}) {
		if err != nil || n != e.Position || e.Time.Before(last) {
			t.Fatal(n, e, err)
		}
		if last = e.Time; n%20_000 == 0 {
			peak = max(peak, heap())
		}
		n++
	}
	require.Equal(t, total, n)
	require.Less(t, int64(peak)-int64(before), int64(48<<20), "for a log of %d MiB", size)

	reads := h.reads.Load()
	page, err := v.Page(t.Context(), Query{From: total / 2}, 200, time.Minute)
	require.NoError(t, err)
	require.Len(t, page.Items, 200)
	require.Equal(t, total/2, page.Items[0].Position)
	require.LessOrEqual(t, h.reads.Load()-reads, int32(4))

	page, err = v.Page(t.Context(), Query{Text: "not there"}, 1, time.Millisecond)
	require.NoError(t, err)
	require.Empty(t, page.Items)
	require.Greater(t, page.Next, 0, "a search that timed out returns the position to continue from")
}

// BenchmarkFirstPage measures three reads of a log of one gigabyte: the first page without a cached listing, a page in the
// middle, and a search.
func BenchmarkFirstPage(b *testing.B) {
	h := newTestEnv(b)
	total := h.fill(b, 1024)
	timed := func(from int) float64 {
		began := time.Now()
		v := h.View(b.Context(), task, "", nil, nil)
		require.Equal(b, total, v.Total)
		page, err := v.Page(b.Context(), Query{From: from}, 200, time.Minute)
		require.NoError(b, err)
		require.Len(b, page.Items, 200)
		return float64(time.Since(began).Microseconds()) / 1000
	}
	for b.Loop() {
		h.Log.indexes = nil
		b.ReportMetric(timed(0), "first_ms")
		h.list(b.Context())
		b.ReportMetric(timed(total/2), "middle_ms")
		runtime.GC()
		b.ReportMetric(float64(heap())/(1<<20), "heap_MiB")
		b.ReportMetric(float64(total), "lines")
		began := time.Now()
		page, err := h.list(b.Context()).Page(b.Context(), Query{Text: "not there", Prefetch: 1}, 1, 5*time.Second)
		require.NoError(b, err)
		b.ReportMetric(float64(page.Next)/float64(total)*1024/time.Since(began).Seconds(), "search_MiB/s")
	}
}
