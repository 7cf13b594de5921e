package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/openstack/identity"
	"mycloudmanager/internal/operation/tasklog"
	"mycloudmanager/internal/platform/i18n"
)

// LogLine is one line of a task's log.
type LogLine struct {
	Position int `json:"position" doc:"position in the log, or in the log of the step; it may increase while the task is running"`
	tasklog.Line
}

// LogPage is one page of a task's log.
type LogPage struct {
	Items            []LogLine `json:"items"`
	Total            int       `json:"total" doc:"number of lines in the log"`
	Errors           int       `json:"errors" doc:"number of lines of level error"`
	Next             *int      `json:"next" nullable:"true" doc:"position of the next page; null after the last"`
	IncompleteReason string    `json:"incomplete_reason" doc:"why lines are missing; empty if the log is complete"`
}

func (s *Server) logRoutes(api huma.API) {
	tags := []string{"Tasks"}
	handle(api, identity.Viewer, huma.Operation{OperationID: "getTaskLog", Method: http.MethodGet, Path: "/tasks/{id}/log", Tags: tags,
		Summary: "Download a task's log", Errors: []int{http.StatusNotFound}}, s.getTaskLog)
	handle(api, identity.Viewer, huma.Operation{OperationID: "listTaskLog", Method: http.MethodGet, Path: "/tasks/{id}/log/lines", Tags: tags,
		Summary: "Page or search a task's log", Errors: []int{http.StatusNotFound}}, s.listTaskLog)
	stream(api, identity.Viewer, huma.Operation{OperationID: "followTaskLog", Method: http.MethodGet, Path: "/tasks/{id}/log/events", Tags: tags,
		Summary: "Stream a task's log (SSE)", Errors: []int{http.StatusNotFound}, Middlewares: huma.Middlewares{s.requireTask(api)}}, map[string]any{"log": LogEvent{}, "ping": KeepAlive{}}, s.followTaskLog)
}

// LogQuery selects lines.
type LogQuery struct {
	ID    string `path:"id" maxLength:"512"`
	Step  string `query:"step" maxLength:"64" doc:"only lines of this step"`
	Text  string `query:"q" maxLength:"256" doc:"text to find in message, host or playbook task, ignoring case"`
	Level string `query:"level" enum:"info,warning,error" doc:"only lines of this level"`
	From  int    `query:"from" doc:"position of the first line; negative values count from the end"`
}

func (q LogQuery) query(ahead int) tasklog.Query {
	return tasklog.Query{From: q.From, Text: q.Text, Level: q.Level, Prefetch: ahead}
}

// searchTimeout bounds one search. The page then has the position to continue at, so that the reader of a long log sees
// the lines found so far.
const searchTimeout = 5 * time.Second

func (s *Server) listTaskLog(ctx context.Context, in *struct {
	LogQuery
	Limit int `query:"limit" minimum:"0" maximum:"1000" default:"200"`
}) (*struct{ Body LogPage }, error) {
	v, err := s.Tasks.Log(ctx, in.ID, in.Step)
	if err != nil {
		return nil, err
	}
	found, err := v.Page(ctx, in.query(pageAhead), in.Limit, searchTimeout)
	if err != nil {
		return nil, err
	}
	page := LogPage{Items: []LogLine{}, Total: v.Total, Errors: v.Errors, IncompleteReason: v.IncompleteReason.For(ctx)}
	for _, e := range found.Items {
		page.Items = append(page.Items, LogLine{e.Position, e.Line})
	}
	if found.Next >= 0 {
		page.Next = &found.Next
	}
	return &struct{ Body LogPage }{page}, nil
}

// How many log segments are prefetched.
const (
	pageAhead  = 1
	wholeAhead = 6
)

func (s *Server) getTaskLog(ctx context.Context, in *struct {
	LogQuery
	Format string `query:"format" enum:"text,jsonl" default:"text"`
	Limit  int    `query:"limit" minimum:"0" doc:"maximum number of lines; 0: all"`
}) (*huma.StreamResponse, error) {
	v, err := s.Tasks.Log(ctx, in.ID, in.Step)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(out huma.Context) {
		write := writeText
		if in.Format == "jsonl" {
			out.SetHeader("Content-Type", "application/jsonl")
			write = writeJSON
		} else {
			out.SetHeader("Content-Type", "text/plain; charset=utf-8")
		}
		w := bufio.NewWriterSize(out.BodyWriter(), 64<<10)
		defer w.Flush() //nolint:errcheck // the client may have disconnected
		writeLog(ctx, w, v, in.query(wholeAhead), in.Limit, write)
	}}, nil
}

// writeLog writes line by line. If it cannot continue, or if lines are missing, the last line states the reason.
func writeLog(ctx context.Context, w io.Writer, v *tasklog.View, q tasklog.Query, limit int, write func(io.Writer, LogLine) error) {
	missing, written := v.IncompleteReason.For(ctx), 0
	for e, err := range v.Lines(ctx, q) {
		if err != nil {
			missing = problemDetail(ctx, err)
			break
		}
		if write(w, LogLine{e.Position, e.Line}) != nil {
			return
		}
		if written++; written == limit {
			return
		}
	}
	if missing != "" {
		last := tasklog.Line{Time: time.Now().UTC(), Level: tasklog.Warning, Message: i18n.Messagef("lines are missing here: %s", missing).For(ctx)}
		_ = write(w, LogLine{v.Total, last})
	}
}

// problemDetail returns the detail of a problem, for errors that occur after the response has begun.
func problemDetail(ctx context.Context, err error) string {
	if p, ok := errors.AsType[*Problem](problemOf(ctx, err)); ok {
		return p.Detail.String()
	}
	return fault.MessageOf(err).For(ctx)
}

func writeJSON(w io.Writer, l LogLine) error { return json.NewEncoder(w).Encode(l) }

func writeText(w io.Writer, l LogLine) error {
	_, err := fmt.Fprintln(w, l.Line)
	return err
}

// LogEvent reports new lines of a task's log.
type LogEvent struct {
	Total            int            `json:"total" doc:"current number of lines in the log"`
	Errors           int            `json:"errors" doc:"number of lines of level error"`
	ResetFrom        int            `json:"reset_from" doc:"lines from this position on have changed: read them again"`
	Lines            []tasklog.Line `json:"lines" doc:"the new lines in chronological order; empty if lines is false"`
	IncompleteReason string         `json:"incomplete_reason" doc:"why lines are missing; empty if the log is complete"`
	Complete         bool           `json:"complete" doc:"the task has ended: this is the last event"`
}

type followTaskLog struct {
	ID          string `path:"id" maxLength:"512"`
	Step        string `query:"step" maxLength:"64" doc:"only lines of this step"`
	Lines       bool   `query:"lines" default:"true" doc:"false: send only the counters"`
	LastEventID string `header:"Last-Event-ID" maxLength:"8192" doc:"resume after this event"`
	InLanguage
}

func (s *Server) followTaskLog(ctx context.Context, in *followTaskLog, send sendEvent) {
	changes := s.Tasks.FollowLog(ctx, in.ID, in.Step, in.LastEventID, in.Lines)
	ping := time.NewTicker(keepAliveInterval)
	defer ping.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case c, open := <-changes:
			if !open || send(c.Cursor, LogEvent{c.Total, c.Errors, c.ResetFrom, append([]tasklog.Line{}, c.Lines...), c.IncompleteReason.For(ctx), c.Complete}) != nil {
				return
			}
		case now := <-ping.C:
			if send("", KeepAlive{now.UTC()}) != nil {
				return
			}
		}
	}
}
