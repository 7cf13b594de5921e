package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// session is what every client command shares.
type session struct {
	version string
	server  string
	output  string
	wait    bool
}

// Commands returns the client commands.
func Commands(version string) []*cobra.Command {
	s := &session{version: version}
	commands := []*cobra.Command{s.login(), s.logout(), s.stack(), s.app(), s.instance(), s.backup(), s.notification(), s.token(), s.task()}
	for _, c := range commands {
		c.PersistentFlags().StringVar(&s.server, "server", "", "address of the manager (MCM_SERVER; default "+defaultServer+")")
		c.PersistentFlags().StringVarP(&s.output, "output", "o", "table", "table, json or yaml")
		_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"table", "json", "yaml"}, cobra.ShellCompDirectiveNoFileComp))
	}
	return commands
}

func (s *session) client() (*client, error) { return newClient(s.server, s.version) }

// run makes a command that takes a client.
func (s *session) run(use, short string, args cobra.PositionalArgs, f func(ctx context.Context, c *client, out io.Writer, args []string) error) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: args, RunE: func(cmd *cobra.Command, args []string) error {
		c, err := s.client()
		if err != nil {
			return err
		}
		return f(cmd.Context(), c, cmd.OutOrStdout(), args)
	}}
}

// group makes a command that only holds others.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short}
	c.AddCommand(commands...)
	return c
}

// Exit codes: the outcome of the task that was waited for.
const (
	exitFailed    = 1
	exitCancelled = 3
	exitBlocked   = 4
)

// outcome is a task that did not succeed.
type outcome struct {
	code int
	text string
}

func (o *outcome) Error() string { return o.text }

// ExitCode returns the process's exit code for an error.
func ExitCode(err error) int {
	if o, ok := errors.AsType[*outcome](err); ok {
		return o.code
	}
	return exitFailed
}

// Message returns the line to show for an error.
func Message(err error) string {
	if errors.Is(err, context.Canceled) {
		return "interrupted; the task goes on"
	}
	lines := strings.Split(err.Error(), "\n")
	return strings.Join(lines, "\n     ")
}

func say(w io.Writer, format string, args ...any) error {
	_, err := fmt.Fprintf(w, format+"\n", args...)
	return err
}
