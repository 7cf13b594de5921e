package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"mycloudmanager/sdk"
)

// session holds the flags that all client commands share.
type session struct {
	version string
	server  string
	output  string
	wait    bool
	// noHeaders leaves the header line of tables out.
	noHeaders bool
}

// Commands returns the client commands.
func Commands(version string) []*cobra.Command {
	s := &session{version: version}
	commands := []*cobra.Command{s.login(), s.logout(), s.stack(), s.app(), s.instance(), s.backup(),
		s.notification(), s.enrollmentToken(), s.task(), s.audit()}
	for _, c := range commands {
		c.PersistentFlags().StringVar(&s.server, "server", "", "address of the manager (MCM_SERVER; default "+defaultServer+")")
		c.PersistentFlags().StringVarP(&s.output, "output", "o", "table", strings.Join(formats, ", "))
		c.PersistentFlags().BoolVar(&s.noHeaders, "no-headers", false, "leave the header line of tables out")
		_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
	}
	return commands
}

// run returns a command that gets a client.
func (s *session) run(use, short string, args cobra.PositionalArgs,
	f func(ctx context.Context, c *sdk.Client, out io.Writer, args []string) error) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: args, RunE: func(cmd *cobra.Command, args []string) error {
		c, err := newClient(s.server, s.version)
		if err != nil {
			return err
		}
		return f(cmd.Context(), c, cmd.OutOrStdout(), args)
	}}
}

// group returns a command that only holds others.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short}
	c.AddCommand(commands...)
	return c
}

// Exit codes by the outcome of a task; see docs/api/schedulers.md.
const (
	exitFailed    = 1
	exitCancelled = 3
	exitBlocked   = 4
)

// outcome is the error of a task that did not succeed.
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
		return "interrupted; the task continues"
	}
	text := err.Error()
	if sdk.CodeOf(err) == sdk.ProblemCodeUnauthorized {
		text += ": run `mcm login`, or set OS_APPLICATION_CREDENTIAL_ID and _SECRET"
	}
	return strings.ReplaceAll(text, "\n", "\n     ")
}

func printLine(w io.Writer, format string, args ...any) error {
	_, err := fmt.Fprintf(w, format+"\n", args...)
	return err
}
