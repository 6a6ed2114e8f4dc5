// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit

import (
	"time"

	"golang.org/x/time/rate"
)

// bucket is a token bucket. Each reservation that is not used yet has one of its tokens.
type bucket struct {
	tokens   *rate.Limiter
	reserved int
}

func newBucket(perSecond float64, burst int) *bucket {
	return &bucket{tokens: rate.NewLimiter(rate.Limit(perSecond), burst)}
}

// set changes what the bucket permits.
func (b *bucket) set(perSecond float64, burst int, now time.Time) {
	if b.tokens.Limit() != rate.Limit(perSecond) {
		b.tokens.SetLimitAt(now, rate.Limit(perSecond))
	}
	if b.tokens.Burst() != burst {
		b.tokens.SetBurstAt(now, burst)
	}
}

// free is how many tokens are there and not reserved.
func (b *bucket) free(now time.Time) float64 { return b.tokens.TokensAt(now) - float64(b.reserved) }

// used is how many tokens of the burst are gone or reserved.
func (b *bucket) used(now time.Time) float64 { return float64(b.tokens.Burst()) - b.free(now) }

// wait is how long it takes until a token is free, if no other request takes one meanwhile.
func (b *bucket) wait(now time.Time) time.Duration { return b.after(1 - b.free(now)) }

// after is how long it takes until a number of tokens more is there.
func (b *bucket) after(tokens float64) time.Duration {
	if tokens <= 0 {
		return 0
	}
	// A rounded time must not be too early: it would be waited for again.
	return time.Duration(tokens/float64(b.tokens.Limit())*float64(time.Second)) + time.Microsecond
}

// resize changes the burst, and leaves as many tokens used as before, where the burst has as many.
func (b *bucket) resize(burst int, now time.Time) {
	used := int(b.used(now)) - b.reserved
	b.tokens = rate.NewLimiter(b.tokens.Limit(), burst)
	b.use(max(0, min(used, burst)), now)
}

// use takes tokens, also such as are not there yet: then later requests wait for them.
func (b *bucket) use(count int, now time.Time) {
	for range count {
		b.tokens.ReserveN(now, 1)
	}
}
