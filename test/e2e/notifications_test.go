package e2e_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/notification/notificationtest"
	"mycloudmanager/sdk"
)

// TestNotifications: after downtime the manager reports the missed runs of a plan on every channel; an
// administrator tests the channels, and their secrets are exposed nowhere.
func TestNotifications(t *testing.T) {
	t.Parallel()
	mail, hook := notificationtest.StartMail(t), notificationtest.StartReceiver(t)
	p := newProduct(t)
	p.arguments = []string{"sandbox"}
	p.environment = []string{"MCM_SANDBOX_LISTEN=" + p.sandbox, "MCM_SANDBOX_SPEED=20",
		"MCM_NOTIFICATION_MAIL_TO=ops@example.org", "MCM_NOTIFICATION_MAIL_FROM=mcm@example.org", "MCM_SMTP_ADDRESS=" + mail.Address, "MCM_SMTP_USER=" + notificationtest.User,
		"MCM_SMTP_PASSWORD_FILE=" + mail.PasswordFile(), "MCM_SMTP_TLS_CA=" + mail.CAFile, "MCM_NOTIFICATION_WEBHOOK_URLS=" + hook.URL,
		"MCM_NOTIFICATION_WEBHOOK_SECRET_FILE=" + hook.SecretFile(), "MCM_NOTIFICATION_LANGUAGE=fr"}
	p.up(t)
	t.Cleanup(func() { p.down(t) })
	admin := p.signIn(t, "admin")
	response, _ := p.signIn(t, "demo").do(t, http.MethodPost, "/notifications/test", nil, nil)
	require.Equal(t, http.StatusForbidden, response.StatusCode)
	task := admin.work(t, http.MethodPost, "/notifications/test", nil)
	require.Len(t, task.Result["channels"], 2)
	require.Len(t, hook.Calls(), 1)
	require.Len(t, mail.Messages(), 1)
	require.True(t, mail.Messages()[0].TLS)
	shown := admin.channels(t)
	require.Len(t, shown, 2)
	for _, c := range shown {
		require.Equal(t, "delivered", string(c.Last.Status), c.Kind)
		require.NotEmpty(t, c.Address)
	}

	each := nightly("each minute", 1, admin.instance(t, "db-1").ID)
	each["schedule"] = map[string]any{"frequency": "cron", "cron": "* * * * *", "time_zone": "Europe/Paris"}
	each["catch_up_seconds"] = 10
	made := admin.plan(t, each)
	pastMinute(1, 35*time.Second) // a run, and a health check that has observed the plan
	p.down(t)
	pastMinute(2, 15*time.Second) // two due times and the catch-up window have passed
	p.up(t)
	back := time.Now()
	require.Eventually(t, func() bool { return len(hook.Calls()) > 1 && len(mail.Messages()) > 1 }, time.Minute, 100*time.Millisecond)
	t.Logf("told %.1f s after the manager was back", time.Since(back).Seconds())
	missed := hook.Calls()[1].Body
	require.Equal(t, "backup.missed", missed.Type)
	require.Equal(t, 2, missed.Data.Missed)
	require.Equal(t, "each minute", missed.Data.Plan.Name)
	require.Contains(t, mail.Messages()[1].Body, "each minute")
	pastMinute(1, 35*time.Second) // Temporal counts them again, and the next health check has run
	require.Len(t, hook.Calls(), 2, "they are told once")
	admin = p.signIn(t, "admin")
	var now plan
	admin.get(t, "/backup-plans/"+made.ID, &now)
	require.Equal(t, 2, now.Missed)

	var raw json.RawMessage // all that the API shows, also fields that this test does not know
	admin.get(t, "/notifications", &raw)
	require.Contains(t, string(raw), "ops@example.org")
	log, err := os.ReadFile(p.log.Name())
	require.NoError(t, err)
	for _, secret := range []string{notificationtest.Password, strings.TrimPrefix(notificationtest.Secret, "whsec_"), notificationtest.UserInfo, notificationtest.Query} {
		require.NotContains(t, string(raw)+string(log), secret)
	}
}

// pastMinute waits until a duration after the n-th full minute from now.
func pastMinute(n int, later time.Duration) {
	time.Sleep(time.Until(time.Now().Truncate(time.Minute).Add(time.Duration(n)*time.Minute + later)))
}

func (w *person) channels(t *testing.T) []sdk.NotificationChannel {
	t.Helper()
	var list sdk.NotificationChannels
	require.Eventually(t, func() bool { // visibility lags behind
		w.get(t, "/notifications", &list)
		return len(list.Channels) > 0 && list.Channels[0].Last != nil
	}, 10*time.Second, 100*time.Millisecond)
	return list.Channels
}
