package task

import (
	"context"
	"time"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation/tasklog"
)

// LogChange is what came to a task's log.
type LogChange struct {
	tasklog.Change
	Missing string // why lines of activities are not there, "" when all are
	Cursor  string // a reader that comes back goes on after it
	Ended   bool   // the task has ended, and this is the last that is told
}

const (
	followEvery = 500 * time.Millisecond
	// afterEnd is how long segments are waited for that the storage does not list yet.
	afterEnd = 2 * time.Second
)

// FollowLog tells what comes to a task's log after the cursor, beginning with how it stands. The channel closes after the
// task has ended, when it does not exist, and with ctx. Without lines only their number is told, and nothing is read.
func (s *Service) FollowLog(ctx context.Context, id, step, cursor string, lines bool) <-chan LogChange {
	f := &follower{service: s, id: id, step: step, lines: lines, cursor: tasklog.ParseCursor(cursor), out: make(chan LogChange)}
	go func() {
		defer close(f.out)
		for f.look(ctx) {
			select {
			case <-time.After(followEvery):
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
	told     bool // anything yet
	out      chan LogChange
}

// look tells what is new and reports whether more may come. What does not answer now is asked again next time.
func (f *follower) look(ctx context.Context) (more bool) {
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
	if v.Missing != f.missing {
		f.missing, f.told = v.Missing, false
	}
	for change, err := range v.News(ctx, f.cursor, f.lines) {
		if err != nil {
			return true
		}
		if !f.send(ctx, LogChange{Change: change}) {
			return false
		}
	}
	if ended || !f.told {
		return f.send(ctx, LogChange{Change: tasklog.Change{Total: v.Total, Errors: v.Errors, From: v.Total}, Ended: ended}) && !ended
	}
	return true
}

func (f *follower) send(ctx context.Context, c LogChange) bool {
	c.Cursor, c.Missing = f.cursor.String(), f.missing
	select {
	case f.out <- c:
		f.told = true
		return true
	case <-ctx.Done():
		return false
	}
}
