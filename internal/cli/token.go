package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"mycloudmanager/internal/operation"
)

// token is an enrollment token as the API shows it; the last four are told once, when it is made.
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

func (s *session) token() *cobra.Command {
	return group("token", "Enrollment tokens",
		s.run("list", "Tokens, the newest first; never the secret", cobra.NoArgs, func(ctx context.Context, c *client, out io.Writer, _ []string) error {
			var list struct {
				Items []token `json:"items"`
			}
			if err := c.do(ctx, http.MethodGet, "/enrollment-tokens", nil, &list); err != nil {
				return err
			}
			return s.print(out, list, func(t *tabwriter.Writer) {
				row(t, "ID", "LABEL", "STATUS", "USES LEFT", "EXPIRES", "BY", "ONLY FOR")
				for _, k := range list.Items {
					row(t, k.ID, k.Label, k.Status, fmt.Sprintf("%d of %d", k.UsesLeft, k.MaxUses), k.ExpiresAt.Local().Format(time.DateTime), k.CreatedBy.Name, k.InstanceID)
				}
			})
		}),
		s.run("revoke ID", "Revoke a token; instances that are enrolled stay", cobra.ExactArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
			if err := c.do(ctx, http.MethodDelete, "/enrollment-tokens/"+url.PathEscape(args[0]), nil, nil); err != nil {
				return err
			}
			return say(out, "token %s: revoked", args[0])
		}),
	)
}

// instanceEnroll makes a token and prints what to do with it: on standard output nothing else, so
// that it can be piped to ssh or written to a file.
func (s *session) instanceEnroll() *cobra.Command {
	var (
		body struct {
			Label      string   `json:"label,omitempty"`
			TTLSeconds int      `json:"ttl_seconds,omitempty"`
			MaxUses    int      `json:"max_uses,omitempty"`
			InstanceID string   `json:"instance_id,omitempty"`
			Agents     []string `json:"agents,omitempty"`
		}
		ttl         time.Duration
		cloudConfig bool
	)
	cmd := s.run("enroll [INSTANCE]", "Make a token and print the command that enrolls a server with it", cobra.MaximumNArgs(1), func(ctx context.Context, c *client, out io.Writer, args []string) error {
		if len(args) == 1 {
			i, err := c.find(ctx, args[0])
			if err != nil {
				return err
			}
			body.InstanceID = i.ID
		}
		body.TTLSeconds = int(ttl / time.Second)
		var made token
		if err := c.do(ctx, http.MethodPost, "/enrollment-tokens", body, &made); err != nil {
			return err
		}
		if s.output != "table" {
			return s.print(out, made, nil)
		}
		if made.Warning != "" {
			fmt.Fprintln(os.Stderr, "warning: "+made.Warning)
		}
		fmt.Fprintf(os.Stderr, "token %s, shown this once: %d use(s), until %s\n", made.ID, made.MaxUses, made.ExpiresAt.Local().Format(time.DateTime))
		if cloudConfig {
			_, err := io.WriteString(out, made.CloudConfig)
			return err
		}
		return say(out, "%s", made.Command)
	})
	cmd.Flags().StringVar(&body.Label, "label", "", "what the token is for")
	cmd.Flags().DurationVar(&ttl, "ttl", time.Hour, "how long it is good for, at most 720h")
	cmd.Flags().IntVar(&body.MaxUses, "uses", 1, "how many servers may use it")
	cmd.Flags().StringSliceVar(&body.Agents, "agent", nil, "app whose agent is installed at once; may be repeated")
	cmd.Flags().BoolVar(&cloudConfig, "cloud-config", false, "print user data for a new server instead of the command")
	return cmd
}
