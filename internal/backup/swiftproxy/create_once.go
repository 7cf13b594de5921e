package swiftproxy

import (
	"context"
	"crypto/md5" //nolint:gosec // the checksum that Swift keeps
	"encoding/hex"
	"hash"
	"io"
	"net/http"
	"strings"
	"sync"
)

// createOnce takes an object that is there already, and is what was to be stored, for one whose answer was lost. An object
// whose length was told has that length: such engines name their objects by what is in them. Of another the bytes are
// compared.
type createOnce struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (o *createOnce) RoundTrip(r *http.Request) (*http.Response, error) {
	var sent *hashingReader
	if r.Method == http.MethodPut && r.ContentLength < 0 && r.Body != nil {
		sent = &hashingReader{from: r.Body, sum: md5.New()} //nolint:gosec // as above
		r = r.Clone(r.Context())
		r.Body = sent
	}
	answer, err := o.next.RoundTrip(r)
	if err != nil || answer.StatusCode != http.StatusPreconditionFailed || r.Method != http.MethodPut {
		return answer, err
	}
	there, err := o.head(r.Context(), r)
	if err != nil || there.StatusCode/100 != 2 || !same(there, r, sent) {
		return answer, nil //nolint:nilerr // the refusal stands
	}
	_ = answer.Body.Close() // the answer is replaced
	return &http.Response{StatusCode: http.StatusCreated, Status: "201 Created", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Etag": there.Header["Etag"]}, Body: http.NoBody, Request: r}, nil
}

func same(there *http.Response, r *http.Request, sent *hashingReader) bool {
	if sent == nil {
		return there.ContentLength == r.ContentLength
	}
	length, sum, err := sent.rest()
	return err == nil && length == there.ContentLength && sum == strings.Trim(there.Header.Get("Etag"), `"`)
}

func (o *createOnce) head(ctx context.Context, of *http.Request) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodHead, of.URL.String(), nil)
	if err != nil {
		return nil, err
	}
	answer, err := o.next.RoundTrip(r)
	if err == nil {
		_ = answer.Body.Close() // it has none
	}
	return answer, err
}

// hashingReader is a body whose checksum is taken as it is read. The storage may refuse it before it has read it to its end, so
// it stays open for us when the storage's side closes it; its owner closes what it comes from.
type hashingReader struct {
	mu   sync.Mutex
	from io.Reader
	sum  hash.Hash
	n    int64
	shut bool
}

// Read implements io.Reader for who sends it.
func (s *hashingReader) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shut {
		return 0, http.ErrBodyReadAfterClose
	}
	return s.take(p)
}

func (s *hashingReader) take(p []byte) (int, error) {
	n, err := s.from.Read(p)
	_, _ = s.sum.Write(p[:n]) // a hash takes everything
	s.n += int64(n)
	return n, err
}

// Close implements io.Closer.
func (s *hashingReader) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shut = true
	return nil
}

// rest reads what nobody has, and says what the whole was.
func (s *hashingReader) rest() (length int64, sum string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shut = true
	for buffer := make([]byte, 64<<10); err == nil; {
		_, err = s.take(buffer)
	}
	if err == io.EOF { //nolint:errorlint // as io.Reader says
		err = nil
	}
	return s.n, hex.EncodeToString(s.sum.Sum(nil)), err
}
