package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"mycloudmanager/sdk"
)

func (s *session) enrollmentToken() *cobra.Command {
	return group("enrollment-token", "Manage enrollment tokens",
		s.tokenCreate(),
		s.watching(s.run("list", "List enrollment tokens, newest first", cobra.NoArgs, s.tokenList)),
		s.run("revoke ID", "Revoke an enrollment token", cobra.ExactArgs(1),
			func(ctx context.Context, c *sdk.Client, out io.Writer, args []string) error {
				if err := c.RevokeEnrollmentToken(ctx, args[0]); err != nil {
					return err
				}
				return printLine(out, "enrollment token %s revoked", args[0])
			}),
	)
}

func (s *session) tokenList(ctx context.Context, c *sdk.Client, out io.Writer, _ []string) error {
	tokens, err := c.ListEnrollmentTokens(ctx)
	if err != nil {
		return err
	}
	return s.print(out, tokens, func(t *table) {
		t.kind, t.wide = "enrollment-token", 2
		t.header = []string{"ID", "LABEL", "STATUS", "USES LEFT", "EXPIRES", "CREATED BY", "CREATED", "INSTANCE"}
		for _, k := range tokens.Items {
			t.add(k.ID, k.ID, k.Label, k.Status, fmt.Sprintf("%d of %d", k.UsesLeft, k.MaxUses),
				k.ExpiresAt.Local().Format(time.DateTime), k.CreatedBy.Name, k.CreatedAt.Local().Format(time.DateTime), value(k.InstanceID))
		}
	})
}

// tokenCreate creates a token.
func (s *session) tokenCreate() *cobra.Command {
	var (
		label, instance string
		ttl             time.Duration
		uses            int64
		agents          []string
		cloudConfig     bool
	)
	cmd := s.run("create", "Create an enrollment token and print the command that uses it", cobra.NoArgs,
		func(ctx context.Context, c *sdk.Client, out io.Writer, _ []string) error {
			body := sdk.CreateEnrollmentTokenRequest{Label: optional(label), TTLSeconds: optional(int64(ttl / time.Second)),
				MaxUses: optional(uses), Agents: agents}
			if instance != "" {
				i, err := findInstance(ctx, c, instance)
				if err != nil {
					return err
				}
				body.InstanceID = &i.ID
			}
			created, err := c.CreateEnrollmentToken(ctx, body)
			if err != nil {
				return err
			}
			return s.printToken(out, created, cloudConfig)
		})
	cmd.Flags().StringVar(&instance, "instance", "", "only this instance may use the token; name or ID")
	cmd.Flags().StringVar(&label, "label", "", "what the token is for")
	cmd.Flags().DurationVar(&ttl, "ttl", time.Hour, "how long the token is valid, at most 720h")
	cmd.Flags().Int64Var(&uses, "uses", 1, "how many servers may use the token")
	cmd.Flags().StringSliceVar(&agents, "agent", nil, "app whose agent is installed after enrollment; may be repeated")
	cmd.Flags().BoolVar(&cloudConfig, "cloud-config", false, "print user data for a new server instead of the command")
	return cmd
}

// printToken prints a new token. Standard output gets the command or the user data alone, to be piped to ssh or written to a
// file; everything else goes to standard error.
func (s *session) printToken(out io.Writer, created sdk.EnrollmentTokenWithSecret, cloudConfig bool) error {
	if s.output != "table" {
		return s.print(out, created, func(t *table) {
			t.kind = "enrollment-token"
			t.add(created.ID, created.ID, created.Command)
		})
	}
	if warning := value(created.Warning); warning != "" {
		fmt.Fprintln(os.Stderr, "warning: "+warning)
	}
	fmt.Fprintf(os.Stderr, "token %s, shown once: %d use(s), expires %s\n", created.ID, created.MaxUses,
		created.ExpiresAt.Local().Format(time.DateTime))
	if cloudConfig {
		_, err := io.WriteString(out, created.CloudConfig)
		return err
	}
	return printLine(out, "%s", created.Command)
}
