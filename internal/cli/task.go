package cli

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/task"
)

func (s *session) task() *cobra.Command {
	return group("task", "Follow and control tasks",
		s.taskList(),
		s.watching(s.run("show ID", "Show a task with its steps", cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
			t, err := c.task(ctx, args[0])
			if err != nil {
				return err
			}
			return s.printTask(out, t)
		})),
		s.waiting(s.run("cancel ID", "Cancel a task and roll its changes back", cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
			return s.start(ctx, c, out, http.MethodPost, "/tasks/"+url.PathEscape(args[0])+"/cancel", nil)
		})),
		s.waiting(s.run("retry ID", "Continue a blocked task, or run a failed task again", cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
			return s.start(ctx, c, out, http.MethodPost, "/tasks/"+url.PathEscape(args[0])+"/retry", nil)
		})),
		s.run("wait ID", "Wait for a task to finish", cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
			t, err := c.task(ctx, args[0])
			if err != nil {
				return err
			}
			return s.follow(ctx, c, out, t)
		}),
		s.taskLogs(),
	)
}

func (s *session) taskList() *cobra.Command {
	query := url.Values{}
	cmd := s.run("list", "List tasks, running ones first", cobra.NoArgs, func(ctx context.Context, c *client, out io.Writer, _ []string) error {
		var page task.Page
		if err := c.do(ctx, http.MethodGet, "/tasks?"+query.Encode(), nil, &page); err != nil {
			return err
		}
		return s.print(out, page, func(t *table) {
			t.kind, t.header, t.wide = "task", []string{"ID", "TITLE", "STATUS", "STARTED", "ACTOR", "MESSAGE", "OPERATION", "VIA"}, 2
			for _, task := range page.Items {
				t.add(task.ID, task.ID, task.Title, task.Status, task.StartedAt.Local().Format(time.DateTime), task.Actor.Name, task.Message, task.Operation, task.Via)
			}
		})
	})
	for _, name := range []string{"status", "operation", "target", "actor"} {
		cmd.Flags().Func(name, "only tasks with this "+name, func(v string) error {
			query.Set(name, v)
			return nil
		})
	}
	return s.watching(cmd)
}

func (c *client) task(ctx context.Context, id string) (task.Task, error) {
	var t task.Task
	err := c.do(ctx, http.MethodGet, "/tasks/"+url.PathEscape(id), nil, &t)
	return t, err
}

// waiting adds --wait to a command that starts a task.
func (s *session) waiting(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().BoolVar(&s.wait, "wait", false, "wait for the task to finish; the exit code is its outcome")
	return cmd
}

// start sends a request whose response is a task, and waits for the task when --wait is given.
func (s *session) start(ctx context.Context, c *client, out io.Writer, method, path string, body any) error {
	var t task.Task
	if err := c.do(ctx, method, path, body, &t); err != nil {
		return err
	}
	if s.wait {
		return s.follow(ctx, c, out, t)
	}
	if s.output != "table" {
		return s.printTask(out, t)
	}
	return printLine(out, "%s: task %s\nto follow the task: mcm task wait %s", t.Title, t.ID, t.ID)
}

const followInterval = 500 * time.Millisecond

// follow shows the task until it is closed or blocked. Progress is written to standard error, the result to standard
// output.
func (s *session) follow(ctx context.Context, c *client, out io.Writer, t task.Task) error {
	shown := &display{terminal: term.IsTerminal(int(os.Stderr.Fd())), steps: map[string]string{}}
	for {
		shown.update(t)
		if t.Status.Closed() || t.Status == operation.Blocked {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(followInterval):
		}
		next, err := c.task(ctx, t.ID)
		if p, ok := err.(*problem); ok && p.Status < http.StatusInternalServerError { //nolint:errorlint // send returns it unwrapped
			return err
		}
		if err == nil { // the manager may be restarting
			t = next
		}
	}
	shown.end()
	if s.output != "table" {
		if err := s.printTask(out, t); err != nil {
			return err
		}
	}
	return result(out, t)
}

func result(out io.Writer, t task.Task) error {
	detail := t.Message
	if t.Error != nil {
		detail = t.Error.Detail
	}
	switch t.Status {
	case operation.Succeeded:
		return printLine(out, "%s: succeeded", t.Title)
	case operation.Cancelled:
		return &outcome{exitCancelled, t.Title + ": cancelled"}
	case operation.Blocked:
		return &outcome{exitBlocked, t.Title + ": blocked: " + detail + "; resolve the cause, then run: mcm task retry " + t.ID}
	}
	return &outcome{exitFailed, t.Title + ": " + string(t.Status) + ": " + detail}
}

func (s *session) printTask(out io.Writer, t task.Task) error {
	return s.print(out, t, func(w *table) {
		w.kind, w.ids = "task", []string{t.ID}
		w.field("ID", t.ID)
		w.field("TITLE", t.Title)
		w.field("STATUS", t.Status)
		w.field("ACTOR", t.Actor.Name)
		w.field("STARTED", t.StartedAt.Local().Format(time.DateTime))
		if t.Error != nil {
			w.field("ERROR", t.Error.Code+": "+t.Error.Detail)
		}
		for _, step := range t.Steps {
			w.field("  "+mark(step.Status), step.Title, step.Status, step.Message)
		}
	})
}
