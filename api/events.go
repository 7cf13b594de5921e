package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/sse"

	"mycloudmanager/internal/app"
	"mycloudmanager/internal/openstack/identity"
	"mycloudmanager/internal/operation/task"
	"mycloudmanager/internal/stack"
)

const keepAliveInterval = 15 * time.Second

// TaskEvent is sent when a task changes.
type TaskEvent struct{ task.Task }

// AppEvent is sent when the health of an app changes.
type AppEvent struct {
	Name   string     `json:"name"`
	Health app.Health `json:"health"`
	Reason string     `json:"reason"`
	Since  *time.Time `json:"since" nullable:"true"`
}

// StackEvent is sent when the state of the stack changes.
type StackEvent struct {
	State  stack.State `json:"state"`
	Reason string      `json:"reason"`
	Task   string      `json:"task,omitempty"`
}

// KeepAlive is sent periodically to keep the connection open.
type KeepAlive struct {
	Time time.Time `json:"time"`
}

func (s *Server) eventRoutes(api huma.API) {
	task := huma.Operation{OperationID: "watchTask", Method: http.MethodGet, Path: "/tasks/{id}/events", Tags: []string{"Tasks"},
		Summary: "Stream a task (SSE)", Errors: []int{http.StatusNotFound}, Middlewares: huma.Middlewares{s.requireTask(api)}}
	prepare(&task, identity.Viewer)
	sse.Register(api, task, map[string]any{"task": TaskEvent{}, "ping": KeepAlive{}}, s.watchTask)
	all := huma.Operation{OperationID: "watchEvents", Method: http.MethodGet, Path: "/events", Tags: []string{"Service"},
		Summary: "Stream changes of tasks, apps and stack (SSE)"}
	prepare(&all, identity.Viewer)
	sse.Register(api, all, map[string]any{"task": TaskEvent{}, "app": AppEvent{}, "stack": StackEvent{}, "ping": KeepAlive{}}, s.watchEvents)
}

// InLanguage selects the language for clients that cannot send Accept-Language, such as a browser's EventSource. The
// middleware reads it.
type InLanguage struct {
	Lang string `query:"lang" maxLength:"16" doc:"overrides Accept-Language"`
}

type watchTask struct {
	ID string `path:"id" maxLength:"512"`
	// Each event carries the task's whole state, so a reader that reconnects needs only the newest.
	LastEventID string `header:"Last-Event-ID" maxLength:"64"`
	InLanguage
}

func (s *Server) watchTask(ctx context.Context, in *watchTask, send sse.Sender) {
	changes := s.Tasks.Watch(ctx, in.ID)
	ping := time.NewTicker(keepAliveInterval)
	defer ping.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case t, open := <-changes:
			if !open || send(sse.Message{ID: eventID(), Data: TaskEvent{t}}) != nil {
				return
			}
		case now := <-ping.C:
			if send.Data(KeepAlive{now.UTC()}) != nil {
				return
			}
		}
	}
}

// eventID increases with time on every replica.
func eventID() int { return int(time.Now().UnixMilli()) }

func (s *Server) watchEvents(ctx context.Context, _ *struct {
	LastEventID string `header:"Last-Event-ID" maxLength:"64"`
	InLanguage
}, send sse.Sender) {
	changes := s.Tasks.WatchAll(ctx)
	poll := time.NewTicker(healthInterval)
	defer poll.Stop()
	ping := time.NewTicker(keepAliveInterval)
	defer ping.Stop()
	last := &lastHealth{apps: map[string]app.Health{}}
	if send.Data(KeepAlive{time.Now().UTC()}) != nil { // confirms to the browser that the stream is open
		return
	}
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case t, open := <-changes:
			if !open {
				return
			}
			if err = send(sse.Message{ID: eventID(), Data: TaskEvent{t}}); err == nil && t.Status.Closed() {
				err = last.send(ctx, s, send)
			}
		case <-poll.C:
			err = last.send(ctx, s, send)
		case now := <-ping.C:
			err = send.Data(KeepAlive{now.UTC()})
		}
		if err != nil {
			return
		}
	}
}

// healthInterval is the interval at which each event stream polls the health of apps and stack. The readers cache, so
// all streams share one request.
const healthInterval = 2 * time.Second

// lastHealth is the state that was last sent to one stream.
type lastHealth struct {
	apps  map[string]app.Health
	stack stack.State
}

// send sends the changes since the previous call. A source that does not respond is polled again in the next interval.
func (h *lastHealth) send(ctx context.Context, s *Server, send sse.Sender) error {
	if list, err := s.Apps.List(ctx); err == nil {
		for _, a := range list {
			if h.apps[a.Name] == a.Health {
				continue
			}
			h.apps[a.Name] = a.Health
			if err := send(sse.Message{ID: eventID(), Data: AppEvent{a.Name, a.Health, a.Reason.For(ctx), a.Since}}); err != nil {
				return err
			}
		}
	}
	if st, err := s.Stacks.Get(ctx); err == nil && st.State != h.stack {
		h.stack = st.State
		return send(sse.Message{ID: eventID(), Data: StackEvent{st.State, st.Reason.For(ctx), st.Task}})
	}
	return nil
}
