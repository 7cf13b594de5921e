package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"time"

	"github.com/tmaxmax/go-sse"
)

const (
	reconnectInterval = 500 * time.Millisecond
	maxEventBytes     = 16 << 20
)

// Event is one server-sent event.
type Event struct {
	ID   string
	Name string // task, app, stack, log, or ping, which keeps the connection open
	Data json.RawMessage
}

// WatchEvents returns changes of the stack (data: StackStateEvent), of apps (AppHealthEvent) and of tasks (TaskEvent) until ctx
// is cancelled. A stream that breaks is opened again after the last event.
func (c *Client) WatchEvents(ctx context.Context) iter.Seq2[Event, error] {
	return c.stream(ctx, call{method: http.MethodGet, path: "/events"})
}

// WatchTask returns the task after each change, until it is closed.
func (c *Client) WatchTask(ctx context.Context, id string) iter.Seq2[Task, error] {
	in := call{method: http.MethodGet, path: path("tasks", id, "events")}
	return decoded(c.stream(ctx, in), "task", func(t Task) bool { return t.Status.Closed() })
}

// FollowTaskLog returns the lines of the log of a task in groups, until the task is closed. Each line is returned once, also
// when the manager restarts.
func (c *Client) FollowTaskLog(ctx context.Context, id string, query FollowTaskLogParams) iter.Seq2[LogEvent, error] {
	in := call{method: http.MethodGet, path: path("tasks", id, "log", "events"), query: query}
	return decoded(c.stream(ctx, in), "log", func(e LogEvent) bool { return e.Complete })
}

// decoded decodes the events of one name, and ends the sequence after the last one.
func decoded[T any](events iter.Seq2[Event, error], name string, last func(T) bool) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for e, err := range events {
			var out T
			if err == nil && e.Name != name {
				continue
			}
			if err == nil {
				err = json.Unmarshal(e.Data, &out)
			}
			if !yield(out, err) || err != nil || last(out) {
				return
			}
		}
	}
}

// stream opens a stream, and opens it again after the last event when it breaks or the manager is unavailable.
func (c *Client) stream(ctx context.Context, in call) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		last := ""
		for {
			more, err := c.read(ctx, in, &last, yield)
			if !more {
				return
			}
			var problem *Problem
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			if ctx.Err() != nil || errors.As(err, &problem) && problem.Status < http.StatusInternalServerError {
				yield(Event{}, err)
				return
			}
			select {
			case <-ctx.Done():
			case <-time.After(reconnectInterval):
			}
		}
	}
}

// read returns the events of one response. more is false when the consumer has ended the sequence.
func (c *Client) read(ctx context.Context, in call, last *string, yield func(Event, error) bool) (more bool, err error) {
	in.header = http.Header{"Last-Event-Id": {*last}}
	response, err := c.send(ctx, in)
	if err != nil {
		return true, err
	}
	defer response.Body.Close() //nolint:errcheck // the body was read
	for e, err := range sse.Read(response.Body, &sse.ReadConfig{MaxEventSize: maxEventBytes}) {
		if err != nil {
			return true, err
		}
		if e.Data == "" || !json.Valid([]byte(e.Data)) {
			continue // the connection broke within this event: the next one sends it again
		}
		*last = e.LastEventID
		if !yield(Event{ID: e.LastEventID, Name: e.Type, Data: json.RawMessage(e.Data)}, nil) {
			return false, nil
		}
	}
	return true, nil
}
