package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/viper"
)

// Notifications configures the channels of notifications.
type Notifications struct {
	MailTo            []string
	MailFrom          string
	SMTPAddress       string
	SMTPUser          string
	SMTPPasswordFile  string
	SMTPCA            string
	Language          string
	WebhookURLs       []string
	WebhookSecretFile string
}

func notificationsOf(v *viper.Viper) Notifications {
	return Notifications{
		MailTo: listOf(v.GetString("notification-mail-to")), MailFrom: v.GetString("notification-mail-from"), SMTPAddress: v.GetString("smtp-address"),
		SMTPUser: v.GetString("smtp-user"), SMTPPasswordFile: v.GetString("smtp-password-file"), SMTPCA: v.GetString("smtp-tls-ca"),
		Language: v.GetString("notification-language"), WebhookURLs: listOf(v.GetString("notification-webhook-urls")),
		WebhookSecretFile: v.GetString("notification-webhook-secret-file"),
	}
}

func listOf(text string) []string {
	var list []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

// validate rejects channels that cannot work.
func (n Notifications) validate() []error {
	faults := append(n.checkMail(), n.checkWebhooks()...)
	if !oneOf(n.Language, "en", "fr") {
		faults = append(faults, fmt.Errorf("notification-language: %q is neither en nor fr", n.Language))
	}
	for name, file := range map[string]string{"smtp-password-file": n.SMTPPasswordFile, "smtp-tls-ca": n.SMTPCA, "notification-webhook-secret-file": n.WebhookSecretFile} {
		if _, err := os.Stat(file); file != "" && err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
	}
	return faults
}

func (n Notifications) checkMail() []error {
	var faults []error
	for _, a := range n.MailTo {
		if _, err := mail.ParseAddress(a); err != nil {
			faults = append(faults, fmt.Errorf("notification-mail-to: %q is not a mail address", a))
		}
	}
	if _, err := mail.ParseAddress(n.MailFrom); err != nil && (n.MailFrom != "" || len(n.MailTo) > 0) {
		faults = append(faults, fmt.Errorf("notification-mail-from: %q is not a mail address", n.MailFrom))
	}
	if host, _, err := net.SplitHostPort(n.SMTPAddress); (err != nil || host == "") && (n.SMTPAddress != "" || len(n.MailTo) > 0) {
		faults = append(faults, fmt.Errorf("smtp-address: %q is not host:port", n.SMTPAddress))
	}
	if (n.SMTPUser == "") != (n.SMTPPasswordFile == "") {
		faults = append(faults, errors.New("smtp-user and smtp-password-file: one without the other"))
	}
	return faults
}

// checkWebhooks returns errors without URLs, which may contain secrets.
func (n Notifications) checkWebhooks() []error {
	var faults []error
	for i, text := range n.WebhookURLs {
		u, err := url.Parse(text)
		switch {
		case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
			faults = append(faults, fmt.Errorf("notification-webhook-urls: number %d is not a web address", i+1))
		case u.Scheme == "http" && !loopback(u.Hostname()):
			faults = append(faults, fmt.Errorf("notification-webhook-urls: number %d is neither https:// nor on this machine", i+1))
		}
	}
	if len(n.WebhookURLs) > 0 && n.WebhookSecretFile == "" {
		faults = append(faults, errors.New("notification-webhook-secret-file: it is needed with notification-webhook-urls, to sign what is sent"))
	}
	return faults
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
