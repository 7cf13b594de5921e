package notification

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"mycloudmanager/internal/fault"
)

const (
	mailTimeout = 30 * time.Second
	// submissionPorts are the ports with implicit TLS. https://www.rfc-editor.org/rfc/rfc8314
	submissionPorts = 465
)

// mailer returns a client of the SMTP server. STARTTLS is required unless the server is on this machine; a password is
// never sent unencrypted.
func (s *Notifier) mailer() (*mail.Client, error) {
	host, port, err := s.smtpClient()
	if err != nil {
		return nil, err
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	if t.RootCAs, err = authorities(s.config.SMTPCAFile); err != nil {
		return nil, err
	}
	options := []mail.Option{mail.WithPort(port), mail.WithTimeout(mailTimeout), mail.WithTLSConfig(t), mail.WithTLSPolicy(mail.TLSMandatory)}
	switch {
	case port == submissionPorts:
		options = append(options, mail.WithSSL())
	case Loopback(host):
		options = append(options, mail.WithTLSPolicy(mail.TLSOpportunistic))
	}
	if s.config.SMTPUser != "" {
		password, err := secretFile("smtp-password-file", s.config.SMTPPasswordFile)
		if err != nil {
			return nil, err
		}
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(s.config.SMTPUser), mail.WithPassword(password))
	}
	client, err := mail.NewClient(host, options...)
	if err != nil {
		return nil, fault.New(fault.Unavailable, err, "the mail cannot be sent: %v", err)
	}
	return client, nil
}

func (s *Notifier) smtpClient() (host string, port int, err error) {
	host, number, err := net.SplitHostPort(s.config.SMTPAddress)
	if err == nil {
		port, err = strconv.Atoi(number)
	}
	if err != nil {
		return "", 0, fault.New(fault.Unavailable, err, "the mail cannot be sent: %v", err)
	}
	return host, port, nil
}

// authorities reads a CA file; nil selects the CAs of the system.
func authorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fault.New(fault.Unavailable, err, "%s: the file cannot be read", "smtp-tls-ca")
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fault.New(fault.Unavailable, nil, "%s: the file holds no certificate", "smtp-tls-ca")
	}
	return pool, nil
}

// mail sends the notification as one message to all recipients. Its Message-ID is derived from the notification ID, so
// that receivers detect a repetition.
func (s *Notifier) mail(ctx context.Context, n Notification) error {
	m, err := s.message(n)
	if err != nil {
		return fault.New(fault.Unavailable, err, "the mail cannot be sent: %v", err)
	}
	client, err := s.mailer()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, mailTimeout)
	defer cancel()
	if err := client.DialAndSendWithContext(ctx, m); err != nil {
		return fault.New(fault.Unavailable, err, "the mail cannot be sent: %v", line(err.Error()))
	}
	return nil
}

func (s *Notifier) message(n Notification) (*mail.Msg, error) {
	m := mail.NewMsg()
	if err := m.From(s.config.MailFrom); err != nil {
		return nil, err
	}
	if err := m.To(s.config.MailTo...); err != nil {
		return nil, err
	}
	text := s.render(n)
	m.Subject(text.subject)
	m.SetDateWithValue(n.At)
	m.SetMessageIDWithValue(n.ID + "@" + domainOf(s.config.MailFrom))
	m.SetGenHeader("Auto-Submitted", "auto-generated") // no automatic replies: RFC 3834
	m.SetBodyString(mail.TypeTextPlain, text.body)
	return m, nil
}

func domainOf(address string) string {
	_, domain, _ := strings.Cut(strings.TrimRight(address[strings.LastIndex(address, "<")+1:], "> "), "@")
	return domain
}
