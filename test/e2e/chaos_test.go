package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/operation/temporal/temporaltest"
)

// chaosSpeed is the speed of the simulated cloud, high so that much happens between two kills.
const chaosSpeed = 20

// maxStall is the maximum time without progress after the last kill.
const maxStall = 30 * time.Second

// victim is a process that is killed at random moments, and the function that restarts it.
type victim struct {
	name string
	kill func(down time.Duration) error
}

// chaos kills processes at random moments while a user works with the product.
type chaos struct {
	apis    []*product // targets of the user's requests, in turn
	cloud   *product   // the product whose sandbox cloud is checked
	victims []victim
	kills   int
	seed    uint64
	random  *rand.Rand // of the killer
	who     *person
	spent   chan struct{} // closed when all kills are done

	mu        sync.Mutex
	struck    map[string]int
	last      time.Time // of the last kill, after the restart
	failed    error
	keys      int
	started   map[string]string // task id -> description
	blocked   int
	stall     time.Duration // longest time without progress after a kill
	stalled   string
	before    map[string]int
	since     time.Time
	earlier   int // number of preexisting tasks
	plan      plan
	protected []string // the instances of the plan
	soft      plan
	filed     string // the instance whose files are backed up
}

// chaosFor reads the number of kills and the seed; a seed makes a run reproducible.
func chaosFor(t *testing.T, kills int) *chaos {
	t.Helper()
	seed := uint64(time.Now().UnixNano()) % 1e6
	for name, set := range map[string]func(uint64){
		"MCM_CHAOS_KILLS": func(n uint64) { kills = int(n) },
		"MCM_CHAOS_SEED":  func(n uint64) { seed = n },
	} {
		if v := os.Getenv(name); v != "" {
			n, err := strconv.ParseUint(v, 10, 64)
			require.NoError(t, err, name)
			set(n)
		}
	}
	t.Logf("%d kills; again: MCM_CHAOS_SEED=%d", kills, seed)
	return &chaos{kills: kills, seed: seed, random: rand.New(rand.NewPCG(seed, seed)), spent: make(chan struct{}), struck: map[string]int{}, started: map[string]string{}}
}

// pause returns a random duration up to the limit.
func (c *chaos) pause(atLeast, limit time.Duration) time.Duration {
	return atLeast + time.Duration(c.random.Int64N(int64(limit-atLeast)))
}

// killer performs all kills in sequence, then closes spent.
func (c *chaos) killer(stop <-chan struct{}) {
	defer close(c.spent)
	for range c.kills {
		select {
		case <-stop:
			return
		case <-time.After(c.pause(500*time.Millisecond, 8*time.Second)):
		}
		v := c.victims[c.random.IntN(len(c.victims))]
		err := v.kill(c.pause(0, 2*time.Second))
		c.mu.Lock()
		c.struck[v.name]++
		c.last = time.Now()
		if err != nil {
			c.failed = fmt.Errorf("kill of %s: %w", v.name, err)
		}
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// killProduct kills a process and restarts it, as a service manager would.
func killProduct(t *testing.T, p *product) func(time.Duration) error {
	executable := temporaltest.Product(t)
	return func(down time.Duration) error {
		p.kill()
		time.Sleep(down)
		return p.spawn(executable)
	}
}

// killChild kills a process that its supervisor restarts.
func killChild(parent func() int, name string) func(time.Duration) error {
	return func(time.Duration) error {
		var err error
		for range 100 { // it may be starting
			var pid int
			if pid, err = childOf(parent(), name); err == nil {
				return syscall.Kill(pid, syscall.SIGKILL)
			}
			time.Sleep(100 * time.Millisecond)
		}
		return err
	}
}

// run repeats journeys until every kill is done, and checks the invariants after each.
func (c *chaos) run(t *testing.T) {
	t.Helper()
	began := time.Now()
	c.who = c.apis[0].signIn(t, "demo")
	c.protect(t)
	c.before, c.since = c.inventory(t), time.Now()
	c.earlier = len(c.listed(t, time.Time{}))
	stop := make(chan struct{})
	var killer sync.WaitGroup
	killer.Go(func() { c.killer(stop) })
	defer killer.Wait()
	defer close(stop)
	journeys := 0
	for done := false; !done; journeys++ {
		c.disturb(t)
		c.journey(t, journeys)
		c.backs(t)
		c.holds(t)
		select {
		case <-c.spent:
			done = true
		default:
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	require.NoError(t, c.failed)
	require.Less(t, c.stall, maxStall, "work goes on after a kill: %s", c.stalled)
	t.Logf("seed %d: kills %v, %d journeys, %d tasks, %d times blocked and retried, longest stand-still %s (%s), %s in all",
		c.seed, c.struck, journeys, len(c.started), c.blocked, c.stall.Round(100*time.Millisecond), c.stalled, time.Since(began).Round(time.Second))
}

// TestChaos kills processes at random moments. Every task of the main journey must succeed: none is lost,
// nothing is created twice or left behind. `make chaos` runs a hundred kills.
func TestChaos(t *testing.T) {
	t.Parallel()
	c := chaosFor(t, 6)
	p := newProduct(t)
	p.arguments = []string{"sandbox"}
	p.environment = []string{"MCM_SANDBOX_LISTEN=" + p.sandbox, "MCM_SANDBOX_SPEED=" + strconv.Itoa(chaosSpeed)}
	p.up(t)
	down := sync.OnceFunc(func() { p.down(t) })
	t.Cleanup(down)
	c.apis, c.cloud = []*product{p}, p
	c.victims = []victim{
		{"manager", killProduct(t, p)},
		{"mcm-temporal", killChild(func() int { return p.process.Process.Pid }, "mcm-temporal")},
	}
	c.run(t)
	down()
	replayOf(t, p, len(c.started))
}
