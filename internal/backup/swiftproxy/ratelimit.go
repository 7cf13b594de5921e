package swiftproxy

import (
	"context"
	"io"

	"golang.org/x/time/rate"
)

// throttle holds a body back to the door's limit.
func (d *Proxy) throttle(ctx context.Context, body io.ReadCloser) io.ReadCloser {
	if d.Limit <= 0 {
		return body
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.limiter == nil {
		d.limiter = rate.NewLimiter(rate.Limit(d.Limit), d.Limit)
	}
	return &throttledReader{ctx, body, d.limiter}
}

type throttledReader struct {
	ctx context.Context //nolint:containedctx // the request's, whose body this is
	io.ReadCloser
	pace *rate.Limiter
}

// Read implements io.Reader.
func (p *throttledReader) Read(b []byte) (int, error) {
	n, err := p.ReadCloser.Read(b[:min(len(b), p.pace.Burst())])
	if waited := p.pace.WaitN(p.ctx, n); err == nil {
		err = waited
	}
	return n, err
}
