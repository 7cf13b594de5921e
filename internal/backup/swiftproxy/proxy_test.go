package swiftproxy_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mycloudmanager/internal/backup/swiftproxy"
	"mycloudmanager/internal/fault"
)

// storage is a Swift of a few lines that keeps what it was asked.
type storage struct {
	*httptest.Server
	asked  []*http.Request
	status int
}

func newStorage(t *testing.T) *storage {
	t.Helper()
	s := &storage{status: http.StatusOK}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		s.asked = append(s.asked, r)
		if r.Method == http.MethodHead {
			w.Header().Set("Content-Length", "4")
			return
		}
		w.WriteHeader(s.status)
		_, _ = io.WriteString(w, "said")
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *storage) door(t *testing.T, right swiftproxy.Access) *swiftproxy.Proxy {
	t.Helper()
	base, err := url.Parse(s.URL + "/v1/AUTH_1")
	require.NoError(t, err)
	return swiftproxy.New(base, http.DefaultTransport, "mcm-files-a", right)
}

func ask(d *swiftproxy.Proxy, method, path, token string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader("body"))
	r.Header.Set("X-Auth-Token", token)
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

func TestOnlyTheTokenAndTheContainerOpenTheDoor(t *testing.T) {
	s := newStorage(t)
	d, other := s.door(t, swiftproxy.ReadWrite), s.door(t, swiftproxy.ReadWrite)
	require.NotEqual(t, d.Token, other.Token)
	for _, token := range []string{"", "x", other.Token, d.Token + "x", d.Token[1:]} {
		require.Equal(t, http.StatusUnauthorized, ask(d, http.MethodGet, "/v1/mcm/mcm-files-a/x", token).Code)
	}
	for _, path := range []string{"/", "/v1/mcm", "/v1/mcm/", "/v1/mcm/mcm-files-b/x", "/v1/mcm/mcm-files-ab/x", "/v1/mcm/mcm-files-a/../mcm-files-b/x",
		"/v1/mcm/mcm-files-a/%2e%2e/mcm-files-b/x", "/v1/mcm/mcm-files-a/..%2fmcm-files-b/x", "/v1/AUTH_1/mcm-files-a/x", "//v1/mcm/mcm-files-a/x", "/info",
		"/v1/mcm/mcm-files-a/x?multipart-manifest=put", "/v1/mcm/mcm-files-a/x?temp_url_sig=1", "/v1/mcm/mcm-files-a?bulk-delete"} {
		require.Equal(t, http.StatusForbidden, ask(d, http.MethodGet, path, d.Token).Code, path)
	}
	for _, method := range []string{http.MethodPost, "COPY", http.MethodOptions, http.MethodPatch, http.MethodConnect} {
		require.Equal(t, http.StatusForbidden, ask(d, method, "/v1/mcm/mcm-files-a/x", d.Token).Code, method)
	}
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPost} {
		require.Equal(t, http.StatusForbidden, ask(d, method, "/v1/mcm/mcm-files-a", d.Token).Code, "the container itself: "+method)
		require.Equal(t, http.StatusForbidden, ask(d, method, "/v1/mcm/mcm-files-a/", d.Token).Code, "the container itself: "+method)
	}
	require.Empty(t, s.asked, "nothing has come through")

	require.Equal(t, http.StatusOK, ask(d, http.MethodGet, "/v1/mcm/mcm-files-a/data/a%20b%3F?prefix=p&format=json", d.Token).Code)
	require.Equal(t, "/v1/AUTH_1/mcm-files-a/data/a%20b%3F?format=json&prefix=p", s.asked[0].RequestURI)
}

// An object can be made of another container's: by headers that copy or name parts.
func TestNoHeaderLeadsElsewhere(t *testing.T) {
	s := newStorage(t)
	d := s.door(t, swiftproxy.ReadWrite)
	w := ask(d, http.MethodPut, "/v1/mcm/mcm-files-a/x", d.Token, func(r *http.Request) {
		for _, name := range []string{"X-Copy-From", "X-Copy-From-Account", "X-Object-Manifest", "X-Symlink-Target", "X-Container-Read", "X-Service-Token", "Destination", "Cookie"} {
			r.Header.Set(name, "/other/secret")
		}
		r.Header.Set("Etag", "1")
	})
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "1", s.asked[0].Header.Get("Etag"))
	for name, values := range s.asked[0].Header {
		require.NotContains(t, values, "/other/secret", name)
		require.NotContains(t, values, d.Token, name)
	}
}

func TestRightsGoAsFarAsTheRun(t *testing.T) {
	s := newStorage(t)
	for _, c := range []struct {
		right           swiftproxy.Access
		put, del, locks int
	}{{swiftproxy.ReadOnly, 403, 403, 200}, {swiftproxy.Append, 200, 403, 200}, {swiftproxy.ReadWrite, 200, 200, 200}} {
		d := s.door(t, c.right)
		require.Equal(t, http.StatusOK, ask(d, http.MethodGet, "/v1/mcm/mcm-files-a/data/x", d.Token).Code)
		require.Equal(t, c.put, ask(d, http.MethodPut, "/v1/mcm/mcm-files-a/data/x", d.Token).Code)
		require.Equal(t, c.del, ask(d, http.MethodDelete, "/v1/mcm/mcm-files-a/data/x", d.Token).Code)
		require.Equal(t, c.locks, ask(d, http.MethodPut, "/v1/mcm/mcm-files-a/locks/x", d.Token).Code)
		require.Equal(t, c.locks, ask(d, http.MethodDelete, "/v1/mcm/mcm-files-a/locks/x", d.Token).Code)
		require.Equal(t, http.StatusForbidden, ask(d, http.MethodPut, "/v1/mcm/mcm-files-a/locks/../data/x", d.Token).Code)
	}
	d := s.door(t, swiftproxy.Append)
	s.asked = nil
	ask(d, http.MethodPut, "/v1/mcm/mcm-files-a/data/x", d.Token)
	require.Equal(t, "*", s.asked[0].Header.Get("If-None-Match"), "what is there is not replaced")
}

// A request whose answer was lost is made again by the engine, and finds what it has stored.
func TestAnObjectThatIsThereAlreadyIsTakenForStored(t *testing.T) {
	s := newStorage(t)
	s.status = http.StatusPreconditionFailed
	d := s.door(t, swiftproxy.Append)
	require.Equal(t, http.StatusCreated, ask(d, http.MethodPut, "/v1/mcm/mcm-files-a/data/x", d.Token).Code)
	require.NoError(t, d.LastError())
	longer := func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader("longer")), 6 }
	require.Equal(t, http.StatusPreconditionFailed, ask(d, http.MethodPut, "/v1/mcm/mcm-files-a/data/x", d.Token, longer).Code, "another one")
}

func TestTroubleSaysWhyTheStorageRefused(t *testing.T) {
	for status, kind := range map[int]fault.Kind{503: fault.Unavailable, 500: fault.Unavailable, 413: fault.Quota, 403: fault.Unavailable, 401: fault.Unavailable, 404: "", 200: ""} {
		s := newStorage(t)
		s.status = status
		d := s.door(t, swiftproxy.ReadWrite)
		require.Equal(t, status, ask(d, http.MethodPut, "/v1/mcm/mcm-files-a/x", d.Token).Code)
		require.Equal(t, kind, fault.KindOf(d.LastError()), "%d", status)
		require.EqualValues(t, 4, d.BytesUploaded())
	}
	s := newStorage(t)
	d := s.door(t, swiftproxy.ReadWrite)
	s.Close()
	require.Equal(t, http.StatusServiceUnavailable, ask(d, http.MethodGet, "/v1/mcm/mcm-files-a/x", d.Token).Code)
	require.Equal(t, fault.Unavailable, fault.KindOf(d.LastError()))
}
