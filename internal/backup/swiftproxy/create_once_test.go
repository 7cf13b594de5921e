package swiftproxy_test

import (
	"crypto/md5" //nolint:gosec // the checksum that Swift keeps
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

// Of an object whose length is not told beforehand the bytes are compared, also when the storage refuses before it has read them.
func TestAnObjectOfNoLengthIsComparedByItsBytes(t *testing.T) {
	there := strings.Repeat("stored before; ", 100_000)
	for _, early := range []bool{false, true} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead {
				sum := md5.Sum([]byte(there)) //nolint:gosec // as above
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
		d := swiftproxy.New(base, http.DefaultTransport, "mcm-files-a", swiftproxy.Append)
		put := func(text string) int {
			return ask(d, http.MethodPut, "/v1/mcm/mcm-files-a/x", d.Token, func(r *http.Request) {
				r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), -1
			}).Code
		}
		require.Equal(t, http.StatusCreated, put(there), "early: %v", early)
		require.Equal(t, http.StatusPreconditionFailed, put(strings.Replace(there, "before", "behind", 1)), "another of the same length")
		require.Equal(t, http.StatusPreconditionFailed, put("shorter"))
	}
}

// What is stored says by which run, whatever the instance says, and comes no faster than it may.
func TestWhatIsStoredIsMarkedAndHeldBack(t *testing.T) {
	s := newStorage(t)
	d := s.door(t, swiftproxy.Append)
	d.RunID, d.Limit = "run-1", 100_000
	start := time.Now()
	ask(d, http.MethodPut, "/v1/mcm/mcm-files-a/x", d.Token, func(r *http.Request) {
		r.Header.Set(swiftproxy.RunHeader, "run-2")
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(strings.Repeat("x", 150_000))), 150_000
	})
	require.Equal(t, []string{"run-1"}, s.asked[0].Header.Values(swiftproxy.RunHeader))
	require.Greater(t, time.Since(start), 400*time.Millisecond, "the first second's bytes may come at once")
	require.EqualValues(t, 150_000, d.BytesUploaded())
	ask(d, http.MethodGet, "/v1/mcm/mcm-files-a/x", d.Token)
	require.Empty(t, s.asked[1].Header.Values(swiftproxy.RunHeader))
}
