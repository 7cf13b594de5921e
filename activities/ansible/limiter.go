package ansible

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
)

// HostsAtOnce is how many hosts one worker plays at once; more wait. Temporal gives what waits to
// other workers.
const HostsAtOnce = 50

// slots bounds the hosts that this worker plays at once.
type slots struct {
	once sync.Once
	free *semaphore.Weighted
}

// take waits for n places; the returned function gives them back.
func (s *slots) take(ctx context.Context, n int) (func(), error) {
	s.once.Do(func() { s.free = semaphore.NewWeighted(HostsAtOnce) })
	weight := int64(min(n, HostsAtOnce))
	if err := s.free.Acquire(ctx, weight); err != nil {
		return nil, err
	}
	return func() { s.free.Release(weight) }, nil
}
