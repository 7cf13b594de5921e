package task

import (
	"context"
	"time"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation/tasklog"
)

// LogUpdate is what came to a task's log.
type LogUpdate struct {
	tasklog.Update
	IncompleteReason string // why lines of activities are not there, "" when all are
	Cursor           string // a reader that comes back goes on after it
	Complete         bool   // the task has ended, and this is the last that is told
}

const (
	followInterval = 500 * time.Millisecond
	// afterEnd is how long segments are waited for that the storage does not list yet.
	afterEnd = 2 * time.Second
)

// FollowLog tells what comes to a task's log after the cursor, beginning with how it stands. The channel closes after the
// task has ended, when it does not exist, and with ctx. Without lines only their number is told, and nothing is read.
func (s *Service) FollowLog(ctx context.Context, id, step, cursor string, lines bool) <-chan LogUpdate {
	f := &follower{service: s, id: id, step: step, lines: lines, cursor: tasklog.ParseCursor(cursor), out: make(chan LogUpdate)}
	go func() {
		defer close(f.out)
		for f.poll(ctx) {
			select {
			case <-time.After(followInterval):
			case <-ctx.Done():
				return
			}
		}
	}()
	return f.out
}

type follower struct {
	service  *Service
	id, step string
	lines    bool
	cursor   *tasklog.Cursor
	missing  string
	sent     bool // anything yet
	out      chan LogUpdate
}

// poll tells what is new and reports whether more may come. What does not answer now is asked again next time.
func (f *follower) poll(ctx context.Context) (more bool) {
	e, err := f.service.find(ctx, f.id)
	if fault.KindOf(err) == fault.NotFound {
		return false
	}
	if err != nil {
		return true
	}
	v, err := f.service.view(ctx, e, f.step)
	if err != nil {
		return true
	}
	ended := e.end != nil && time.Since(*e.end) > afterEnd
	if v.IncompleteReason != f.missing {
		f.missing, f.sent = v.IncompleteReason, false
	}
	for change, err := range v.Poll(ctx, f.cursor, f.lines) {
		if err != nil {
			return true
		}
		if !f.send(ctx, LogUpdate{Update: change}) {
			return false
		}
	}
	if ended || !f.sent {
		return f.send(ctx, LogUpdate{Update: tasklog.Update{Total: v.Total, Errors: v.Errors, ResetFrom: v.Total}, Complete: ended}) && !ended
	}
	return true
}

func (f *follower) send(ctx context.Context, c LogUpdate) bool {
	c.Cursor, c.IncompleteReason = f.cursor.String(), f.missing
	select {
	case f.out <- c:
		f.sent = true
		return true
	case <-ctx.Done():
		return false
	}
}
