package swiftproxy

import (
	"context"
	"crypto/md5" //nolint:gosec // Swift uses MD5 for Etag
	"encoding/hex"
	"hash"
	"io"
	"net/http"
	"strings"
	"sync"
)

// createOnce makes uploads with If-None-Match idempotent. If the storage reports that the object already exists, and the existing
// object equals the uploaded one, createOnce reports success: the response to an earlier upload was lost. If the request states
// a content length, the lengths are compared, because the engines that do so use content-based object names. Otherwise the
// checksums are compared.
type createOnce struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (o *createOnce) RoundTrip(r *http.Request) (*http.Response, error) {
	var body *hashingReader
	if r.Method == http.MethodPut && r.ContentLength < 0 && r.Body != nil {
		body = &hashingReader{source: r.Body, sum: md5.New()} //nolint:gosec // as above
		r = r.Clone(r.Context())
		r.Body = body
	}
	response, err := o.next.RoundTrip(r)
	if err != nil || response.StatusCode != http.StatusPreconditionFailed || r.Method != http.MethodPut {
		return response, err
	}
	existing, err := o.head(r.Context(), r.URL.String())
	if err != nil || existing.StatusCode/100 != 2 || !equal(existing, r, body) {
		return response, nil //nolint:nilerr // the client gets the original refusal
	}
	_ = response.Body.Close() // the response is replaced
	return &http.Response{StatusCode: http.StatusCreated, Status: "201 Created", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Etag": existing.Header["Etag"]}, Body: http.NoBody, Request: r}, nil
}

// equal reports whether the existing object has the content of the request.
func equal(existing *http.Response, r *http.Request, body *hashingReader) bool {
	if body == nil {
		return existing.ContentLength == r.ContentLength
	}
	length, sum, err := body.rest()
	return err == nil && length == existing.ContentLength && sum == strings.Trim(existing.Header.Get("Etag"), `"`)
}

func (o *createOnce) head(ctx context.Context, url string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodHead, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := o.next.RoundTrip(r)
	if err == nil {
		_ = response.Body.Close() // a response to HEAD has no body
	}
	return response, err
}

// hashingReader computes the checksum of a request body while the body is read. The storage may refuse the request before the
// transport has read the whole body. Therefore Close does not close the source, so that rest can read the remainder. The owner of
// the source closes it.
type hashingReader struct {
	mu     sync.Mutex
	source io.Reader
	sum    hash.Hash
	n      int64
	closed bool
}

// Read implements io.Reader for the transport.
func (s *hashingReader) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, http.ErrBodyReadAfterClose
	}
	return s.read(p)
}

func (s *hashingReader) read(p []byte) (int, error) {
	n, err := s.source.Read(p)
	_, _ = s.sum.Write(p[:n]) // hash.Hash.Write never returns an error
	s.n += int64(n)
	return n, err
}

// Close implements io.Closer.
func (s *hashingReader) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

// rest reads the remainder of the source and returns the length in bytes and the checksum of the whole body.
func (s *hashingReader) rest() (length int64, sum string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for buffer := make([]byte, 64<<10); err == nil; {
		_, err = s.read(buffer)
	}
	if err == io.EOF { //nolint:errorlint // io.Reader returns EOF itself
		err = nil
	}
	return s.n, hex.EncodeToString(s.sum.Sum(nil)), err
}
