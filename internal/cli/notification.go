package cli

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"mycloudmanager/sdk"
)

func (s *session) notification() *cobra.Command {
	return group("notification", "Manage notifications of backup plans",
		s.watching(s.run("list", "List the channels with their last delivery", cobra.NoArgs, s.notificationList)),
		s.starting("test", "Send a test notification to each channel", cobra.NoArgs,
			func(ctx context.Context, c *sdk.Client, _ []string) (sdk.Task, error) {
				return c.TestNotifications(ctx)
			}),
	)
}

func (s *session) notificationList(ctx context.Context, c *sdk.Client, out io.Writer, _ []string) error {
	status, err := c.ListNotifications(ctx)
	if err != nil {
		return err
	}
	return s.print(out, status, func(t *table) {
		t.kind, t.header = "notification-channel", []string{"CHANNEL", "ADDRESS", "LAST", "AT", "EVENT", "REASON"}
		for _, n := range status.Channels {
			t.add(n.ID, lastDelivery(n)...)
		}
	})
}

// lastDelivery returns the cells of a channel.
func lastDelivery(n sdk.NotificationChannel) []any {
	if n.Last == nil {
		return []any{n.Kind, n.Address, "none", "-", "-", ""}
	}
	about := string(n.Last.Kind)
	if plan := value(n.Last.PlanName); plan != "" {
		about += " " + plan
	}
	return []any{n.Kind, n.Address, n.Last.Status, n.Last.AttemptedAt.Local().Format(time.DateTime), about, value(n.Last.Reason)}
}
