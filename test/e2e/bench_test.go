package e2e_test

import (
	"bufio"
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // fills the embedded Temporal's database
)

// sandboxFor starts a product on a fresh sandbox for a benchmark.
func sandboxFor(b *testing.B, speed string) *product {
	b.Helper()
	p := newProduct(b)
	p.arguments = []string{"sandbox"}
	p.environment = []string{"MCM_SANDBOX_LISTEN=" + p.sandbox, "MCM_SANDBOX_SPEED=" + speed, "MCM_LOG_LEVEL=warn"}
	return p
}

// resident returns the resident memory of a process in MiB.
func resident(b *testing.B, pid int) float64 {
	b.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(b, err)
	for line := range strings.Lines(string(raw)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmRSS:" {
			kib, err := strconv.Atoi(f[1])
			require.NoError(b, err)
			return float64(kib) / 1024
		}
	}
	b.Fatal("no VmRSS")
	return 0
}

// BenchmarkStart measures the time from start to ready, and the idle memory.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		p := sandboxFor(b, "1")
		began := time.Now()
		p.up(b)
		ready := time.Since(began)
		time.Sleep(10 * time.Second) // idle
		own, temporal := resident(b, p.process.Process.Pid), resident(b, p.child(b, "mcm-temporal"))
		p.down(b)
		b.ReportMetric(ready.Seconds(), "ready_s")
		b.ReportMetric(own, "mcm_MiB")
		b.ReportMetric(temporal, "temporal_MiB")
		b.ReportMetric(own+temporal, "together_MiB")
	}
}

// closedTasks is the number of past tasks in the list benchmarks.
const closedTasks = 100_000

// BenchmarkTaskPages measures the first page and a deep page of a list with many closed tasks.
func BenchmarkTaskPages(b *testing.B) {
	p := sandboxFor(b, "20")
	p.up(b)
	demo := p.signIn(b, "demo")
	demo.work(b, http.MethodPost, "/stack", map[string]any{"name": "toolbox", "preset": "small"})
	demo.work(b, http.MethodPost, "/apps/ntp/launch", map[string]any{})
	p.down(b)
	multiply(b, p.dir+"/data/temporal/temporal.db", closedTasks)
	p.up(b)
	b.Cleanup(func() { p.down(b) })
	deep := ""
	for range 40 { // 20,000 tasks down
		var page struct {
			Next string `json:"next_page_token"`
		}
		demo.get(b, "/tasks?page_size=500&page_token="+deep, &page)
		deep = page.Next
	}
	for b.Loop() {
		first := times(b, 200, func() { demo.get(b, "/tasks", &struct{}{}) })
		far := times(b, 200, func() { demo.get(b, "/tasks?page_token="+deep, &struct{}{}) })
		filtered := times(b, 200, func() { demo.get(b, "/tasks?target=app:ntp", &struct{}{}) })
		b.ReportMetric(p99(first), "first_p99_ms")
		b.ReportMetric(p99(far), "deep_p99_ms")
		b.ReportMetric(p99(far)/p99(first), "deep/first")
		b.ReportMetric(p99(filtered), "filtered_p99_ms")
	}
}

// multiply inserts copies of the completed tasks, further in the past, into the embedded Temporal's database.
func multiply(b *testing.B, file string, n int) {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+file)
	require.NoError(b, err)
	defer db.Close()
	rows, err := db.Query(`SELECT name FROM pragma_table_info('executions_visibility')`) // without generated columns
	require.NoError(b, err)
	defer rows.Close()
	var columns, values []string
	for rows.Next() {
		var name string
		require.NoError(b, rows.Scan(&name))
		columns = append(columns, name)
		switch name {
		case "run_id":
			name = "lower(hex(randomblob(16)))"
		case "start_time", "execution_time", "close_time":
			name = "strftime('%Y-%m-%d %H:%M:%f', " + name + ", '-' || n || ' minutes') || '+00:00'"
		case "search_attributes": // each copy has its own task id
			name = "json_set(search_attributes, '$." + taskColumn(b, db) + "', workflow_id || '~' || n)"
		}
		values = append(values, name)
	}
	require.NoError(b, rows.Err())
	insert := fmt.Sprintf(`WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < %d)
		INSERT INTO executions_visibility (%s) SELECT %s FROM executions_visibility, c WHERE close_time IS NOT NULL`, n/2, strings.Join(columns, ", "), strings.Join(values, ", "))
	_, err = db.Exec(insert)
	require.NoError(b, err)
	var count int
	require.NoError(b, db.QueryRow("SELECT count(*) FROM executions_visibility").Scan(&count))
	require.GreaterOrEqual(b, count, n)
}

// taskColumn returns the column of the task id search attribute.
func taskColumn(b *testing.B, db *sql.DB) string {
	b.Helper()
	var raw string
	require.NoError(b, db.QueryRow(`SELECT search_attributes FROM executions_visibility WHERE search_attributes LIKE '%~%' LIMIT 1`).Scan(&raw))
	var attributes map[string]any
	require.NoError(b, json.Unmarshal([]byte(raw), &attributes))
	for column, v := range attributes {
		if text, _ := v.(string); strings.Contains(text, "~") {
			return column
		}
	}
	b.Fatal("no task id among " + raw)
	return ""
}

func times(b *testing.B, n int, do func()) []time.Duration {
	b.Helper()
	var out []time.Duration
	for range n {
		began := time.Now()
		do()
		out = append(out, time.Since(began))
	}
	return out
}

func p99(list []time.Duration) float64 {
	slices.Sort(list)
	return float64(list[len(list)*99/100].Microseconds()) / 1000
}

// BenchmarkReads measures fifty users that read all lists concurrently.
func BenchmarkReads(b *testing.B) {
	p := sandboxFor(b, "20")
	p.up(b)
	b.Cleanup(func() { p.down(b) })
	demo := p.signIn(b, "demo")
	demo.work(b, http.MethodPost, "/stack", map[string]any{"name": "toolbox", "preset": "small"})
	demo.work(b, http.MethodPost, "/apps/ntp/launch", map[string]any{})
	http.DefaultTransport.(*http.Transport).MaxIdleConnsPerHost = 64
	for b.Loop() {
		var (
			all sync.WaitGroup
			mu  sync.Mutex
			got []time.Duration
		)
		began := time.Now()
		for range 50 {
			all.Go(func() {
				for _, path := range []string{"/tasks", "/apps", "/stack", "/instances", "/audit", "/apps/ntp", "/session", "/tasks?status=succeeded"} {
					t := times(b, 5, func() { demo.get(b, path, &struct{}{}) })
					mu.Lock()
					got = append(got, t...)
					mu.Unlock()
				}
			})
		}
		all.Wait()
		b.ReportMetric(p99(got), "p99_ms")
		b.ReportMetric(float64(len(got))/time.Since(began).Seconds(), "reads/s")
	}
}

// BenchmarkEvents measures the time from the end of a task to the event in a browser.
func BenchmarkEvents(b *testing.B) {
	p := sandboxFor(b, "20")
	p.up(b)
	b.Cleanup(func() { p.down(b) })
	demo := p.signIn(b, "demo")
	demo.work(b, http.MethodPost, "/stack", map[string]any{"name": "toolbox", "preset": "small"})
	demo.work(b, http.MethodPost, "/apps/ntp/launch", map[string]any{})
	for b.Loop() {
		var lags []time.Duration
		for n := range 10 {
			settings := map[string]any{"environment": map[string]any{}, "parameters": map[string]any{"local_stratum": 5 + n%2}}
			ended := make(chan time.Time, 1)
			listening := make(chan struct{})
			go demo.hears(b, listening, ended)
			<-listening
			done := demo.work(b, http.MethodPut, "/apps/ntp/settings", settings)
			var t struct {
				EndedAt time.Time `json:"ended_at"`
			}
			demo.get(b, "/tasks/"+done.ID, &t)
			lags = append(lags, (<-ended).Sub(t.EndedAt))
		}
		b.ReportMetric(p99(lags), "slowest_ms")
	}
}

// hears waits for the first task that succeeds.
func (w *person) hears(b *testing.B, listening chan<- struct{}, ended chan<- time.Time) {
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "http://"+w.listen+"/api/v1/events", nil)
	if err != nil {
		return
	}
	request.Header.Set("Cookie", w.cookie)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return
	}
	defer response.Body.Close()
	lines, open := bufio.NewScanner(response.Body), false
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: "))
		if !open {
			open = true
			close(listening)
		}
		var t struct{ Operation, Status string }
		if ok && json.Unmarshal(data, &t) == nil && t.Operation == "app.configure" && t.Status == "succeeded" {
			ended <- time.Now()
			return
		}
	}
}
