package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"mycloudmanager/sdk"
)

// taskLogs prints the log of a task, and with --follow new lines until the task is closed.
func (s *session) taskLogs() *cobra.Command {
	var query sdk.GetTaskLogParams
	follow := false
	cmd := s.run("logs ID", "Print the log of a task", cobra.ExactArgs(1),
		func(ctx context.Context, c *sdk.Client, out io.Writer, args []string) error {
			if follow {
				if query.Q != nil || query.Level != nil {
					return errors.New("--follow prints all lines: do not use --search or --level with it")
				}
				t, err := c.GetTask(ctx, args[0]) // reports an unknown task, whose stream is empty
				if err != nil {
					return err
				}
				return s.followLog(ctx, c, out, t.ID, query.Step)
			}
			if s.output == "json" {
				query.Format = new(sdk.GetTaskLogParamsFormatJsonl)
			}
			return download(out, func() (io.ReadCloser, error) { return c.GetTaskLog(ctx, args[0], query) })
		})
	cmd.Flags().Func("step", "only lines of this step", text(&query.Step))
	cmd.Flags().Func("level", "only lines of this level: info, warning or error", text(&query.Level))
	cmd.Flags().Func("search", "only lines that contain this text", text(&query.Q))
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "print new lines until the task is closed")
	return cmd
}

// download copies a response to the output.
func download(out io.Writer, open func() (io.ReadCloser, error)) error {
	body, err := open()
	if err != nil {
		return err
	}
	defer body.Close() //nolint:errcheck // the copy reports what matters
	_, err = io.Copy(out, body)
	return err
}

// followLog prints the lines of a log until the task is closed.
func (s *session) followLog(ctx context.Context, c *sdk.Client, out io.Writer, id string, step *string) error {
	reason := "" // why the log is incomplete, as printed last
	for e, err := range c.FollowTaskLog(ctx, id, sdk.FollowTaskLogParams{Step: step}) {
		if err != nil {
			return err
		}
		if reason != e.IncompleteReason && e.IncompleteReason != "" {
			fmt.Fprintln(os.Stderr, "the log is incomplete:", e.IncompleteReason)
		}
		reason = e.IncompleteReason
		for _, l := range e.Lines {
			if err := s.printLogLine(out, l); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *session) printLogLine(out io.Writer, l sdk.TaskLogLine) error {
	if s.output == "json" {
		return json.NewEncoder(out).Encode(l)
	}
	return printLine(out, "%s", printable(formatLogLine(l)))
}

// formatLogLine returns the line as the text format of the API does.
func formatLogLine(l sdk.TaskLogLine) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s %-7s %-20s ", l.Time.UTC().Format("2006-01-02T15:04:05.000Z07:00"), l.Level, l.Step)
	for _, part := range []string{value(l.Host), value(l.Task), string(value(l.Stream))} {
		if part != "" {
			out.WriteString(part + ": ")
		}
	}
	return out.String() + strings.ReplaceAll(l.Message, "\n", "\n  ")
}
