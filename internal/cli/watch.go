package cli

import (
	"bytes"
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"
)

// watchInterval is the interval of the requests of --watch.
const watchInterval = 2 * time.Second

// watching adds --watch to a command that prints an object or a list: the command prints again when something changed,
// until it is interrupted.
func (s *session) watching(cmd *cobra.Command) *cobra.Command {
	watch := false
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "print again whenever something changes, until interrupted")
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !watch {
			return run(cmd, args)
		}
		out := cmd.OutOrStdout()
		defer cmd.SetOut(out)
		return watchChanges(cmd.Context(), out, watchInterval, func(w io.Writer) error {
			cmd.SetOut(w)
			return run(cmd, args)
		})
	}
	return cmd
}

// watchChanges writes what show prints each time that it differs from the time before.
func watchChanges(ctx context.Context, out io.Writer, interval time.Duration, show func(io.Writer) error) error {
	var last []byte
	for {
		var now bytes.Buffer
		if err := show(&now); err != nil {
			return err
		}
		if !bytes.Equal(last, now.Bytes()) {
			if last != nil {
				if _, err := io.WriteString(out, "\n"); err != nil {
					return err
				}
			}
			last = bytes.Clone(now.Bytes())
			if _, err := out.Write(last); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(interval):
		}
	}
}
