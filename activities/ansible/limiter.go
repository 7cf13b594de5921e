package ansible

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
)

// MaxConcurrentHosts is how many hosts one worker plays at once; more wait. Temporal gives what waits to
// other workers.
const MaxConcurrentHosts = 50

// limiter bounds the hosts that this worker plays at once.
type limiter struct {
	once sync.Once
	free *semaphore.Weighted
}

// take waits for n places; the returned function gives them back.
func (s *limiter) take(ctx context.Context, n int) (func(), error) {
	s.once.Do(func() { s.free = semaphore.NewWeighted(MaxConcurrentHosts) })
	weight := int64(min(n, MaxConcurrentHosts))
	if err := s.free.Acquire(ctx, weight); err != nil {
		return nil, err
	}
	return func() { s.free.Release(weight) }, nil
}
