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

// way is one way of backing up.
type way struct {
	container string
	backup    func(task string)
	restore   func(target string)
	list      func()               // all files of the last backup, where a backup does not bring that itself
	ran       func() time.Duration // how long the engine ran in the last backup, where that is not all
}

// side is a way at work on data of its own, the same for each when the dice are.
type side struct {
	*lab
	way
	b     *testing.B
	data  *bulk
	took  map[string]cost // of each step, each time that it was made
	peak  int64
	tasks int
}

// cost is what a step took: on a busy machine the second says more.
type cost struct {
	wall  time.Duration
	cpu   time.Duration // of the engine, and of this process: the storage, and for ours the door and the list of files
	times int
}

func (c cost) seconds() float64 { return c.wall.Seconds() / float64(c.times) }

func newSide(b *testing.B, engine backup.EngineName, of func(*lab, *testing.B, backup.EngineName) way) *side {
	b.Helper()
	s := &side{lab: newLabOf(b), b: b, took: map[string]cost{}}
	s.host.theirs(b)
	s.way = of(s.lab, b, engine)
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
	s.host.calls.Wait() // what a program took is known when it has ended
	s.add(name, wall, spent(s.b)-cpu)
}

func (s *side) add(name string, wall, cpu time.Duration) {
	c := s.took[name]
	s.took[name] = cost{c.wall + wall, c.cpu + cpu, c.times + 1}
}

// backUp backs up once more, and takes apart how long the engine itself ran.
func (s *side) backUp(name string) {
	s.b.Helper()
	s.tasks++
	s.step(name, func() { s.way.backup(fmt.Sprintf("run~%d", s.tasks)) })
	if s.ran != nil {
		s.add(name+engineAlone, s.ran(), 0)
	}
}

// Steps that are part of others, or come with them.
const (
	engineAlone = "_engine"
	withList    = "_list"
)

// spent is the CPU time of this process and of those that it has waited for.
func spent(tb testing.TB) (sum time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var used syscall.Rusage
		require.NoError(tb, syscall.Getrusage(who, &used))
		sum += time.Duration(used.Utime.Nano() + used.Stime.Nano())
	}
	return sum
}

// bringBack restores and compares.
func (s *side) bringBack() {
	target := filepath.Join(s.host.dir, "back")
	s.step("restore", func() { s.way.restore(target) })
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
	l.rules = backup.FileOptions{Engine: engine}
	var made []backup.Backup
	return way{container: backup.ContainerOf(instance, engine),
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

// byHandOf is the same engine with the same choices, as one would type it on the instance.
func (l *lab) byHandOf(b *testing.B, engine backup.EngineName) way {
	store, err := l.Cloud.Objects(b.Context())
	require.NoError(b, err)
	container := "by-hand-" + string(engine)
	require.NoError(b, store.ContainerCreate(b.Context(), container, nil))
	env := append(os.Environ(), "HOME="+l.host.dir, "OS_STORAGE_URL="+store.StorageUrl, "OS_AUTH_TOKEN="+store.AuthToken, "SWIFT_PREAUTHURL="+store.StorageUrl,
		"SWIFT_PREAUTHTOKEN="+store.AuthToken, "PASSPHRASE=secret", "RESTIC_PASSWORD=secret", "RESTIC_REPOSITORY=swift:"+container+":/", "LC_ALL=C.UTF-8")
	run := func(name string, args ...string) {
		cmd := exec.Command("nice", append([]string{"-n", "10", name}, args...)...) // as ours: on a busy machine it matters
		cmd.Env = env
		out, err := cmd.CombinedOutput()
		require.NoError(b, err, "%s", out)
	}
	if engine == backup.Restic {
		first := sync.OnceFunc(func() { run("restic", "init") })
		return way{container: container,
			backup:  func(string) { first(); run("restic", "backup", l.data) },
			list:    func() { run("restic", "ls", "--json", "latest") },
			restore: func(target string) { run("restic", "restore", "latest", "--verify", "--target", target) }}
	}
	url, cache := "swift://"+container+"/p1", filepath.Join(l.host.dir, "cache")
	return way{container: container,
		backup: func(string) {
			run("duplicity", "--archive-dir", cache, "--volsize", "100", "--full-if-older-than", "30D", "--include", l.data, "--exclude", "**", "/", url)
		},
		list: func() { run("duplicity", "list-current-files", "--archive-dir", cache, url) },
		restore: func(target string) {
			run("duplicity", "restore", "--archive-dir", cache, "--numeric-owner", url, target)
		}}
}

// compare tells how long the product takes over the engine by hand: for what was asked, for that with the list of the files, which
// the product makes and by hand has to be asked for, and until the backup is stored.
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

// The product's path against the engine alone, and one engine against the other, on the same data and storage.
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
				inTurn := []*side{hand, mine, mine, hand} // whoever is second finds the machine warm
				for _, s := range inTurn {
					soon()
					s.data.change()
					s.backUp("incremental")
				}
				hand.step("incremental"+withList, hand.list)
				for _, s := range inTurn {
					s.bringBack()
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
