package api

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"mycloudmanager/internal/fault"
)

// loginLimiter slows down guessing of passwords: failures are counted per source address and per name,
// and a success costs nothing.
type loginLimiter struct {
	mu      sync.Mutex
	limits  map[string]*rate.Limiter
	cleaned time.Time
}

const (
	failuresInARow   = 10
	failureInterval  = 30 * time.Second // one more is forgiven
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

// allow refuses when the address or the name has failed too often of late.
func (a *loginLimiter) allow(address, name string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.limiter("ip "+address+" "+name).Tokens() < 1 {
		return fault.New(fault.RateLimited, nil, "too many failed sign-ins: wait a minute and try again")
	}
	return nil
}

// result remembers a refused credential.
func (a *loginLimiter) result(address, name string, err error) {
	if kind := fault.KindOf(err); kind != fault.Unauthorized && kind != fault.Forbidden {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.limiter("ip " + address + " " + name).Allow()
}
