package filebackup_test

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
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/backup"
)

// bulk is the test data: large files, half of them random, and many small files.
type bulk struct {
	tb         testing.TB
	dir        string
	mib, small int
	dice       *rand.ChaCha8
}

// size returns a number from the environment, so that a slow machine can use less data.
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

// change modifies one in a hundred small files, and one in a hundred bytes of the large files.
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

// backupMethod is one method of making backups.
type backupMethod struct {
	container string
	backup    func(task string)
	restore   func(target string)
	list      func()               // lists all files of the last backup, if the backup does not
	ran       func() time.Duration // duration of the engine in the last backup, if the backup does more
}

// side is a method with its own copy of the data, which is the same for the same random seed.
type side struct {
	*lab
	backupMethod
	b     *testing.B
	data  *bulk
	took  map[string]cost // total cost of each step
	peak  int64
	tasks int
}

// cost is the cost of a step. On a busy machine, the CPU time is more meaningful.
type cost struct {
	wall  time.Duration
	cpu   time.Duration // of the engine and of this process: the storage and, for the product, the proxy and the file list
	times int
}

func (c cost) seconds() float64 { return c.wall.Seconds() / float64(c.times) }

func newSide(b *testing.B, engine backup.EngineName, of func(*lab, *testing.B, backup.EngineName) backupMethod) *side {
	b.Helper()
	s := &side{lab: newLabOf(b), b: b, took: map[string]cost{}}
	s.host.theirs(b)
	s.backupMethod = of(s.lab, b, engine)
	s.data = &bulk{tb: b, dir: s.lab.data, mib: size(b, "MCM_BENCH_MIB", 1024), small: size(b, "MCM_BENCH_FILES", 100_000), dice: rand.NewChaCha8([32]byte{1})}
	s.data.furnish()
	return s
}

func (s *side) step(name string, work func()) {
	s.b.Helper()
	done := watchMemory(&s.peak)
	defer done()
	start, cpu := time.Now(), spent(s.b)
	work()
	wall := time.Since(start)
	s.host.calls.Wait() // the CPU time of a program is known when it has ended
	s.add(name, wall, spent(s.b)-cpu)
}

func (s *side) add(name string, wall, cpu time.Duration) {
	c := s.took[name]
	s.took[name] = cost{c.wall + wall, c.cpu + cpu, c.times + 1}
}

// backUp makes a backup and measures the engine separately.
func (s *side) backUp(name string) {
	s.b.Helper()
	s.tasks++
	s.step(name, func() { s.backupMethod.backup(fmt.Sprintf("run~%d", s.tasks)) })
	if s.ran != nil {
		s.add(name+engineAlone, s.ran(), 0)
	}
}

// Suffixes of steps that are part of other steps.
const (
	engineAlone = "_engine"
	withList    = "_list"
)

// spent returns the CPU time of this process and of its terminated children.
func spent(tb testing.TB) (sum time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var used syscall.Rusage
		require.NoError(tb, syscall.Getrusage(who, &used))
		sum += time.Duration(used.Utime.Nano() + used.Stime.Nano())
	}
	return sum
}

// restoreAndCompare restores the data and compares it.
func (s *side) restoreAndCompare() {
	target := filepath.Join(s.host.dir, "back")
	s.step("restore", func() { s.backupMethod.restore(target) })
	out, err := exec.Command("diff", "-r", s.lab.data, target+s.lab.data).CombinedOutput()
	require.NoError(s.b, err, "%.500s", out)
	require.NoError(s.b, os.RemoveAll(target))
}

func (s *side) stored() float64 {
	store, err := s.Cloud.Objects(s.b.Context())
	require.NoError(s.b, err)
	at, _, err := store.Container(s.b.Context(), s.container)
	require.NoError(s.b, err)
	return float64(at.Bytes) / (1 << 20)
}

// watchMemory records the peak memory of all child processes.
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

// resident returns the resident memory of the descendants of a process.
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

// ours is the method of the product: the script over SSH, the proxy, the file list and the record.
func (l *lab) ours(b *testing.B, engine backup.EngineName) backupMethod {
	l.rules = backup.FileOptions{Engine: engine}
	var made []backup.Backup
	return backupMethod{container: backup.ContainerOf(instance, engine),
		backup: func(task string) {
			one, err := l.BackUpFiles(b.Context(), l.input(task))
			require.NoError(b, err)
			made = append(made, one)
		},
		ran: func() time.Duration { return time.Duration(made[len(made)-1].Duration * float64(time.Second)) },
		restore: func(target string) {
			out, err := l.restore(made[len(made)-1], target, "t")
			require.NoError(b, err)
			require.True(b, out.Checked)
		}}
}

// byHandOf runs the same engine with the same options directly.
func (l *lab) byHandOf(b *testing.B, engine backup.EngineName) backupMethod {
	store, err := l.Cloud.Objects(b.Context())
	require.NoError(b, err)
	container := "by-hand-" + string(engine)
	require.NoError(b, store.ContainerCreate(b.Context(), container, nil))
	env := append(os.Environ(), "HOME="+l.host.dir, "OS_STORAGE_URL="+store.StorageUrl, "OS_AUTH_TOKEN="+store.AuthToken, "SWIFT_PREAUTHURL="+store.StorageUrl,
		"SWIFT_PREAUTHTOKEN="+store.AuthToken, "PASSPHRASE=secret", "RESTIC_PASSWORD=secret", "RESTIC_REPOSITORY=swift:"+container+":/", "LC_ALL=C.UTF-8")
	run := func(name string, args ...string) {
		cmd := exec.Command("nice", append([]string{"-n", "10", name}, args...)...) // the same priority as in the product
		cmd.Env = env
		out, err := cmd.CombinedOutput()
		require.NoError(b, err, "%s", out)
	}
	if engine == backup.Restic {
		first := sync.OnceFunc(func() { run("restic", "init") })
		return backupMethod{container: container,
			backup:  func(string) { first(); run("restic", "backup", l.data) },
			list:    func() { run("restic", "ls", "--json", "latest") },
			restore: func(target string) { run("restic", "restore", "latest", "--verify", "--target", target) }}
	}
	url, cache := "swift://"+container+"/p1", filepath.Join(l.host.dir, "cache")
	return backupMethod{container: container,
		backup: func(string) {
			run("duplicity", "--archive-dir", cache, "--volsize", "100", "--full-if-older-than", "30D", "--include", l.data, "--exclude", "**", "/", url)
		},
		list: func() { run("duplicity", "list-current-files", "--archive-dir", cache, url) },
		restore: func(target string) {
			run("duplicity", "restore", "--archive-dir", cache, "--numeric-owner", url, target)
		}}
}

// compare reports the duration of the product relative to the engine alone, with and without a separate file list, which the
// product makes itself.
func compare(b *testing.B, mine, hand *side) {
	b.Helper()
	for _, name := range []string{"full", "incremental", "restore"} {
		ours, theirs := mine.took[name], hand.took[name]
		b.ReportMetric(ours.seconds(), name+"_s")
		b.ReportMetric(ours.seconds()/theirs.seconds(), name+"/by_hand")
		b.ReportMetric(ours.cpu.Seconds()/theirs.cpu.Seconds(), name+"_cpu/by_hand")
		if list, backedUp := hand.took[name+withList]; backedUp {
			b.ReportMetric(ours.seconds()/(theirs.seconds()+list.seconds()), name+"/by_hand_with_list")
			b.ReportMetric(mine.took[name+engineAlone].seconds()/theirs.seconds(), name+"_engine/by_hand")
		}
	}
}

// BenchmarkSoftBackups compares the product with the engine alone, and the engines with each other, on the same data and
// storage.
func BenchmarkSoftBackups(b *testing.B) {
	if os.Getenv("MCM_BENCH_SLOW") == "" {
		b.Skip("MCM_BENCH_SLOW=1 runs it: it takes both processors for minutes")
	}
	incremental := map[backup.EngineName]float64{}
	for _, engine := range []backup.EngineName{backup.Restic, backup.Duplicity} {
		b.Run(string(engine), func(b *testing.B) {
			for b.Loop() {
				hand, mine := newSide(b, engine, (*lab).byHandOf), newSide(b, engine, (*lab).ours)
				hand.backUp("full")
				mine.backUp("full")
				hand.step("full"+withList, hand.list)
				inTurn := []*side{hand, mine, mine, hand} // alternates the order, because the second one runs with warm caches
				for _, s := range inTurn {
					soon()
					s.data.change()
					s.backUp("incremental")
				}
				hand.step("incremental"+withList, hand.list)
				for _, s := range inTurn {
					s.restoreAndCompare()
				}
				incremental[engine] = mine.took["incremental"].seconds()
				compare(b, mine, hand)
				b.ReportMetric(mine.stored(), "stored_MiB")
				b.ReportMetric(float64(mine.peak)/(1<<20), "peak_MiB")
				b.ReportMetric(float64(hand.peak)/(1<<20), "by_hand_peak_MiB")
			}
		})
	}
	b.Run("engines", func(b *testing.B) {
		for b.Loop() {
			b.ReportMetric(incremental[backup.Duplicity]/incremental[backup.Restic], "duplicity/restic_incremental")
		}
	})
}
