// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// rateLimit is what Cognigy bears. It goes by real time, since Options.Now may stand still.
type rateLimit struct {
	bareQuota bool // see Options

	mu      sync.Mutex
	limiter *rate.Limiter // nil: no limit
	refused int

	quota, left int // requests in a window and what is left of them; a quota of 0: no limit
	window      time.Duration
	ends        time.Time // of the window
}

// SetRateLimit refuses API requests beyond a token bucket with 429 and Retry-After, in whole seconds. A rate of 0 lifts the
// limit. The protected Endpoints themselves are not limited.
func (l *rateLimit) SetRateLimit(perSecond float64, burst int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limiter = nil
	if perSecond > 0 {
		l.limiter = rate.NewLimiter(rate.Limit(perSecond), burst)
	}
}

// SetQuota refuses API requests beyond a number in each window of time, as a proxy in front of a shared installation does: by
// HTML or, with Options.BareQuota, by the status alone, and never with Retry-After. A window begins with the first request after
// the one before it. A quota of 0 lifts the limit.
func (l *rateLimit) SetQuota(requests int, window time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.quota, l.window, l.ends = requests, window, time.Time{}
}

// limited returns the refusal of a request that is one too many; nil if it is none.
func (l *rateLimit) limited(c call, now time.Time) *answer {
	if wait := l.exceeded(c, now); wait > 0 {
		return new(tooMany(c, wait))
	}
	switch {
	case !l.overQuota(c, now):
		return nil
	case l.bareQuota:
		return &answer{status: http.StatusTooManyRequests, foreign: true}
	default:
		return new(proxyPage(http.StatusTooManyRequests))
	}
}

// overQuota reports whether a request is one too many for the window, and counts it.
func (l *rateLimit) overQuota(c call, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.quota == 0 || c.route == RouteWebhook {
		return false
	}
	if !now.Before(l.ends) {
		l.left, l.ends = l.quota, now.Add(l.window)
	}
	if l.left == 0 {
		l.refused++
		return true
	}
	l.left--
	return false
}

// RateLimited is the number of requests that were refused since there were too many.
func (l *rateLimit) RateLimited() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refused
}

// exceeded returns how long the client is to wait; zero if the request is within the limit, which counts it.
func (l *rateLimit) exceeded(c call, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.limiter == nil || c.route == RouteWebhook {
		return 0
	}
	reservation := l.limiter.ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait > 0 {
		reservation.CancelAt(now)
		l.refused++
	}
	return wait
}

func tooMany(c call, wait time.Duration) answer {
	a := refuse(c, http.StatusTooManyRequests, http.StatusTooManyRequests, "There are too many requests.")
	a.header = map[string]string{"Retry-After": strconv.Itoa(int(math.Ceil(wait.Seconds())))}
	return a
}
