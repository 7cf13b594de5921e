package files_test

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/backup"
)

// bulk is the data that engines are compared on: large files, half of them noise, and many small ones.
type bulk struct {
	tb         testing.TB
	dir        string
	mib, small int
	dice       *rand.ChaCha8
}

// size is a number of the environment's, so that a busy machine can measure on less.
func size(tb testing.TB, name string, usual int) int {
	tb.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv(name), strconv.Itoa(usual)))
	require.NoError(tb, err)
	return n
}

const largeFile = 8 << 20

func (d *bulk) large(n int) []byte {
	raw := make([]byte, largeFile)
	if n%2 == 0 {
		_, _ = d.dice.Read(raw)
		return raw
	}
	var b bytes.Buffer
	for b.Len() < largeFile {
		fmt.Fprintf(&b, "%06d;%d;%s\n", b.Len(), d.dice.Uint64()%1e9, strings.Repeat("x", int(d.dice.Uint64()%20)))
	}
	return b.Bytes()[:largeFile]
}

func (d *bulk) put(name string, raw []byte) {
	require.NoError(d.tb, os.MkdirAll(filepath.Dir(filepath.Join(d.dir, name)), 0o755))
	require.NoError(d.tb, os.WriteFile(filepath.Join(d.dir, name), raw, 0o640))
}

func (d *bulk) furnish() {
	for n := range d.mib << 20 / largeFile {
		d.put(fmt.Sprintf("large/%04d.bin", n), d.large(n))
	}
	for n := range d.small {
		d.scribble(n)
	}
}

func (d *bulk) scribble(n int) {
	raw := make([]byte, 200+d.dice.Uint64()%2000)
	_, _ = d.dice.Read(raw)
	d.put(fmt.Sprintf("small/%03d/%05d", n/500, n), raw)
}

// change changes one file in a hundred, and one byte in a hundred of the large ones.
func (d *bulk) change() {
	for n := 0; n < d.small; n += 100 {
		d.scribble(n)
	}
	piece := make([]byte, largeFile/2)
	for n := 0; n < d.mib<<20/largeFile; n += 50 {
		_, _ = d.dice.Read(piece)
		f, err := os.OpenFile(filepath.Join(d.dir, fmt.Sprintf("large/%04d.bin", n)), os.O_WRONLY, 0)
		require.NoError(d.tb, err)
		_, err = f.WriteAt(piece, 1<<20)
		require.NoError(d.tb, err)
		require.NoError(d.tb, f.Close())
	}
}

// figures are what one way of backing up took.
type figures struct {
	full, incremental, restore time.Duration
	stored                     int64
	peak                       int64
}

// way is one way of backing up.
type way struct {
	container string
	backup    func(task string)
	restore   func(target string)
}

// measure runs a way from an empty storage. The data is the same for every way when the dice are.
func (l *lab) measure(b *testing.B, w way, seed byte) (f figures) {
	b.Helper()
	data := &bulk{tb: b, dir: l.data, mib: size(b, "MCM_BENCH_MIB", 1024), small: size(b, "MCM_BENCH_FILES", 100_000), dice: rand.NewChaCha8([32]byte{seed})}
	require.NoError(b, os.RemoveAll(l.data))
	data.furnish()
	done := watchMemory(&f.peak)
	timed := func(work func()) time.Duration {
		start := time.Now()
		work()
		return time.Since(start)
	}
	f.full = timed(func() { w.backup("run~1") })
	soon()
	data.change()
	f.incremental = timed(func() { w.backup("run~2") })
	target := filepath.Join(l.host.dir, "back")
	f.restore = timed(func() { w.restore(target) })
	done()
	out, err := exec.Command("diff", "-r", l.data, target+l.data).CombinedOutput()
	require.NoError(b, err, "%.500s", out)
	require.NoError(b, os.RemoveAll(target))
	store, err := l.Cloud.Objects(b.Context())
	require.NoError(b, err)
	at, _, err := store.Container(b.Context(), w.container)
	require.NoError(b, err)
	f.stored = at.Bytes
	return f
}

// watchMemory keeps the most that all programs that we have started take together.
func watchMemory(peak *int64) (done func()) {
	var stop atomic.Bool
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for !stop.Load() {
			*peak = max(*peak, resident(os.Getpid()))
			time.Sleep(100 * time.Millisecond)
		}
	}()
	return func() { stop.Store(true); <-ended }
}

// resident is what the descendants of a process have in memory.
func resident(root int) (sum int64) {
	children, pages := map[string][]string{}, map[string]int64{}
	all, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range all {
		raw, _ := os.ReadFile(name)
		_, rest, ok := strings.Cut(string(raw), ") ")
		if words := strings.Fields(rest); ok && len(words) > 21 {
			pid := strings.Split(name, "/")[2]
			children[words[1]] = append(children[words[1]], pid)
			pages[pid], _ = strconv.ParseInt(words[21], 10, 64)
		}
	}
	for next := []string{strconv.Itoa(root)}; len(next) > 0; next = next[1:] {
		for _, pid := range children[next[0]] {
			sum += pages[pid] * int64(os.Getpagesize())
			next = append(next, pid)
		}
	}
	return sum
}

// ours is the product's path: the script over SSH, the door, the list of files and the record.
func (l *lab) ours(b *testing.B, engine backup.EngineName) way {
	l.rules = backup.SoftRules{Engine: engine}
	var made backup.Backup
	return way{container: backup.ContainerOf(instance, engine),
		backup: func(task string) {
			var err error
			made, err = l.BackUpFiles(b.Context(), l.input(task))
			require.NoError(b, err)
		},
		restore: func(target string) {
			out, err := l.restore(made, target, "t")
			require.NoError(b, err)
			require.True(b, out.Checked)
		}}
}

// byHandOf is the same engine with the same choices, as one would type it on the instance.
func (l *lab) byHandOf(b *testing.B, engine backup.EngineName) way {
	store, err := l.Cloud.Objects(b.Context())
	require.NoError(b, err)
	container := "by-hand-" + string(engine)
	require.NoError(b, store.ContainerCreate(b.Context(), container, nil))
	env := append(os.Environ(), "HOME="+l.host.dir, "OS_STORAGE_URL="+store.StorageUrl, "OS_AUTH_TOKEN="+store.AuthToken, "SWIFT_PREAUTHURL="+store.StorageUrl,
		"SWIFT_PREAUTHTOKEN="+store.AuthToken, "PASSPHRASE=secret", "RESTIC_PASSWORD=secret", "RESTIC_REPOSITORY=swift:"+container+":/", "LC_ALL=C.UTF-8")
	run := func(name string, args ...string) {
		cmd := exec.Command(name, args...)
		cmd.Env = env
		out, err := cmd.CombinedOutput()
		require.NoError(b, err, "%s", out)
	}
	if engine == backup.Restic {
		run("restic", "init")
		return way{container, func(string) { run("restic", "backup", l.data) }, func(target string) { run("restic", "restore", "latest", "--verify", "--target", target) }}
	}
	url, cache := "swift://"+container+"/p1", filepath.Join(l.host.dir, "cache")
	return way{container,
		func(string) {
			run("duplicity", "--archive-dir", cache, "--volsize", "100", "--full-if-older-than", "30D", "--include", l.data, "--exclude", "**", "/", url)
		},
		func(target string) {
			run("duplicity", "restore", "--archive-dir", cache, "--numeric-owner", url, target)
		}}
}

// The product's path against the engine alone, and one engine against the other, on the same data and storage.
func BenchmarkSoftBackups(b *testing.B) {
	if os.Getenv("MCM_BENCH_SLOW") == "" {
		b.Skip("MCM_BENCH_SLOW=1 runs it: it takes both processors for minutes")
	}
	incremental := map[backup.EngineName]time.Duration{}
	for seed, engine := range []backup.EngineName{backup.Restic, backup.Duplicity} {
		b.Run(string(engine), func(b *testing.B) {
			for b.Loop() {
				hand := newLabOf(b)
				alone := hand.measure(b, hand.byHandOf(b, engine), byte(seed))
				mine := newLabOf(b)
				f := mine.measure(b, mine.ours(b, engine), byte(seed))
				incremental[engine] = f.incremental
				for name, pair := range map[string][2]time.Duration{"full": {f.full, alone.full}, "incremental": {f.incremental, alone.incremental}, "restore": {f.restore, alone.restore}} {
					b.ReportMetric(pair[0].Seconds(), name+"_s")
					b.ReportMetric(pair[0].Seconds()/pair[1].Seconds(), name+"/by_hand")
				}
				b.ReportMetric(float64(f.stored)/(1<<20), "stored_MiB")
				b.ReportMetric(float64(f.peak)/(1<<20), "peak_MiB")
				b.ReportMetric(float64(alone.peak)/(1<<20), "by_hand_peak_MiB")
			}
		})
	}
	b.Run("engines", func(b *testing.B) {
		for b.Loop() {
			b.ReportMetric(incremental[backup.Duplicity].Seconds()/incremental[backup.Restic].Seconds(), "duplicity/restic_incremental")
		}
	})
}
