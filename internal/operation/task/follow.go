package task

import (
	"context"
	"time"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation/tasklog"
)

// LogUpdate is an addition to the log of a task.
type LogUpdate struct {
	tasklog.Update
	IncompleteReason string // why lines of activities are missing; "" if the log is complete
	Cursor           string // position after this update, for FollowLog
	Complete         bool   // the task has ended, and this is the last update
}

const (
	followInterval = 500 * time.Millisecond
	// afterEnd is the time that FollowLog waits for segments that the storage does not list yet.
	afterEnd = 2 * time.Second
)

// FollowLog sends the additions to the log of a task after the cursor, beginning with its current length. The channel
// closes after the task has ended, if it does not exist, and with ctx. Without lines, only the number of lines is sent,
// and no segment is read.
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
	sent     bool // an update was sent
	out      chan LogUpdate
}

// poll sends the additions, and reports whether more may follow. It ignores errors of services: the next call repeats
// the request.
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
