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

func (s *session) notification() *cobra.Command {
	return group("notification", "Notifications of backup plans",
		s.run("list", "Where notifications go, and what became of the last of each", cobra.NoArgs, s.notificationList),
		s.waiting(s.run("test", "Send a test to every channel", cobra.NoArgs, func(ctx context.Context, c *client, out io.Writer, _ []string) error {
			return s.start(ctx, c, out, http.MethodPost, "/notifications/test", nil)
		})),
	)
}

func (s *session) notificationList(ctx context.Context, c *client, out io.Writer, _ []string) error {
	var list struct {
		Channels []notification.ChannelStatus `json:"channels"`
	}
	if err := c.do(ctx, http.MethodGet, "/notifications", nil, &list); err != nil {
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
func lastDelivery(r notification.ChannelStatus) []any {
	if r.Last == nil {
		return []any{r.Kind, r.Address, "none", "-", "-", ""}
	}
	about := string(r.Last.Kind)
	if r.Last.PlanName != "" {
		about += " " + r.Last.PlanName
	}
	return []any{r.Kind, r.Address, r.Last.Status, r.Last.AttemptedAt.Local().Format(time.DateTime), about, r.Last.Reason}
}
