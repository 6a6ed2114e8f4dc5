// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit

import (
	"time"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
)

const (
	// defaultRetryAfter follows a 429 that does not say how long to wait.
	defaultRetryAfter = time.Second
	// lowestRate, in requests per second, is the rate below which a 429 does not cut. Below it, Retry-After limits the rate.
	lowestRate = 0.5
	// recovery is how many successes win back the whole rate.
	recovery = 400
)

// bucket is a token bucket that adapts to what Cognigy bears, since few users know their limit. A 429 halves the rate, and
// each success raises it a little, up to the limit. Until it is back there, there is no burst.
type bucket struct {
	limit Limit
	rate  float64   // requests per second, now
	level float64   // requests that may be sent at once, now
	at    time.Time // as of when the level is
	cut   time.Time // when the rate was halved last
	// closedUntil is the end of the latest retry-after window.
	closedUntil time.Time
}

// setLimit changes the limit. A rate that was cut stays cut.
func (b *bucket) setLimit(limit Limit) {
	if b.limit == limit {
		return
	}
	if b.limit == (Limit{}) {
		b.level = float64(limit.Burst)
	}
	if b.rate == float64(b.limit.PerSecond) || b.rate > float64(limit.PerSecond) {
		b.rate = float64(limit.PerSecond)
	}
	b.limit = limit
	b.level = min(b.level, b.most())
}

// wait returns what is left of a retry-after window, and how long after it the bucket holds a number of requests beside those
// of the waiters ahead. It never holds more than the burst.
func (b *bucket) wait(ahead, requests int, now time.Time) (window, wait time.Duration) {
	b.refill(now)
	missing := max(0, float64(ahead)+min(float64(requests), b.most())-b.level)
	return b.window(now), time.Duration(missing / b.rate * float64(time.Second))
}

// window is what is left of a retry-after window. It is not derived from at: callers read the clock before they wait for the
// lock, so that at may be a little later than now.
func (b *bucket) window(now time.Time) time.Duration { return max(0, b.closedUntil.Sub(now)) }

// most is how many requests may be sent at once.
func (b *bucket) most() float64 {
	if b.rate < float64(b.limit.PerSecond) {
		return 1
	}
	return float64(b.limit.Burst)
}

// refill adds what the rate permits since the last refill, but nothing for a retry-after window.
func (b *bucket) refill(now time.Time) {
	if b.at.Before(b.closedUntil) {
		b.at = b.closedUntil
	}
	if !now.After(b.at) {
		return
	}
	b.level = min(b.most(), b.level+b.rate*now.Sub(b.at).Seconds())
	b.at = now
}

func (b *bucket) take(requests int) { b.level -= min(float64(requests), b.most()) }

// observe adapts the rate to the outcome of a request.
func (b *bucket) observe(outcome error, sent, now time.Time) {
	b.refill(now)
	if outcome == nil {
		limit := float64(b.limit.PerSecond)
		b.rate = min(limit, b.rate+limit/recovery)
		return
	}
	window := retryAfter(outcome)
	if window == 0 {
		return
	}
	// A request that was sent before the last cut is refused on account of the rate before it.
	if sent.After(b.cut) {
		b.rate, b.cut = max(lowestRate, b.rate/2), now
	}
	b.level = 0
	if until := now.Add(window); until.After(b.closedUntil) {
		b.closedUntil = until
	}
}

func (b *bucket) slowStart(now time.Time) {
	b.refill(now)
	b.rate, b.level = min(b.rate, float64(b.limit.PerSecond)/2), 0
}

// retryAfter is how long Cognigy wants no request.
func retryAfter(outcome error) time.Duration {
	failure := cognigy.AsError(outcome)
	switch {
	case failure == nil:
		return 0
	case failure.RetryAfter == 0 && failure.Kind == cognigy.RateLimited:
		return defaultRetryAfter
	default:
		return failure.RetryAfter
	}
}
