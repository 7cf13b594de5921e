// Package notificationtest receives notifications in tests: a mail server and a webhook receiver.
package notificationtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// The account of the mail server.
const (
	User     = "manager"
	Password = "open sesame 4711"
)

// Message is a received mail.
type Message struct {
	From   string
	To     []string
	Header mail.Header
	Body   string
	TLS    bool
	User   string
}

// MailServer is a mail server with STARTTLS on this machine. It accepts mail from its user only.
type MailServer struct {
	Address string
	CAFile  string

	t     testing.TB
	serve *smtp.Server

	mu       sync.Mutex
	messages []Message
	refuse   error
}

// StartMail starts a mail server, which ends with the test.
func StartMail(t testing.TB) *MailServer {
	t.Helper()
	certificate, ca := certify(t)
	m := &MailServer{t: t, CAFile: ca}
	m.serve = smtp.NewServer(m)
	m.serve.Domain, m.serve.TLSConfig = "localhost", &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // only for tests
	if err != nil {
		t.Fatal(err)
	}
	m.Address = l.Addr().String()
	go func() { _ = m.serve.Serve(l) }()
	t.Cleanup(func() { _ = m.serve.Close() })
	return m
}

// PasswordFile returns a file with the password of the account.
func (m *MailServer) PasswordFile() string { return write(m.t, "smtp-password", Password+"\n") }

// Refuse lets the server respond to each mail with an error; nil ends this.
func (m *MailServer) Refuse(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refuse = err
}

// Messages returns the received mails.
func (m *MailServer) Messages() []Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Message{}, m.messages...)
}

// NewSession implements smtp.Backend.
func (m *MailServer) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &session{server: m, conn: c}, nil
}

type session struct {
	server *MailServer
	conn   *smtp.Conn
	got    Message
}

// AuthMechanisms implements smtp.AuthSession.
func (*session) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth implements smtp.AuthSession.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != User || password != Password {
			return errors.New("the account is not known")
		}
		s.got.User = user
		return nil
	}), nil
}

// Mail implements smtp.Session.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.got.User == "" {
		return smtp.ErrAuthRequired
	}
	s.got.From = from
	return nil
}

// Rcpt implements smtp.Session.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.got.To = append(s.got.To, to)
	return nil
}

// Data implements smtp.Session.
func (s *session) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(m.Body)
	if err != nil {
		return err
	}
	s.got.Header, s.got.Body = m.Header, string(body)
	_, s.got.TLS = s.conn.TLSConnectionState()
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if s.server.refuse != nil {
		return s.server.refuse
	}
	s.server.messages = append(s.server.messages, s.got)
	return nil
}

// Reset implements smtp.Session.
func (s *session) Reset() { s.got = Message{User: s.got.User} }

// Logout implements smtp.Session.
func (*session) Logout() error { return nil }

// certify creates a self-signed certificate of this machine, and a file with its CA.
func certify(t testing.TB) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	ca := write(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})))
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, ca
}

func write(t testing.TB, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
