package api

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"mycloudmanager/internal/fault"
)

// loginLimiter slows down password guessing. It counts failed sign-ins per pair of source address and name; successful
// sign-ins do not count.
type loginLimiter struct {
	mu      sync.Mutex
	limits  map[string]*rate.Limiter
	cleaned time.Time
}

const (
	failuresInARow   = 10
	failureInterval  = 30 * time.Second // interval at which one more failure is allowed
	attemptsCleaning = time.Hour
)

func newLoginLimiter() *loginLimiter {
	return &loginLimiter{limits: map[string]*rate.Limiter{}, cleaned: time.Now()}
}

func (a *loginLimiter) limiter(key string) *rate.Limiter {
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
		l = rate.NewLimiter(rate.Every(failureInterval), failuresInARow)
		a.limits[key] = l
	}
	return l
}

// allow returns an error if the pair of address and name has recently failed too often.
func (a *loginLimiter) allow(address, name string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.limiter("ip "+address+" "+name).Tokens() < 1 {
		return fault.New(fault.RateLimited, nil, "too many failed sign-ins: wait a minute and try again")
	}
	return nil
}

// result counts a refused credential.
func (a *loginLimiter) result(address, name string, err error) {
	if kind := fault.KindOf(err); kind != fault.Unauthorized && kind != fault.Forbidden {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.limiter("ip " + address + " " + name).Allow()
}
