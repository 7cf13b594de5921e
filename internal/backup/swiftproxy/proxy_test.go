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

// storage is a fake Swift server that records the requests.
type storage struct {
	*httptest.Server
	requests []*http.Request
	status   int
}

func newStorage(t *testing.T) *storage {
	t.Helper()
	s := &storage{status: http.StatusOK}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		s.requests = append(s.requests, r)
		if r.Method == http.MethodHead {
			w.Header().Set("Content-Length", "4")
			return
		}
		w.WriteHeader(s.status)
		_, _ = io.WriteString(w, "body")
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *storage) proxy(t *testing.T, access swiftproxy.Access) *swiftproxy.Proxy {
	t.Helper()
	base, err := url.Parse(s.URL + "/v1/AUTH_1")
	require.NoError(t, err)
	return swiftproxy.New(base, http.DefaultTransport, "mcm-files-a", access)
}

func send(p *swiftproxy.Proxy, method, path, token string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader("body"))
	r.Header.Set("X-Auth-Token", token)
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w
}

func TestProxy_refusesOtherTokensAndPaths(t *testing.T) {
	s := newStorage(t)
	p, other := s.proxy(t, swiftproxy.ReadWrite), s.proxy(t, swiftproxy.ReadWrite)
	require.NotEqual(t, p.Token, other.Token)
	for _, token := range []string{"", "x", other.Token, p.Token + "x", p.Token[1:]} {
		require.Equal(t, http.StatusUnauthorized, send(p, http.MethodGet, "/v1/mcm/mcm-files-a/x", token).Code)
	}
	for _, path := range []string{"/", "/v1/mcm", "/v1/mcm/", "/v1/mcm/mcm-files-b/x", "/v1/mcm/mcm-files-ab/x", "/v1/mcm/mcm-files-a/../mcm-files-b/x",
		"/v1/mcm/mcm-files-a/%2e%2e/mcm-files-b/x", "/v1/mcm/mcm-files-a/..%2fmcm-files-b/x", "/v1/AUTH_1/mcm-files-a/x", "//v1/mcm/mcm-files-a/x", "/info",
		"/v1/mcm/mcm-files-a/x?multipart-manifest=put", "/v1/mcm/mcm-files-a/x?temp_url_sig=1", "/v1/mcm/mcm-files-a?bulk-delete"} {
		require.Equal(t, http.StatusForbidden, send(p, http.MethodGet, path, p.Token).Code, path)
	}
	for _, method := range []string{http.MethodPost, "COPY", http.MethodOptions, http.MethodPatch, http.MethodConnect} {
		require.Equal(t, http.StatusForbidden, send(p, method, "/v1/mcm/mcm-files-a/x", p.Token).Code, method)
	}
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPost} {
		require.Equal(t, http.StatusForbidden, send(p, method, "/v1/mcm/mcm-files-a", p.Token).Code, "the container itself: "+method)
		require.Equal(t, http.StatusForbidden, send(p, method, "/v1/mcm/mcm-files-a/", p.Token).Code, "the container itself: "+method)
	}
	require.Empty(t, s.requests, "a refused request was forwarded")

	require.Equal(t, http.StatusOK, send(p, http.MethodGet, "/v1/mcm/mcm-files-a/data/a%20b%3F?prefix=p&format=json", p.Token).Code)
	require.Equal(t, "/v1/AUTH_1/mcm-files-a/data/a%20b%3F?format=json&prefix=p", s.requests[0].RequestURI)
}

// Some headers copy objects of other containers or refer to them. The proxy must not forward these headers.
func TestProxy_dropsOtherHeaders(t *testing.T) {
	s := newStorage(t)
	p := s.proxy(t, swiftproxy.ReadWrite)
	w := send(p, http.MethodPut, "/v1/mcm/mcm-files-a/x", p.Token, func(r *http.Request) {
		for _, name := range []string{"X-Copy-From", "X-Copy-From-Account", "X-Object-Manifest", "X-Symlink-Target", "X-Container-Read", "X-Service-Token", "Destination", "Cookie"} {
			r.Header.Set(name, "/other/secret")
		}
		r.Header.Set("Etag", "1")
	})
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "1", s.requests[0].Header.Get("Etag"))
	for name, values := range s.requests[0].Header {
		require.NotContains(t, values, "/other/secret", name)
		require.NotContains(t, values, p.Token, name)
	}
}

func TestProxy_accessLevels(t *testing.T) {
	s := newStorage(t)
	for _, c := range []struct {
		access          swiftproxy.Access
		put, del, locks int
	}{{swiftproxy.ReadOnly, 403, 403, 200}, {swiftproxy.Append, 200, 403, 200}, {swiftproxy.ReadWrite, 200, 200, 200}} {
		p := s.proxy(t, c.access)
		require.Equal(t, http.StatusOK, send(p, http.MethodGet, "/v1/mcm/mcm-files-a/data/x", p.Token).Code)
		require.Equal(t, c.put, send(p, http.MethodPut, "/v1/mcm/mcm-files-a/data/x", p.Token).Code)
		require.Equal(t, c.del, send(p, http.MethodDelete, "/v1/mcm/mcm-files-a/data/x", p.Token).Code)
		require.Equal(t, c.locks, send(p, http.MethodPut, "/v1/mcm/mcm-files-a/locks/x", p.Token).Code)
		require.Equal(t, c.locks, send(p, http.MethodDelete, "/v1/mcm/mcm-files-a/locks/x", p.Token).Code)
		require.Equal(t, http.StatusForbidden, send(p, http.MethodPut, "/v1/mcm/mcm-files-a/locks/../data/x", p.Token).Code)
	}
	p := s.proxy(t, swiftproxy.Append)
	s.requests = nil
	send(p, http.MethodPut, "/v1/mcm/mcm-files-a/data/x", p.Token)
	require.Equal(t, "*", s.requests[0].Header.Get("If-None-Match"), "an existing object must not be replaced")
}

// If the response to an upload is lost, the engine repeats the upload and the storage reports that the object exists.
func TestProxy_repeatedUploadSucceeds(t *testing.T) {
	s := newStorage(t)
	s.status = http.StatusPreconditionFailed
	p := s.proxy(t, swiftproxy.Append)
	require.Equal(t, http.StatusCreated, send(p, http.MethodPut, "/v1/mcm/mcm-files-a/data/x", p.Token).Code)
	require.NoError(t, p.LastError())
	longer := func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader("longer")), 6 }
	require.Equal(t, http.StatusPreconditionFailed, send(p, http.MethodPut, "/v1/mcm/mcm-files-a/data/x", p.Token, longer).Code, "an object of another length")
}

func TestProxy_LastError(t *testing.T) {
	for status, kind := range map[int]fault.Kind{503: fault.Unavailable, 500: fault.Unavailable, 413: fault.Quota, 403: fault.Unavailable, 401: fault.Unavailable, 404: "", 200: ""} {
		s := newStorage(t)
		s.status = status
		p := s.proxy(t, swiftproxy.ReadWrite)
		require.Equal(t, status, send(p, http.MethodPut, "/v1/mcm/mcm-files-a/x", p.Token).Code)
		require.Equal(t, kind, fault.KindOf(p.LastError()), "%d", status)
		require.EqualValues(t, 4, p.BytesUploaded())
	}
	s := newStorage(t)
	p := s.proxy(t, swiftproxy.ReadWrite)
	s.Close()
	require.Equal(t, http.StatusServiceUnavailable, send(p, http.MethodGet, "/v1/mcm/mcm-files-a/x", p.Token).Code)
	require.Equal(t, fault.Unavailable, fault.KindOf(p.LastError()))
}
