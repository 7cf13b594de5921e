package api

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"mycloudmanager/internal/fault"
)

// attempts slows down guessing of passwords: failures are counted per source address and per name,
// and a success costs nothing.
type attempts struct {
	mu      sync.Mutex
	limits  map[string]*rate.Limiter
	cleaned time.Time
}

const (
	failuresInARow   = 10
	failureEvery     = 30 * time.Second // one more is forgiven
	attemptsCleaning = time.Hour
)

func newAttempts() *attempts {
	return &attempts{limits: map[string]*rate.Limiter{}, cleaned: time.Now()}
}

func (a *attempts) limiter(key string) *rate.Limiter {
	if now := time.Now(); now.Sub(a.cleaned) > attemptsCleaning {
		for k, l := range a.limits {
			if l.Tokens() >= failuresInARow {
				delete(a.limits, k)
			}
		}
		a.cleaned = now
	}
	l, ok := a.limits[key]
	if !ok {
		l = rate.NewLimiter(rate.Every(failureEvery), failuresInARow)
		a.limits[key] = l
	}
	return l
}

// allow refuses when the address or the name has failed too often of late.
func (a *attempts) allow(address, name string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.limiter("ip "+address+" "+name).Tokens() < 1 {
		return fault.New(fault.RateLimited, nil, "too many failed sign-ins: wait a minute and try again")
	}
	return nil
}

// result remembers a refused credential.
func (a *attempts) result(address, name string, err error) {
	if kind := fault.KindOf(err); kind != fault.Unauthorized && kind != fault.Forbidden {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.limiter("ip " + address + " " + name).Allow()
}
