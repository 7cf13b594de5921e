package swiftproxy_test

import (
	"crypto/md5" //nolint:gosec // Swift uses MD5 for Etag
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/backup/swiftproxy"
)

// Uploads without a content length are compared by checksum, also if the storage refuses them before it has read the body.
func TestProxy_repeatedUploadWithoutLength(t *testing.T) {
	existing := strings.Repeat("stored before; ", 100_000)
	for _, early := range []bool{false, true} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead {
				sum := md5.Sum([]byte(existing)) //nolint:gosec // as above
				w.Header().Set("Etag", hex.EncodeToString(sum[:]))
				w.Header().Set("Content-Length", "1500000")
				return
			}
			if !early {
				_, _ = io.Copy(io.Discard, r.Body)
			}
			w.WriteHeader(http.StatusPreconditionFailed)
		}))
		t.Cleanup(s.Close)
		base, err := url.Parse(s.URL + "/v1/AUTH_1")
		require.NoError(t, err)
		p := swiftproxy.New(base, http.DefaultTransport, "mcm-files-a", swiftproxy.Append)
		put := func(text string) int {
			return send(p, http.MethodPut, "/v1/mcm/mcm-files-a/x", p.Token, func(r *http.Request) {
				r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), -1
			}).Code
		}
		require.Equal(t, http.StatusCreated, put(existing), "early: %v", early)
		require.Equal(t, http.StatusPreconditionFailed, put(strings.Replace(existing, "before", "behind", 1)), "other content of the same length")
		require.Equal(t, http.StatusPreconditionFailed, put("shorter"))
	}
}

// The proxy sets the run header on uploads, overrides a value sent by the instance, and limits the upload rate.
func TestProxy_setsRunHeaderAndLimitsRate(t *testing.T) {
	s := newStorage(t)
	p := s.proxy(t, swiftproxy.Append)
	p.RunID, p.Limit = "run-1", 100_000
	start := time.Now()
	send(p, http.MethodPut, "/v1/mcm/mcm-files-a/x", p.Token, func(r *http.Request) {
		r.Header.Set(swiftproxy.RunHeader, "run-2")
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(strings.Repeat("x", 150_000))), 150_000
	})
	require.Equal(t, []string{"run-1"}, s.requests[0].Header.Values(swiftproxy.RunHeader))
	require.Greater(t, time.Since(start), 400*time.Millisecond, "the limit allows a burst of one second")
	require.EqualValues(t, 150_000, p.BytesUploaded())
	send(p, http.MethodGet, "/v1/mcm/mcm-files-a/x", p.Token)
	require.Empty(t, s.requests[1].Header.Values(swiftproxy.RunHeader))
}
