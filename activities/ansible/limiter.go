package ansible

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
)

// MaxConcurrentHosts bounds the hosts on which one worker runs playbooks concurrently. Temporal distributes waiting
// activities to other workers.
const MaxConcurrentHosts = 50

// limiter bounds the hosts on which this worker runs playbooks concurrently.
type limiter struct {
	once sync.Once
	free *semaphore.Weighted
}

// take waits for n slots; the returned function releases them.
func (s *limiter) take(ctx context.Context, n int) (func(), error) {
	s.once.Do(func() { s.free = semaphore.NewWeighted(MaxConcurrentHosts) })
	weight := int64(min(n, MaxConcurrentHosts))
	if err := s.free.Acquire(ctx, weight); err != nil {
		return nil, err
	}
	return func() { s.free.Release(weight) }, nil
}
