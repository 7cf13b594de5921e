package cli

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"mycloudmanager/sdk"
)

func (s *session) task() *cobra.Command {
	return group("task", "Follow and control tasks",
		s.taskList(),
		s.watching(s.run("show ID", "Show a task with its steps", cobra.ExactArgs(1),
			func(ctx context.Context, c *sdk.Client, out io.Writer, args []string) error {
				t, err := c.GetTask(ctx, args[0])
				if err != nil {
					return err
				}
				return s.printTask(out, t)
			})),
		s.starting("cancel ID", "Cancel a task and roll its changes back", cobra.ExactArgs(1),
			func(ctx context.Context, c *sdk.Client, args []string) (sdk.Task, error) {
				return c.CancelTask(ctx, args[0])
			}),
		s.starting("retry ID", "Continue a blocked task, or run a failed task again", cobra.ExactArgs(1),
			func(ctx context.Context, c *sdk.Client, args []string) (sdk.Task, error) {
				return c.RetryTask(ctx, args[0])
			}),
		s.run("wait ID", "Wait for a task to finish", cobra.ExactArgs(1),
			func(ctx context.Context, c *sdk.Client, out io.Writer, args []string) error {
				t, err := c.GetTask(ctx, args[0]) // reports an unreachable manager, which the events wait for
				if err != nil {
					return err
				}
				return s.follow(ctx, c, out, t.ID)
			}),
		s.taskLogs(),
	)
}

func (s *session) taskList() *cobra.Command {
	var query sdk.ListTasksParams
	cmd := s.run("list", "List tasks, running ones first", cobra.NoArgs,
		func(ctx context.Context, c *sdk.Client, out io.Writer, _ []string) error {
			page, err := c.ListTasks(ctx, query)
			if err != nil {
				return err
			}
			return s.print(out, page, func(t *table) {
				t.kind, t.header, t.wide = "task", []string{"ID", "TITLE", "STATUS", "STARTED", "ACTOR", "MESSAGE", "OPERATION", "VIA"}, 2
				for _, task := range page.Items {
					t.add(task.ID, task.ID, task.Title, task.Status, task.StartedAt.Local().Format(time.DateTime),
						task.Actor.Name, task.Message, task.Operation, task.Via)
				}
			})
		})
	cmd.Flags().Func("status", "only tasks with this status", text(&query.Status))
	cmd.Flags().Func("operation", "only tasks with this operation", text(&query.Operation))
	cmd.Flags().Func("target", "only tasks with this target", text(&query.Target))
	cmd.Flags().Func("actor", "only tasks with this actor", text(&query.Actor))
	return s.watching(cmd)
}

// starting returns a command that starts a task with f. With --wait it waits for the task.
func (s *session) starting(use, short string, args cobra.PositionalArgs,
	f func(ctx context.Context, c *sdk.Client, args []string) (sdk.Task, error)) *cobra.Command {
	cmd := s.run(use, short, args, func(ctx context.Context, c *sdk.Client, out io.Writer, args []string) error {
		t, err := f(ctx, c, args)
		if err != nil {
			return err
		}
		if s.wait {
			return s.follow(ctx, c, out, t.ID)
		}
		if s.output != "table" {
			return s.printTask(out, t)
		}
		return printLine(out, "%s: task %s\nto follow the task: mcm task wait %s", t.Title, t.ID, t.ID)
	})
	cmd.Flags().BoolVar(&s.wait, "wait", false, "wait for the task to finish; the exit code is its outcome")
	return cmd
}

// follow shows the task until it is closed or blocked. Progress is written to standard error, the result to standard
// output.
func (s *session) follow(ctx context.Context, c *sdk.Client, out io.Writer, id string) error {
	shown := &display{terminal: term.IsTerminal(int(os.Stderr.Fd())), steps: map[string]string{}}
	t, err := c.WaitForTask(ctx, id, shown.update)
	shown.end()
	if err != nil {
		return err
	}
	if s.output != "table" {
		if err := s.printTask(out, t); err != nil {
			return err
		}
	}
	return result(out, t)
}

func result(out io.Writer, t sdk.Task) error {
	detail := t.Message
	if t.Error != nil {
		detail = t.Error.Detail
	}
	switch t.Status {
	case sdk.TaskStatusSucceeded:
		return printLine(out, "%s: succeeded", t.Title)
	case sdk.TaskStatusCancelled:
		return &outcome{exitCancelled, t.Title + ": cancelled"}
	case sdk.TaskStatusBlocked:
		return &outcome{exitBlocked, t.Title + ": blocked: " + detail + "; resolve the cause, then run: mcm task retry " + t.ID}
	}
	return &outcome{exitFailed, t.Title + ": " + string(t.Status) + ": " + detail}
}

func (s *session) printTask(out io.Writer, t sdk.Task) error {
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
