package cli

import (
	"fmt"
	"testing"
	"time"

	"mycloudmanager/sdk"
)

func TestLastDelivery(t *testing.T) {
	at := time.Date(2026, 11, 25, 2, 30, 0, 0, time.Local)
	mail := sdk.NotificationChannel{ID: "mail", Kind: sdk.NotificationChannelKindMail, Address: "ops@example.org"}
	failed := mail
	failed.Last = &sdk.NotificationDelivery{Status: sdk.NotificationDeliveryStatusFailed, AttemptedAt: at,
		Kind: sdk.NotificationDeliveryKindOverdue, PlanName: new("nightly"), Reason: new("the disk is full")}
	for want, r := range map[string]sdk.NotificationChannel{
		"[mail ops@example.org none - - ]":                                                   mail,
		"[mail ops@example.org failed 2026-11-25 02:30:00 overdue nightly the disk is full]": failed,
	} {
		if got := fmt.Sprint(lastDelivery(r)); got != want {
			t.Errorf("the line is %q, want %q", got, want)
		}
	}
}
