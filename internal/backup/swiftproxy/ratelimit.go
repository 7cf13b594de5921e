package swiftproxy

import (
	"context"
	"io"

	"golang.org/x/time/rate"
)

// throttle limits the rate at which the body is read to p.Limit.
func (p *Proxy) throttle(ctx context.Context, body io.ReadCloser) io.ReadCloser {
	if p.Limit <= 0 {
		return body
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.limiter == nil {
		p.limiter = rate.NewLimiter(rate.Limit(p.Limit), p.Limit)
	}
	return &throttledReader{ctx, body, p.limiter}
}

type throttledReader struct {
	ctx context.Context //nolint:containedctx // the context of the request with this body
	io.ReadCloser
	limiter *rate.Limiter
}

// Read implements io.Reader.
func (t *throttledReader) Read(b []byte) (int, error) {
	n, err := t.ReadCloser.Read(b[:min(len(b), t.limiter.Burst())])
	if waitErr := t.limiter.WaitN(t.ctx, n); err == nil {
		err = waitErr
	}
	return n, err
}
