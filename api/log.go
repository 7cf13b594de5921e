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
	Position int `json:"position" doc:"place in the log, or in that of the step; it may still grow while the task is running"`
	tasklog.Line
}

// LogPage is a part of a task's log.
type LogPage struct {
	Items            []LogLine `json:"items"`
	Total            int       `json:"total" doc:"lines of the log"`
	Errors           int       `json:"errors" doc:"lines of level error"`
	Next             *int      `json:"next" nullable:"true" doc:"where to go on; null when all was looked at"`
	IncompleteReason string    `json:"incomplete_reason" doc:"why lines that activities wrote are not there; empty when all are"`
}

func (s *Server) logRoutes(api huma.API) {
	tags := []string{"Tasks"}
	handle(api, identity.Viewer, huma.Operation{OperationID: "getTaskLog", Method: http.MethodGet, Path: "/tasks/{id}/log", Tags: tags,
		Summary: "The whole log of a task", Errors: []int{http.StatusNotFound}}, s.getTaskLog)
	handle(api, identity.Viewer, huma.Operation{OperationID: "listTaskLog", Method: http.MethodGet, Path: "/tasks/{id}/log/lines", Tags: tags,
		Summary: "A part of a task's log, or what is searched in it", Errors: []int{http.StatusNotFound}}, s.listTaskLog)
	stream(api, identity.Viewer, huma.Operation{OperationID: "followTaskLog", Method: http.MethodGet, Path: "/tasks/{id}/log/events", Tags: tags,
		Summary: "A task's log as it grows (server-sent events)"}, map[string]any{"log": LogEvent{}, "ping": KeepAlive{}}, s.followTaskLog)
}

// LogQuery selects lines.
type LogQuery struct {
	ID    string `path:"id" maxLength:"512"`
	Step  string `query:"step" maxLength:"64" doc:"lines of this step only"`
	Text  string `query:"q" maxLength:"256" doc:"lines that have this in message, host or playbook task, whatever its case"`
	Level string `query:"level" enum:"info,warning,error" doc:"lines of this level only"`
	From  int    `query:"from" doc:"position of the first line that is looked at; below 0 it counts from the end"`
}

func (q LogQuery) query(ahead int) tasklog.Query {
	return tasklog.Query{From: q.From, Text: q.Text, Level: q.Level, Prefetch: ahead}
}

// searchTimeout bounds one search: it says where to go on, so that a reader of a long log sees what was found so far.
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
	page := LogPage{Items: []LogLine{}, Total: v.Total, Errors: v.Errors, IncompleteReason: i18n.Translate(ctx, v.IncompleteReason)}
	for _, e := range found.Items {
		page.Items = append(page.Items, LogLine{e.Position, e.Line})
	}
	if found.Next >= 0 {
		page.Next = &found.Next
	}
	return &struct{ Body LogPage }{page}, nil
}

// How many parts of a log are fetched before they are asked for.
const (
	pageAhead  = 1
	wholeAhead = 6
)

func (s *Server) getTaskLog(ctx context.Context, in *struct {
	LogQuery
	Format string `query:"format" enum:"text,jsonl" default:"text"`
	Limit  int    `query:"limit" minimum:"0" doc:"0: all"`
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
		defer w.Flush() //nolint:errcheck // the reader may be gone
		writeLog(ctx, w, v, in.query(wholeAhead), in.Limit, write)
	}}, nil
}

// writeLog writes line by line. Where it cannot go on, or lines are missing, its last line says why.
func writeLog(ctx context.Context, w io.Writer, v *tasklog.View, q tasklog.Query, limit int, write func(io.Writer, LogLine) error) {
	missing, written := v.IncompleteReason, 0
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
		last := tasklog.Line{Time: time.Now().UTC(), Level: tasklog.Warning, Message: fmt.Sprintf("lines are missing here: %s", missing)}
		last.Message = i18n.Translate(ctx, last.Message)
		_ = write(w, LogLine{v.Total, last})
	}
}

// problemDetail is what a problem would say where the answer has begun.
func problemDetail(ctx context.Context, err error) string {
	if p, ok := errors.AsType[*Problem](problemOf(ctx, err)); ok {
		return p.Detail
	}
	return fault.MessageOf(err)
}

func writeJSON(w io.Writer, l LogLine) error { return json.NewEncoder(w).Encode(l) }

func writeText(w io.Writer, l LogLine) error {
	_, err := fmt.Fprintln(w, l.Line)
	return err
}

// LogEvent is what came to a task's log.
type LogEvent struct {
	Total            int            `json:"total" doc:"lines of the log now"`
	Errors           int            `json:"errors" doc:"lines of level error"`
	ResetFrom        int            `json:"reset_from" doc:"from this position on the log is not what it was: what was read of it is to be read anew"`
	Lines            []tasklog.Line `json:"lines" doc:"the new lines in the order of time; empty when they were not asked for"`
	IncompleteReason string         `json:"incomplete_reason" doc:"why lines that activities wrote are not there; empty when all are"`
	Complete         bool           `json:"complete" doc:"the task has ended: nothing comes after this"`
}

type followTaskLog struct {
	ID          string `path:"id" maxLength:"512"`
	Step        string `query:"step" maxLength:"64" doc:"lines of this step only"`
	Lines       bool   `query:"lines" default:"true" doc:"false: tell only that there is something new"`
	LastEventID string `header:"Last-Event-ID" maxLength:"8192" doc:"go on after this event"`
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
			if !open || send(c.Cursor, LogEvent{c.Total, c.Errors, c.ResetFrom, append([]tasklog.Line{}, c.Lines...), i18n.Translate(ctx, c.IncompleteReason), c.Complete}) != nil {
				return
			}
		case now := <-ping.C:
			if send("", KeepAlive{now.UTC()}) != nil {
				return
			}
		}
	}
}
