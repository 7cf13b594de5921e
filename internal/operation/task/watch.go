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
	watchOverlap  = 10 * time.Second // maximum delay with which the visibility store shows the end of a task
	openTasks     = 200              // maximum number of running tasks that are watched
)

// Watch sends the task after each change, starting with the current state. The channel is closed after the end of the
// task, when ctx is done, or if the task does not exist.
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
			if now := fingerprint(t); err == nil && now != last {
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

// fingerprint returns a string that is equal for equal tasks.
func fingerprint(t Task) string {
	b, err := json.Marshal(t)
	if err != nil {
		return ""
	}
	return string(b)
}

// watchHub distributes the changes that one poller finds to all watchers.
type watchHub struct {
	mu       sync.Mutex
	watchers map[chan update]struct{}
}

type update struct {
	execution *execution
	progress  *operation.Progress
}

// WatchAll sends every task that changes from now on, until ctx is done.
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

// follow polls Temporal while listed are watchers.
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

// changes returns the tasks that have changed since the previous call. known has the fingerprints of the previous call, by
// run ID; changes updates it.
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
	listed := map[string]bool{}
	for _, e := range append(open, closed...) {
		listed[e.runID] = true
		p := e.progress
		if e.end == nil {
			if d, err := s.describe(ctx, e.workflowID, e.runID); err == nil {
				e = d
			}
			p = s.progress(ctx, e)
		}
		if now := fingerprint(s.task(ctx, e, p)); known[e.runID] != now {
			known[e.runID] = now
			out = append(out, update{e, p})
		}
	}
	for run := range known {
		if !listed[run] {
			delete(known, run)
		}
	}
	return out, nil
}

// publish sends the changes to all watchers. If a watcher is slow, publish drops the change: the next change of the task
// contains the complete task.
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
