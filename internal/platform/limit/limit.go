// Package limit bounds concurrent work.
package limit

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
)

// Limiter bounds the sum of the weights of concurrent work. The zero value is ready for use.
type Limiter struct {
	once sync.Once
	free *semaphore.Weighted
}

// Acquire waits until the running work and the weight fit into size, and returns a function that ends the work. A weight
// above size counts as size. All calls must have the same size. The error is that of ctx.
func (l *Limiter) Acquire(ctx context.Context, weight, size int) (release func(), err error) {
	l.once.Do(func() { l.free = semaphore.NewWeighted(int64(size)) })
	n := int64(min(weight, size))
	if err := l.free.Acquire(ctx, n); err != nil {
		return nil, err
	}
	return func() { l.free.Release(n) }, nil
}
