package cli

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/operation/task"
)

func (s *session) task() *cobra.Command {
	return group("task", "Tasks: what runs and what ran",
		s.taskList(),
		s.run("show ID", "One task with its steps", cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
			t, err := c.task(ctx, args[0])
			if err != nil {
				return err
			}
			return s.printTask(out, t)
		}),
		s.waiting(s.run("cancel ID", "Cancel a task: what it did is undone", cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
			return s.start(ctx, c, out, http.MethodPost, "/tasks/"+url.PathEscape(args[0])+"/cancel", nil)
		})),
		s.waiting(s.run("retry ID", "Let a blocked task go on, or start a failed one again", cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
			return s.start(ctx, c, out, http.MethodPost, "/tasks/"+url.PathEscape(args[0])+"/retry", nil)
		})),
		s.run("wait ID", "Follow a task to its end; the exit code is its outcome", cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
			t, err := c.task(ctx, args[0])
			if err != nil {
				return err
			}
			return s.follow(ctx, c, out, t)
		}),
		s.taskLog(),
	)
}

func (s *session) taskList() *cobra.Command {
	query := url.Values{}
	cmd := s.run("list", "Tasks, running ones first", cobra.NoArgs, func(ctx context.Context, c *client, out io.Writer, _ []string) error {
		var page task.Page
		if err := c.do(ctx, http.MethodGet, "/tasks?"+query.Encode(), nil, &page); err != nil {
			return err
		}
		return s.print(out, page, func(t *tabwriter.Writer) {
			row(t, "ID", "TITLE", "STATUS", "BY", "STARTED", "MESSAGE")
			for _, task := range page.Items {
				row(t, task.ID, task.Title, task.Status, task.Actor.Name, task.StartedAt.Local().Format(time.DateTime), task.Message)
			}
		})
	})
	for _, name := range []string{"status", "operation", "target", "actor"} {
		cmd.Flags().Func(name, "only of this "+name, func(v string) error {
			query.Set(name, v)
			return nil
		})
	}
	return cmd
}

func (c *client) task(ctx context.Context, id string) (task.Task, error) {
	var t task.Task
	err := c.do(ctx, http.MethodGet, "/tasks/"+url.PathEscape(id), nil, &t)
	return t, err
}

// waiting adds --wait to a command that starts a task.
func (s *session) waiting(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().BoolVar(&s.wait, "wait", false, "follow the task to its end; the exit code is its outcome")
	return cmd
}

// start makes a request that is answered with a task, and follows it with --wait.
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
	return say(out, "%s: task %s\nfollow it with: mcm task wait %s", t.Title, t.ID, t.ID)
}

const followInterval = 500 * time.Millisecond

// follow shows the task until it ends or is blocked. Progress goes to standard error, the result to
// standard output.
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
		if err == nil { // a manager that is being restarted is waited for
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
		return say(out, "%s: succeeded", t.Title)
	case operation.Cancelled:
		return &outcome{exitCancelled, t.Title + ": cancelled"}
	case operation.Blocked:
		return &outcome{exitBlocked, t.Title + ": blocked: " + detail + "; take the cause away, then: mcm task retry " + t.ID}
	}
	return &outcome{exitFailed, t.Title + ": " + string(t.Status) + ": " + detail}
}

func (s *session) printTask(out io.Writer, t task.Task) error {
	return s.print(out, t, func(w *tabwriter.Writer) {
		row(w, "ID", t.ID)
		row(w, "TITLE", t.Title)
		row(w, "STATUS", t.Status)
		row(w, "BY", t.Actor.Name)
		row(w, "STARTED", t.StartedAt.Local().Format(time.DateTime))
		if t.Error != nil {
			row(w, "ERROR", t.Error.Code+": "+t.Error.Detail)
		}
		for _, step := range t.Steps {
			row(w, "  "+mark(step.Status), step.Title, step.Status, step.Message)
		}
	})
}
