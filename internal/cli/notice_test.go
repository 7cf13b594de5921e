package cli

import (
	"fmt"
	"testing"
	"time"

	"mycloudmanager/internal/notification"
)

func TestAChannelTellsItsLastDelivery(t *testing.T) {
	at := time.Date(2026, 11, 25, 2, 30, 0, 0, time.Local)
	mail := notification.Channel{ID: "mail", Kind: notification.Mail, To: "ops@example.org"}
	for want, r := range map[string]notification.Recipient{
		"[mail ops@example.org none - - ]": {Channel: mail},
		"[mail ops@example.org failed 2026-11-25 02:30:00 stale nightly the disk is full]": {Channel: mail,
			Last: &notification.Delivery{Status: notification.GivenUp, At: at, Kind: notification.Stale, Plan: "nightly", Why: "the disk is full"}},
	} {
		if got := fmt.Sprint(lastDelivery(r)); got != want {
			t.Errorf("the line is %q, want %q", got, want)
		}
	}
}
