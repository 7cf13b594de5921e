package notificationtest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Secret is the signing secret of tests.
const Secret = "whsec_bm8gcmVhbCBzZWNyZXQsIG9ubHkgYSB0ZXN0J3M="

// Call is one webhook with a valid signature.
type Call struct {
	ID   string
	Body struct {
		Type string `json:"type"`
		Text string `json:"text"`
		Data struct {
			ID        string `json:"id"`
			Kind      string `json:"kind"`
			URL       string `json:"url"`
			Reason    string `json:"reason"`
			Missed    int    `json:"missed_runs"`
			Plan      struct{ ID, Name string }
			Instances []struct{ ID, Name, Reason string }
		} `json:"data"`
	}
	Raw string
}

// Receiver receives webhooks and verifies their signatures as the specification requires.
type Receiver struct {
	URL string // contains secrets

	t      testing.TB
	mu     sync.Mutex
	calls  []Call
	tries  int
	status int
}

// The secret parts of the receiver's URL.
const (
	UserInfo = "hook:hunter2"
	Query    = "key=hunter3"
)

// StartReceiver starts a receiver, which ends with the test.
func StartReceiver(t testing.TB) *Receiver {
	t.Helper()
	r := &Receiver{t: t}
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	r.URL = strings.Replace(s.URL, "http://", "http://"+UserInfo+"@", 1) + "/notifications?" + Query
	return r
}

// SecretFile returns a file with the signing secret.
func (r *Receiver) SecretFile() string { return write(r.t, "webhook-secret", Secret+"\n") }

// Respond sets the status of the responses; 0 resets it to success.
func (r *Receiver) Respond(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// Calls returns the received webhooks.
func (r *Receiver) Calls() []Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Call{}, r.calls...)
}

// Tries returns the number of requests.
func (r *Receiver) Tries() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tries
}

// ServeHTTP implements http.Handler.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	raw, err := io.ReadAll(io.LimitReader(request.Body, 1<<20))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tries++
	call := Call{ID: request.Header.Get("webhook-id"), Raw: string(raw)}
	switch {
	case err != nil || request.Method != http.MethodPost || json.Unmarshal(raw, &call.Body) != nil:
		w.WriteHeader(http.StatusBadRequest)
	case !Verify(Secret, request.Header, raw, time.Now()):
		r.t.Errorf("a webhook's signature is wrong: %v", request.Header)
		w.WriteHeader(http.StatusUnauthorized)
	case r.status != 0:
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(r.status)
	default:
		r.calls = append(r.calls, call)
		w.WriteHeader(http.StatusNoContent)
	}
}

// Verify verifies a signature. It was written from the specification:
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
func Verify(secret string, header http.Header, body []byte, now time.Time) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return false
	}
	at, err := strconv.ParseInt(header.Get("webhook-timestamp"), 10, 64)
	if err != nil || now.Sub(time.Unix(at, 0)).Abs() > 5*time.Minute {
		return false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(header.Get("webhook-id") + "." + header.Get("webhook-timestamp") + "." + string(body)))
	for signature := range strings.FieldsSeq(header.Get("webhook-signature")) {
		version, text, _ := strings.Cut(signature, ",")
		got, err := base64.StdEncoding.DecodeString(text)
		if version == "v1" && err == nil && hmac.Equal(got, mac.Sum(nil)) {
			return true
		}
	}
	return false
}
