package sim_test

import (
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/sandbox/sim"
)

// open returns an empty cloud without services.
func open(t *testing.T, speed float64) *sim.Cloud {
	t.Helper()
	c, err := sim.Open(t.TempDir(), speed, slog.New(slog.NewTextHandler(io.Discard, nil)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// On a busy machine one pass of the controllers takes longer than the interval between two passes. A request must
// still get the lock.
func TestPoll_SlowPassesDoNotHoldTheLock(t *testing.T) {
	c := open(t, 200)
	passes := 0
	c.On("slow", func(sim.Document) {
		passes++
		time.Sleep(5 * time.Millisecond)
		if passes < 100 {
			c.Poll(300*time.Millisecond, "slow", sim.Document{})
		}
	})
	require.NoError(t, c.Start(func() error { return nil }))
	c.Locked(func() { c.Poll(0, "slow", sim.Document{}) })
	time.Sleep(50 * time.Millisecond)
	before := passes
	c.Locked(func() { require.LessOrEqual(t, passes-before, 2) })
	require.NotZero(t, passes)
}

// A chain of changes keeps its intervals when nobody asks in between.
func TestAfter_ChainKeepsItsIntervals(t *testing.T) {
	c := open(t, 1)
	var at []time.Time
	c.On("step", func(sim.Document) {
		at = append(at, c.Now())
		if len(at) < 3 {
			c.After(10*time.Millisecond, "step", sim.Document{})
		}
	})
	require.NoError(t, c.Start(func() error { return nil }))
	c.Locked(func() { c.After(10*time.Millisecond, "step", sim.Document{}) })
	time.Sleep(60 * time.Millisecond)
	c.Tick()
	require.Len(t, at, 3)
	require.Equal(t, 10*time.Millisecond, at[1].Sub(at[0]))
	require.Equal(t, 10*time.Millisecond, at[2].Sub(at[1]))
}
