package cli

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"mycloudmanager/internal/notification"
)

func (s *session) notification() *cobra.Command {
	return group("notification", "Manage notifications of backup plans",
		s.watching(s.run("list", "List the channels with their last delivery", cobra.NoArgs, s.notificationList)),
		s.waiting(s.run("test", "Send a test notification to each channel", cobra.NoArgs, func(ctx context.Context, c *client, out io.Writer, _ []string) error {
			return s.start(ctx, c, out, http.MethodPost, "/notifications/test", nil)
		})),
	)
}

func (s *session) notificationList(ctx context.Context, c *client, out io.Writer, _ []string) error {
	var status struct {
		Channels []notification.ChannelStatus `json:"channels"`
	}
	if err := c.do(ctx, http.MethodGet, "/notifications", nil, &status); err != nil {
		return err
	}
	return s.print(out, status, func(t *table) {
		t.kind, t.header = "notification-channel", []string{"CHANNEL", "ADDRESS", "LAST", "AT", "EVENT", "REASON"}
		for _, r := range status.Channels {
			t.add(r.ID, lastDelivery(r)...)
		}
	})
}

// lastDelivery returns the cells of a channel.
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
