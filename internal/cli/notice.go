package cli

import (
	"context"
	"io"
	"net/http"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"mycloudmanager/internal/notification"
)

func (s *session) notice() *cobra.Command {
	return group("notice", "Notices of backup plans",
		s.run("list", "Where notices go, and what became of the last of each", cobra.NoArgs, s.noticeList),
		s.waiting(s.run("test", "Send a test to every channel", cobra.NoArgs, func(ctx context.Context, c *client, out io.Writer, _ []string) error {
			return s.start(ctx, c, out, http.MethodPost, "/notices/test", nil)
		})),
	)
}

func (s *session) noticeList(ctx context.Context, c *client, out io.Writer, _ []string) error {
	var list struct {
		Channels []notification.Recipient `json:"channels"`
	}
	if err := c.do(ctx, http.MethodGet, "/notices", nil, &list); err != nil {
		return err
	}
	return s.print(out, list, func(t *tabwriter.Writer) {
		row(t, "CHANNEL", "TO", "LAST", "AT", "ABOUT", "WHY")
		for _, r := range list.Channels {
			row(t, lastDelivery(r)...)
		}
	})
}

// lastDelivery is a line of the list.
func lastDelivery(r notification.Recipient) []any {
	if r.Last == nil {
		return []any{r.Kind, r.To, "none", "-", "-", ""}
	}
	about := string(r.Last.Kind)
	if r.Last.Plan != "" {
		about += " " + r.Last.Plan
	}
	return []any{r.Kind, r.To, r.Last.Status, r.Last.At.Local().Format(time.DateTime), about, r.Last.Why}
}
