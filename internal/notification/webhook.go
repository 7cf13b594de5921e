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
	// maxResponse is the number of bytes read from a response, so that the connection can be reused.
	maxResponse = 4 << 10
)

// webhookClient follows no redirects: a request that was signed for one receiver must not be sent to another.
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
	Text      string    `json:"text"` // shown by chat programs
	Data      eventData `json:"data"`
}

type eventData struct {
	Notification
	URL string `json:"url"`
}

// typeOf returns the event type, which receivers filter by.
func typeOf(k Kind) string {
	if k == Test {
		return "notification.test"
	}
	return "backup." + string(k)
}

// post sends the signed notification. Any 2xx response is a success; 410 asks the sender to stop.
func (s *Notifier) post(ctx context.Context, where string, n Notification) error {
	signer, err := s.signer()
	if err != nil {
		return err
	}
	text := s.render(n)
	n = n.localized(s.config.Language)
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
	response, err := s.client.Do(request)
	if err != nil {
		return fault.New(fault.Unavailable, err, "the webhook does not respond: %v", urlError(err))
	}
	defer response.Body.Close() //nolint:errcheck // the body is not needed
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxResponse))
	switch {
	case response.StatusCode/100 == 2:
		return nil
	case response.StatusCode == http.StatusGone:
		return fault.New(fault.Invalid, nil, "the webhook responds 410: remove it from the configuration")
	}
	return fault.New(fault.Unavailable, nil, "the webhook responds %d", response.StatusCode)
}

// urlError returns the error without the URL, which may contain a secret.
func urlError(err error) string {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	return line(err.Error())
}

const (
	secretPrefix = "whsec_"
	minSecret    = 24 // bytes, as in the specification
	maxSecret    = 64
)

// signer signs webhooks as Standard Webhooks specifies (https://www.standardwebhooks.com), with the secret of the
// configuration.
func (s *Notifier) signer() (*standardwebhooks.Webhook, error) {
	text, err := secretFile("notification-webhook-secret-file", s.config.SecretFile)
	if err != nil {
		return nil, err
	}
	secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, secretPrefix))
	if err != nil || len(secret) < minSecret || len(secret) > maxSecret { // the fault must not contain the secret
		return nil, fault.New(fault.Unavailable, nil, "notification-webhook-secret-file: whsec_ and 24 to 64 bytes in base64 are needed, as of: echo whsec_$(openssl rand -base64 32)")
	}
	return standardwebhooks.NewWebhookRaw(secret)
}
