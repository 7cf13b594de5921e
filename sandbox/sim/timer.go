package sim

import (
	"container/heap"
	"time"
)

const timerKind = "sim/timers"

// timer is one future change of the cloud, persisted as a document until it is applied.
type timer struct {
	id string
	at time.Time
}

type timerQueue []timer

func (q timerQueue) Len() int           { return len(q) }
func (q timerQueue) Less(i, j int) bool { return q[i].at.Before(q[j].at) }
func (q timerQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push implements heap.Interface.
func (q *timerQueue) Push(x any) { *q = append(*q, x.(timer)) }

// Pop implements heap.Interface.
func (q *timerQueue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}

// Now returns the cloud's time: inside a timer the time at which the timer was due, so that a chain of timers
// keeps its intervals even if the process was down in between.
func (c *Cloud) Now() time.Time {
	if !c.now.IsZero() {
		return c.now
	}
	return time.Now()
}

// On registers the function of a timer. Names are persistent: they are in the database.
func (c *Cloud) On(name string, do func(args Document)) { c.timers[name] = do }

// After schedules a change d (divided by the speed) from now.
func (c *Cloud) After(d time.Duration, name string, args Document) {
	c.schedule(c.Now().Add(c.Scale(d)), name, args)
}

// Poll schedules the next pass of a controller d (divided by the speed) from now. A pass compares the wanted and
// the actual state, so a pass that is late replaces those that were missed: the next one is never in the past. With
// After, passes that take longer than d would delay each other without end, and settle would not return.
func (c *Cloud) Poll(d time.Duration, name string, args Document) {
	at, now := c.Now().Add(c.Scale(d)), time.Now()
	if at.Before(now) {
		at = now.Add(c.Scale(d))
	}
	c.schedule(at, name, args)
}

func (c *Cloud) schedule(at time.Time, name string, args Document) {
	id := UUID()
	c.store.put(timerKind, id, Document{"id": id, "name": name, "at": at.UnixNano(), "args": args})
	heap.Push(&c.due, timer{id, at})
	select {
	case c.planned <- struct{}{}:
	default: // it is already awake
	}
}

// Planned receives when a change was scheduled that may precede the next expected one.
func (c *Cloud) Planned() <-chan struct{} { return c.planned }

// Scale returns a duration at the cloud's speed.
func (c *Cloud) Scale(d time.Duration) time.Duration { return time.Duration(float64(d) / c.speed) }

func (c *Cloud) loadTimers() {
	c.due = nil
	for _, o := range c.store.all(timerKind) {
		heap.Push(&c.due, timer{Str(o, "id"), time.Unix(0, int64Of(o["at"]))})
	}
}

func int64Of(v any) int64 {
	switch n := v.(type) {
	case int64:
		return n
	case float64:
		return int64(n) // precision below a microsecond is lost, which is acceptable for a due time
	}
	return 0
}

// settle applies every due timer in order.
func (c *Cloud) settle() {
	for len(c.due) > 0 && !c.due[0].at.After(time.Now()) {
		t := heap.Pop(&c.due).(timer)
		o := c.store.get(timerKind, t.id)
		if o == nil {
			continue
		}
		c.store.remove(timerKind, t.id)
		if do := c.timers[Str(o, "name")]; do != nil {
			c.now = t.at
			args := Map(o, "args")
			do(args)
			c.now = time.Time{}
		}
	}
}

// Tick applies due timers without a request, so that watchers see the changes in time.
func (c *Cloud) Tick() { c.Locked(func() {}) }

// Next returns the time until the next timer, at most one second.
func (c *Cloud) Next() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.due) == 0 {
		return time.Second
	}
	return min(max(time.Until(c.due[0].at), time.Millisecond), time.Second)
}

// AdvanceAll applies every scheduled change immediately, including those that follow from it.
func (c *Cloud) AdvanceAll() {
	for len(c.due) > 0 {
		c.due[0].at = time.Now()
		heap.Fix(&c.due, 0)
		c.settle()
	}
}
