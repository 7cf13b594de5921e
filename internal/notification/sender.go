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

// Config says where notifications go. Secrets are in files, which are read at each delivery: a new secret
// needs no restart.
type Config struct {
	MailTo           []string
	MailFrom         string
	SMTPAddress      string // host:port
	SMTPUser         string
	SMTPPasswordFile string
	SMTPCAFile       string // "" is the system's
	WebhookURLs      []string
	SecretFile       string // of webhooks: whsec_ and base64
	Language         string
	PublicURL        string // of the manager, for links
}

// Notifier delivers notifications. The one without channels delivers none.
type Notifier struct {
	config Config
	client *http.Client
}

// Open checks that what deliveries need can be read.
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

// Channels are those that are configured, mail first.
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

// webhookID names a webhook without its URL, which may hold a secret.
func webhookID(u string) string {
	sum := sha256.Sum256([]byte(u))
	return "webhook-" + hex.EncodeToString(sum[:4])
}

// maxPart of a path is shown: chat services have their secret there.
const maxPart = 20

// displayURL is a URL without what may be secret in it.
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

// Deliver sends the notification to one channel, once. What may be otherwise later is unavailable. Whoever sees
// the same notification twice knows it by its id.
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

// link is a page of the manager.
func (s *Notifier) link(n Notification) string {
	switch {
	case n.Task != "":
		return s.config.PublicURL + "/tasks/" + url.PathEscape(n.Task)
	case n.Plan.ID != "":
		return s.config.PublicURL + "/backups/plans/" + url.PathEscape(n.Plan.ID)
	}
	return s.config.PublicURL + "/backups"
}

// secretFile reads a secret, without the line's end that editors leave.
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

// Loopback reports whether a host is this machine: only there may what is sent go unencrypted.
func Loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
