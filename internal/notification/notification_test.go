package notification_test

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/fault"
	"mycloudmanager/internal/notification"
	"mycloudmanager/internal/notification/notificationtest"
	"mycloudmanager/internal/platform/i18n"
)

func aNotification() notification.Notification {
	return notification.Notification{ID: "run-0198", Kind: notification.Failed, Plan: notification.Plan{ID: "p1", Name: "nightly\nBcc: all@example.org"}, Task: "plan:p1~r1",
		Instances: []notification.Instance{{ID: "i1", Name: "web-1", Reason: i18n.Messagef("the instance is not enrolled")}}, At: time.Date(2026, 11, 28, 2, 30, 0, 0, time.UTC)}
}

func mailTo(m *notificationtest.MailServer, language string) notification.Config {
	return notification.Config{MailTo: []string{"ops@example.org", "Anna <anna@example.org>"}, MailFrom: "MyCloudManager <mcm@cloud.example.org>", SMTPAddress: m.Address,
		SMTPUser: notificationtest.User, SMTPPasswordFile: m.PasswordFile(), SMTPCAFile: m.CAFile, Language: language, PublicURL: "https://mcm.example.org/"}
}

func open(t *testing.T, c notification.Config) *notification.Notifier {
	t.Helper()
	s, err := notification.Open(c)
	require.NoError(t, err)
	return s
}

func bodyOf(t *testing.T, m notificationtest.Message) string {
	t.Helper()
	if m.Header.Get("Content-Transfer-Encoding") != "quoted-printable" {
		return m.Body
	}
	raw, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(m.Body)))
	require.NoError(t, err)
	return string(raw)
}

func TestDeliver_Mail(t *testing.T) {
	m := notificationtest.StartMail(t)
	s := open(t, mailTo(m, "en"))
	require.Equal(t, []notification.Channel{{ID: "mail", Kind: notification.Mail, Address: "ops@example.org, Anna <anna@example.org>"}}, s.Channels())
	for range 2 { // a repetition
		require.NoError(t, s.Deliver(t.Context(), "mail", aNotification()))
	}
	got := m.Messages()
	require.Len(t, got, 2)
	require.True(t, got[0].TLS)
	require.Equal(t, notificationtest.User, got[0].User)
	require.Equal(t, "mcm@cloud.example.org", got[0].From)
	require.Equal(t, []string{"ops@example.org", "anna@example.org"}, got[0].To)
	require.Equal(t, "<run-0198@cloud.example.org>", got[0].Header.Get("Message-Id"))
	require.Equal(t, got[0].Header.Get("Message-Id"), got[1].Header.Get("Message-Id"), "whoever gets both knows that they are one")
	require.Equal(t, "auto-generated", got[0].Header.Get("Auto-Submitted"))
	require.Empty(t, got[0].Header.Get("Bcc"), "a name is no header")
	subject, err := new(mime.WordDecoder).DecodeHeader(got[0].Header.Get("Subject"))
	require.NoError(t, err)
	require.Equal(t, "[MyCloudManager] Backup plan “nightly Bcc: all@example.org” failed", subject)
	body := bodyOf(t, got[0])
	require.Contains(t, body, "web-1: the instance is not enrolled")
	require.Contains(t, body, "https://mcm.example.org/tasks/plan:p1~r1")
	require.NotContains(t, body, notificationtest.Password)
}

func TestDeliver_MailInFrench(t *testing.T) {
	m := notificationtest.StartMail(t)
	require.NoError(t, open(t, mailTo(m, "fr")).Deliver(t.Context(), "mail", aNotification()))
	body := bodyOf(t, m.Messages()[0])
	require.Contains(t, body, "a échoué")
	require.Contains(t, body, "web-1 : l'instance n'est pas inscrite")
}

// Every kind has texts in both languages, without unused verbs.
func TestTemplates_EveryKind(t *testing.T) {
	m := notificationtest.StartMail(t)
	for _, kind := range []notification.Kind{notification.Failed, notification.PartiallyFailed, notification.Missed, notification.Overdue, notification.Recovered, notification.Test} {
		for _, language := range []string{"en", "fr"} {
			n := aNotification()
			n.Kind, n.Missed, n.ID = kind, 3, "n-"+string(kind)+language
			require.NoError(t, open(t, mailTo(m, language)).Deliver(t.Context(), "mail", n))
			got := m.Messages()
			last := got[len(got)-1]
			subject, err := new(mime.WordDecoder).DecodeHeader(last.Header.Get("Subject"))
			require.NoError(t, err)
			require.NotContains(t, subject+bodyOf(t, last), "%!", kind)
			require.Greater(t, len(subject), len("[MyCloudManager] "), kind)
		}
	}
}

func TestDeliver_UntrustedMailServer(t *testing.T) {
	m := notificationtest.StartMail(t)
	for name, spoil := range map[string]func(*notification.Config){
		"its certificate is not known": func(c *notification.Config) { c.SMTPCAFile = notificationtest.StartMail(t).CAFile },
		"the password is wrong":        func(c *notification.Config) { c.SMTPPasswordFile = file(t, "wrong") },
	} {
		c := mailTo(m, "en")
		spoil(&c)
		err := open(t, c).Deliver(t.Context(), "mail", aNotification())
		require.Equal(t, fault.Unavailable, fault.KindOf(err), name)
		require.NotContains(t, err.Error(), notificationtest.Password)
	}
	m.Refuse(errors.New("the disk is full"))
	require.ErrorContains(t, open(t, mailTo(m, "en")).Deliver(t.Context(), "mail", aNotification()), "the disk is full")
	require.Empty(t, m.Messages())
}

func TestOpen_UnreadableSecrets(t *testing.T) {
	m, r := notificationtest.StartMail(t), notificationtest.StartReceiver(t)
	for want, spoil := range map[string]func(*notification.Config){
		"smtp-password-file: the file is empty":       func(c *notification.Config) { c.SMTPPasswordFile = file(t, "\n") },
		"smtp-password-file: the file cannot be read": func(c *notification.Config) { c.SMTPPasswordFile = "/absent" },
		"smtp-tls-ca: the file holds no certificate":  func(c *notification.Config) { c.SMTPCAFile = file(t, "none") },
		"notification-webhook-secret-file: whsec_ a":  func(c *notification.Config) { c.SecretFile = file(t, "whsec_c2hvcnQ=") },
	} {
		c := mailTo(m, "en")
		c.WebhookURLs, c.SecretFile = []string{r.URL}, r.SecretFile()
		spoil(&c)
		_, err := notification.Open(c)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "c2hvcnQ")
	}
}

func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

func hook(r *notificationtest.Receiver) notification.Config {
	return notification.Config{WebhookURLs: []string{r.URL}, SecretFile: r.SecretFile(), Language: "en", PublicURL: "https://mcm.example.org"}
}

func TestDeliver_Webhook(t *testing.T) {
	r := notificationtest.StartReceiver(t)
	s := open(t, hook(r))
	channel := s.Channels()[0]
	require.Equal(t, notification.Webhook, channel.Kind)
	for _, secret := range []string{"hunter2", "hunter3"} {
		require.NotContains(t, channel.Address+channel.ID, secret)
	}
	require.NoError(t, s.Deliver(t.Context(), channel.ID, aNotification()))
	got := r.Calls()
	require.Len(t, got, 1)
	require.Equal(t, "run-0198", got[0].ID)
	require.Equal(t, "backup.failed", got[0].Body.Type)
	require.Equal(t, "https://mcm.example.org/tasks/plan:p1~r1", got[0].Body.Data.URL)
	require.Equal(t, "the instance is not enrolled", got[0].Body.Data.Instances[0].Reason)
	for status, kind := range map[int]fault.Kind{302: fault.Unavailable, 500: fault.Unavailable, 404: fault.Unavailable, 410: fault.Invalid} {
		r.Respond(status)
		before := r.Tries()
		err := s.Deliver(t.Context(), channel.ID, aNotification())
		require.Equal(t, kind, fault.KindOf(err), status)
		require.ErrorContains(t, err, fmt.Sprint(status))
		require.Equal(t, before+1, r.Tries(), "no redirect is followed")
	}
	require.Equal(t, fault.NotFound, fault.KindOf(s.Deliver(t.Context(), "webhook-0", aNotification())))
}

func TestDeliver_WebhookErrorsHaveNoSecret(t *testing.T) {
	c := hook(notificationtest.StartReceiver(t))
	c.WebhookURLs = []string{"http://hook:hunter2@127.0.0.1:1/services/T000/thisIsALongSecretOfAChat?key=hunter3"}
	s := open(t, c)
	channel := s.Channels()[0]
	require.Equal(t, "http://127.0.0.1:1/services/T000/this…", channel.Address, "a long part of a path may be a secret")
	err := s.Deliver(t.Context(), channel.ID, aNotification())
	require.ErrorContains(t, err, "the webhook does not respond")
	require.NotContains(t, err.Error(), "hunter")
	require.NotContains(t, err.Error(), "SecretOfAChat")
}

// The example of the specification.
func TestSigner_SpecificationExample(t *testing.T) {
	header := http.Header{}
	header.Set("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek")
	header.Set("webhook-timestamp", "1614265330")
	header.Set("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
	require.True(t, notificationtest.Verify("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", header, []byte(`{"test": 2432232314}`), time.Unix(1614265330, 0)))
}

func TestTruncate(t *testing.T) {
	n := aNotification()
	for range 1000 {
		n.Instances = append(n.Instances, notification.Instance{ID: "i", Name: "n", Reason: i18n.Verbatim(strings.Repeat("é\r\n", 10_000))})
	}
	r := notificationtest.StartReceiver(t)
	s := open(t, hook(r))
	require.NoError(t, s.Deliver(t.Context(), s.Channels()[0].ID, n))
	require.Less(t, len(r.Calls()[0].Raw), 64<<10)
	require.Contains(t, r.Calls()[0].Raw, `"more":951`)
}

func TestOpen_WithoutChannels(t *testing.T) {
	var none *notification.Notifier
	require.Empty(t, none.Channels())
	require.Error(t, none.Deliver(t.Context(), "mail", aNotification()))
	require.Empty(t, open(t, notification.Config{}).Channels())
}
