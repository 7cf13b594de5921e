package cli

import (
	"fmt"
	"testing"
	"time"

	"mycloudmanager/internal/notification"
)

func TestLastDelivery(t *testing.T) {
	at := time.Date(2026, 11, 25, 2, 30, 0, 0, time.Local)
	mail := notification.Channel{ID: "mail", Kind: notification.Mail, Address: "ops@example.org"}
	for want, r := range map[string]notification.ChannelStatus{
		"[mail ops@example.org none - - ]": {Channel: mail},
		"[mail ops@example.org failed 2026-11-25 02:30:00 overdue nightly the disk is full]": {Channel: mail,
			Last: &notification.Delivery{Status: notification.DeliveryFailed, AttemptedAt: at, Kind: notification.Overdue, PlanName: "nightly", Reason: "the disk is full"}},
	} {
		if got := fmt.Sprint(lastDelivery(r)); got != want {
			t.Errorf("the line is %q, want %q", got, want)
		}
	}
}
