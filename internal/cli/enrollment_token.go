package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/spf13/cobra"

	"mycloudmanager/internal/operation"
)

// token is an enrollment token as the API returns it. The last four fields are returned once, when it is created.
type token struct {
	ID          string          `json:"id"`
	Label       string          `json:"label"`
	Status      string          `json:"status"`
	InstanceID  string          `json:"instance_id,omitempty"`
	Agents      []string        `json:"agents"`
	MaxUses     int             `json:"max_uses"`
	UsesLeft    int             `json:"uses_left"`
	CreatedAt   time.Time       `json:"created_at"`
	ExpiresAt   time.Time       `json:"expires_at"`
	CreatedBy   operation.Actor `json:"created_by"`
	Token       string          `json:"token,omitempty"`
	Command     string          `json:"command,omitempty"`
	CloudConfig string          `json:"cloud_config,omitempty"`
	Warning     string          `json:"warning,omitempty"`
}

func (s *session) enrollmentToken() *cobra.Command {
	return group("enrollment-token", "Manage enrollment tokens",
		s.tokenCreate(),
		s.watching(s.run("list", "List enrollment tokens, newest first", cobra.NoArgs, s.tokenList)),
		s.run("revoke ID", "Revoke an enrollment token", cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
			if err := c.do(ctx, http.MethodDelete, "/enrollment-tokens/"+url.PathEscape(args[0]), nil, nil); err != nil {
				return err
			}
			return printLine(out, "enrollment token %s revoked", args[0])
		}),
	)
}

func (s *session) tokenList(ctx context.Context, c *client, out io.Writer, _ []string) error {
	var tokens list[token]
	if err := c.do(ctx, http.MethodGet, "/enrollment-tokens", nil, &tokens); err != nil {
		return err
	}
	return s.print(out, tokens, func(t *table) {
		t.kind, t.header, t.wide = "enrollment-token", []string{"ID", "LABEL", "STATUS", "USES LEFT", "EXPIRES", "CREATED BY", "CREATED", "INSTANCE"}, 2
		for _, k := range tokens.Items {
			t.add(k.ID, k.ID, k.Label, k.Status, fmt.Sprintf("%d of %d", k.UsesLeft, k.MaxUses), k.ExpiresAt.Local().Format(time.DateTime), k.CreatedBy.Name,
				k.CreatedAt.Local().Format(time.DateTime), k.InstanceID)
		}
	})
}

// tokenCreate creates a token. Standard output gets the command or the user data alone, to be piped to ssh or written
// to a file; everything else goes to standard error.
func (s *session) tokenCreate() *cobra.Command {
	var (
		body struct {
			Label      string   `json:"label,omitempty"`
			TTLSeconds int      `json:"ttl_seconds,omitempty"`
			MaxUses    int      `json:"max_uses,omitempty"`
			InstanceID string   `json:"instance_id,omitempty"`
			Agents     []string `json:"agents,omitempty"`
		}
		ttl         time.Duration
		name        string
		cloudConfig bool
	)
	cmd := s.run("create", "Create an enrollment token and print the command that uses it", cobra.NoArgs, func(ctx context.Context, c *client, out io.Writer, _ []string) error {
		if name != "" {
			i, err := c.find(ctx, name)
			if err != nil {
				return err
			}
			body.InstanceID = i.ID
		}
		body.TTLSeconds = int(ttl / time.Second)
		var created token
		if err := c.do(ctx, http.MethodPost, "/enrollment-tokens", body, &created); err != nil {
			return err
		}
		if s.output != "table" {
			return s.print(out, created, func(t *table) {
				t.kind = "enrollment-token"
				t.add(created.ID, created.ID, created.Command)
			})
		}
		if created.Warning != "" {
			fmt.Fprintln(os.Stderr, "warning: "+created.Warning)
		}
		fmt.Fprintf(os.Stderr, "token %s, shown once: %d use(s), expires %s\n", created.ID, created.MaxUses, created.ExpiresAt.Local().Format(time.DateTime))
		if cloudConfig {
			_, err := io.WriteString(out, created.CloudConfig)
			return err
		}
		return printLine(out, "%s", created.Command)
	})
	cmd.Flags().StringVar(&name, "instance", "", "only this instance may use the token; name or ID")
	cmd.Flags().StringVar(&body.Label, "label", "", "what the token is for")
	cmd.Flags().DurationVar(&ttl, "ttl", time.Hour, "how long the token is valid, at most 720h")
	cmd.Flags().IntVar(&body.MaxUses, "uses", 1, "how many servers may use the token")
	cmd.Flags().StringSliceVar(&body.Agents, "agent", nil, "app whose agent is installed after enrollment; may be repeated")
	cmd.Flags().BoolVar(&cloudConfig, "cloud-config", false, "print user data for a new server instead of the command")
	return cmd
}
