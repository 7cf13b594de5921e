package task

import (
	"context"
	"time"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/operation/tasklog"
	"mycloudmanager/internal/platform/i18n"
)

// LogUpdate is an addition to the log of a task.
type LogUpdate struct {
	tasklog.Update
	IncompleteReason i18n.Message // reason why lines are missing, or "" if the log is complete
	Cursor           string       // argument of FollowLog to continue after this update
	Complete         bool         // the task has ended, and this is the last update
}

const (
	followInterval = 500 * time.Millisecond
	// endDelay is the time between the end of a task and the last update: the storage may not list the last segments yet.
	endDelay = 2 * time.Second
)

// FollowLog sends the updates of the log of a task after the cursor, starting with the current state. The channel is closed
// after the end of the task, when ctx is done, or if the task does not exist. If lines is false, the updates have only the
// number of lines, and no segment is read.
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
	missing  i18n.Message
	sent     bool // an update with the current value of missing was sent
	out      chan LogUpdate
}

// poll sends the new updates and reports whether more updates may follow. It ignores temporary errors, because the next
// call repeats the requests.
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
	ended := e.end != nil && time.Since(*e.end) > endDelay
	if !v.IncompleteReason.Equal(f.missing) {
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
