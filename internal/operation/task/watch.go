package task

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation"
)

const (
	watchInterval = 400 * time.Millisecond
	watchOverlap  = 10 * time.Second // visibility may show an end late
	openTasks     = 200              // number of running tasks that are followed
)

// Watch sends the task after each change, beginning with its current state. The channel closes after the task has ended,
// if it does not exist, and with ctx.
func (s *Service) Watch(ctx context.Context, id string) <-chan Task {
	out := make(chan Task)
	go func() {
		defer close(out)
		tick := time.NewTicker(watchInterval)
		defer tick.Stop()
		last := ""
		for {
			t, err := s.Get(ctx, id)
			if fault.KindOf(err) == fault.NotFound {
				return
			}
			if now := print(t); err == nil && now != last {
				last = now
				select {
				case out <- t:
				case <-ctx.Done():
					return
				}
			}
			if err == nil && t.Status.Closed() {
				return
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// print returns a string that is equal for tasks with equal contents.
func print(t Task) string {
	b, err := json.Marshal(t)
	if err != nil {
		return ""
	}
	return string(b)
}

// watchHub shares one poll of Temporal among all watchers.
type watchHub struct {
	mu       sync.Mutex
	watchers map[chan update]struct{}
}

type update struct {
	execution *execution
	progress  *operation.Progress
}

// WatchAll sends every task that changes, from now on, until ctx ends.
func (s *Service) WatchAll(ctx context.Context) <-chan Task {
	out, in := make(chan Task), make(chan update, 64)
	s.hub.mu.Lock()
	if s.hub.watchers == nil {
		s.hub.watchers = map[chan update]struct{}{}
	}
	s.hub.watchers[in] = struct{}{}
	if len(s.hub.watchers) == 1 {
		go s.follow() //nolint:contextcheck // shared by all watchers: it ends with the last one
	}
	s.hub.mu.Unlock()
	go func() {
		defer close(out)
		defer func() {
			s.hub.mu.Lock()
			delete(s.hub.watchers, in)
			s.hub.mu.Unlock()
		}()
		for {
			select {
			case <-ctx.Done():
				return
			case c := <-in:
				select {
				case out <- s.task(ctx, c.execution, c.progress):
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return out
}

// follow polls Temporal while there are watchers.
func (s *Service) follow() {
	known, first := map[string]string{}, true
	for {
		s.hub.mu.Lock()
		watched := len(s.hub.watchers) > 0
		s.hub.mu.Unlock()
		if !watched {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		changes, err := s.changes(ctx, known)
		cancel()
		if err == nil && !first {
			s.publish(changes)
		}
		first = first && err != nil
		time.Sleep(watchInterval)
	}
}

// changes returns the tasks that differ from the previous poll.
func (s *Service) changes(ctx context.Context, known map[string]string) ([]update, error) {
	open, err := s.rows(ctx, "ExecutionStatus = 'Running' AND "+operationsQuery, openTasks)
	if err != nil {
		return nil, err
	}
	since := time.Now().Add(-watchOverlap).UTC().Format(time.RFC3339Nano)
	closed, err := s.rows(ctx, "CloseTime >= '"+since+"' AND "+operationsQuery, openTasks)
	if err != nil {
		return nil, err
	}
	var out []update
	there := map[string]bool{}
	for _, e := range append(open, closed...) {
		there[e.runID] = true
		p := e.progress
		if e.end == nil {
			if d, err := s.describe(ctx, e.workflowID, e.runID); err == nil {
				e = d
			}
			p = s.progress(ctx, e)
		}
		if now := print(s.task(ctx, e, p)); known[e.runID] != now {
			known[e.runID] = now
			out = append(out, update{e, p})
		}
	}
	for run := range known {
		if !there[run] {
			delete(known, run)
		}
	}
	return out, nil
}

// publish drops a change that a slow watcher does not read: the next change contains the complete task.
func (s *Service) publish(changes []update) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	for w := range s.hub.watchers {
		for _, c := range changes {
			select {
			case w <- c:
			default:
			}
		}
	}
}
