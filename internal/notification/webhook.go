package notification

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"mycloudmanager/internal/fault"
)

const (
	webhookTimeout = 15 * time.Second
	// maxResponse is how much of an answer is read, so that the connection may be used again.
	maxResponse = 4 << 10
)

// webhookClient follows no redirect: what was signed for one receiver is not shown to another.
func webhookClient() *http.Client {
	return &http.Client{
		Timeout:       webhookTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, TLSHandshakeTimeout: 10 * time.Second,
			MaxResponseHeaderBytes: 64 << 10, MaxIdleConns: 4, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
		},
	}
}

// event is the body of a webhook.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
type event struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Text      string    `json:"text"` // what chat programs show
	Data      eventData `json:"data"`
}

type eventData struct {
	Notification
	URL string `json:"url"`
}

// typeOf is what receivers choose by.
func typeOf(k Kind) string {
	if k == Test {
		return "notification.test"
	}
	return "backup." + string(k)
}

// post sends the notification, signed. Any answer of success is one; 410 asks us not to come again.
func (s *Notifier) post(ctx context.Context, where string, n Notification) error {
	signer, err := s.signer()
	if err != nil {
		return err
	}
	text := s.render(n)
	body, err := json.Marshal(event{Type: typeOf(n.Kind), Timestamp: n.At.UTC(), Text: text.subject, Data: eventData{n, s.link(n)}})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, where, bytes.NewReader(body))
	if err != nil {
		return fault.New(fault.Unavailable, nil, "the webhook's address cannot be used")
	}
	now := time.Now()
	signature, err := signer.Sign(n.ID, now, body)
	if err != nil {
		return fault.New(fault.Internal, err, "the webhook cannot be signed: %v", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "MyCloudManager")
	request.Header.Set("Webhook-Id", n.ID)
	request.Header.Set("Webhook-Timestamp", strconv.FormatInt(now.Unix(), 10))
	request.Header.Set("Webhook-Signature", signature)
	answer, err := s.client.Do(request)
	if err != nil {
		return fault.New(fault.Unavailable, err, "the webhook does not answer: %v", urlError(err))
	}
	defer answer.Body.Close() //nolint:errcheck // nothing of it is needed
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, maxResponse))
	switch {
	case answer.StatusCode/100 == 2:
		return nil
	case answer.StatusCode == http.StatusGone:
		return fault.New(fault.Invalid, nil, "the webhook answers 410: it does not want to be called any more")
	}
	return fault.New(fault.Unavailable, nil, "the webhook answers %d", answer.StatusCode)
}

// urlError is what went wrong without the URL, which may hold a secret.
func urlError(err error) string {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	return line(err.Error())
}

const (
	secretPrefix = "whsec_"
	minSecret    = 24 // bytes, as the convention has it
	maxSecret    = 64
)

// signer signs webhooks as Standard Webhooks prescribes (https://www.standardwebhooks.com) with the secret of the settings.
func (s *Notifier) signer() (*standardwebhooks.Webhook, error) {
	text, err := secretFile("notification-webhook-secret-file", s.config.SecretFile)
	if err != nil {
		return nil, err
	}
	secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, secretPrefix))
	if err != nil || len(secret) < minSecret || len(secret) > maxSecret { // the fault must not tell what it read
		return nil, fault.New(fault.Unavailable, nil, "notification-webhook-secret-file: whsec_ and 24 to 64 bytes in base64 are needed, as of: echo whsec_$(openssl rand -base64 32)")
	}
	return standardwebhooks.NewWebhookRaw(secret)
}
