package audit_test

import (
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/operation/audit"
)

// records is the number of records in BenchmarkExport.
const records = 100_000

// counter counts the written bytes and measures the peak of the heap.
type counter struct {
	bytes, writes int
	peak          uint64
}

func (c *counter) Write(p []byte) (int, error) {
	c.bytes += len(p)
	if c.writes++; c.writes%200 == 1 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		c.peak = max(c.peak, m.HeapInuse)
	}
	return len(p), nil
}

func BenchmarkExport(b *testing.B) {
	s, err := audit.Open(b.Context(), filepath.Join(b.TempDir(), "audit.db"), key)
	require.NoError(b, err)
	b.Cleanup(func() { _ = s.Close() })
	began := time.Now()
	for n := range records {
		require.NoError(b, s.Append(b.Context(), record(n)))
	}
	appended := time.Since(began)
	for _, format := range []string{"csv", "jsonl", "xlsx"} {
		b.Run(format, func(b *testing.B) {
			for b.Loop() {
				out := &counter{}
				began := time.Now()
				err := audit.Export(out, format, "en", func(visit func(audit.Record) error) error { return s.Each(b.Context(), audit.Filter{}, visit) })
				require.NoError(b, err)
				b.ReportMetric(time.Since(began).Seconds(), "s")
				b.ReportMetric(float64(out.peak)/(1<<20), "heap_MiB")
				b.ReportMetric(float64(out.bytes)/(1<<20), "MiB")
				b.ReportMetric(float64(appended.Microseconds())/records/1000, "append_ms")
			}
		})
	}
}
