package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/activities/notifications"
	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/notification"
	"mycloudmanager/internal/operation"
	"mycloudmanager/internal/platform/i18n"
	"mycloudmanager/workflows"
)

func TestSendNotification(t *testing.T) {
	n := notification.Notification{ID: "run-1", Kind: notification.Failed}
	activities := fakes{"PrepareNotification": notifications.PreparedNotification{Notification: n}}
	r, _ := executePart(t, workflows.SendNotification, n, activities)
	require.NoError(t, r.Err)
	require.Equal(t, []string{"PrepareNotification"}, r.Calls, "without a channel nothing is sent")

	activities["PrepareNotification"] = notifications.PreparedNotification{Notification: n,
		Channels: []notification.Channel{{ID: "mail", Address: "ops@example.org"}, {ID: "webhook-1", Address: "https://example.org"}}}
	attempts := map[string]int{}
	activities["DeliverNotification"] = func(in any) (any, error) {
		channel := in.(map[string]any)["Channel"].(string)
		attempts[channel]++
		switch {
		case channel == "mail" && attempts[channel] == 1:
			return nil, fault.ForTemporal(fault.New(fault.Unavailable, nil, "the mail cannot be sent: %v", "timeout"))
		case channel == "webhook-1":
			return nil, fault.Final(fault.New(fault.Invalid, nil, "the webhook responds %d", 400))
		}
		return nil, nil
	}
	r, _ = executePart(t, workflows.SendNotification, n, activities)
	require.Equal(t, map[string]int{"mail": 2, "webhook-1": 1}, attempts, "an unavailable channel is retried, a refusal is not")
	require.Equal(t, fault.Unavailable, fault.KindOf(r.Err))
	require.Equal(t, "https://example.org: the webhook responds 400", fault.MessageOf(r.Err).String())
}

func TestTestNotifications(t *testing.T) {
	sent := []notification.DeliveryAttempt{{Channel: notification.Channel{Address: "a"}, Status: notification.Delivered}}
	r := execute(t, workflows.TestNotifications, workflows.TestNotificationInput{}, fakes{"SendTestNotification": sent})
	requireSucceeded(t, r, "SendTestNotification")
	require.Equal(t, "notification sent to 1 channels", r.Message.String())

	sent = append(sent, notification.DeliveryAttempt{Channel: notification.Channel{Address: "b"}, Status: notification.DeliveryFailed, Reason: i18n.Messagef("the webhook responds %d", 503)})
	r = execute(t, workflows.TestNotifications, workflows.TestNotificationInput{}, fakes{"SendTestNotification": sent})
	require.Equal(t, operation.Failed, r.Status)
	require.Equal(t, "échec de l'envoi sur 1 canaux sur 2 : b : le webhook répond 503", fault.MessageOf(r.Err).In("fr"))
}
