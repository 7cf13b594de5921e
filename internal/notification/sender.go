package notification

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"mycloudmanager/internal/fault"
)

// Config describes the channels. Secrets are in files that are read for each delivery, so a new secret needs no restart.
type Config struct {
	MailTo           []string
	MailFrom         string
	SMTPAddress      string // host:port
	SMTPUser         string
	SMTPPasswordFile string
	SMTPCAFile       string // "": the CAs of the system
	WebhookURLs      []string
	SecretFile       string // of webhooks: whsec_ and base64
	Language         string
	PublicURL        string // of the manager, for links
}

// Notifier delivers notifications. Without channels it delivers none.
type Notifier struct {
	config Config
	client *http.Client
}

// Open checks that the files of the configuration can be read.
func Open(c Config) (*Notifier, error) {
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	s := &Notifier{config: c, client: webhookClient()}
	if len(c.MailTo) > 0 {
		if _, err := s.mailer(); err != nil {
			return nil, err
		}
	}
	if len(c.WebhookURLs) > 0 {
		if _, err := s.signer(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

const mailID = "mail"

// Channels returns the configured channels, mail first.
func (s *Notifier) Channels() []Channel {
	list := []Channel{}
	if s == nil {
		return list
	}
	if len(s.config.MailTo) > 0 {
		list = append(list, Channel{ID: mailID, Kind: Mail, Address: strings.Join(s.config.MailTo, ", ")})
	}
	for _, u := range s.config.WebhookURLs {
		list = append(list, Channel{ID: webhookID(u), Kind: Webhook, Address: displayURL(u)})
	}
	return list
}

// webhookID returns an ID for a webhook without its URL, which may contain a secret.
func webhookID(u string) string {
	sum := sha256.Sum256([]byte(u))
	return "webhook-" + hex.EncodeToString(sum[:4])
}

// maxPart limits the length of a path segment that is shown: chat services have their secret there.
const maxPart = 20

// displayURL returns the URL without parts that may be secret.
func displayURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	parts := strings.Split(u.Path, "/")
	for i, part := range parts {
		if len(part) > maxPart {
			parts[i] = part[:4] + "…"
		}
	}
	return u.Scheme + "://" + u.Host + strings.Join(parts, "/")
}

// Deliver sends the notification to one channel, once. A failure that may be temporary is unavailable. Receivers detect
// a repetition by the notification ID.
func (s *Notifier) Deliver(ctx context.Context, channel string, n Notification) error {
	n = n.Truncate()
	if channel == mailID && s != nil && len(s.config.MailTo) > 0 {
		return s.mail(ctx, n)
	}
	if s != nil {
		at := slices.IndexFunc(s.config.WebhookURLs, func(u string) bool { return webhookID(u) == channel })
		if at >= 0 {
			return s.post(ctx, s.config.WebhookURLs[at], n)
		}
	}
	return fault.New(fault.NotFound, nil, "the channel is no longer configured")
}

// link returns the URL of a page of the manager.
func (s *Notifier) link(n Notification) string {
	switch {
	case n.Task != "":
		return s.config.PublicURL + "/tasks/" + url.PathEscape(n.Task)
	case n.Plan.ID != "":
		return s.config.PublicURL + "/backups/plans/" + url.PathEscape(n.Plan.ID)
	}
	return s.config.PublicURL + "/backups"
}

// secretFile reads a secret without the trailing line break.
func secretFile(setting, file string) (string, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return "", fault.New(fault.Unavailable, err, "%s: the file cannot be read", setting)
	}
	text := strings.TrimSpace(string(raw))
	if text == "" {
		return "", fault.New(fault.Unavailable, nil, "%s: the file is empty", setting)
	}
	return text, nil
}

// Loopback reports whether a host is this machine: only then may data be sent unencrypted.
func Loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
