// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"time"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
)

const (
	// defaultSilence follows a 429 that does not say how long to wait.
	defaultSilence = time.Second
	// slowestRate, in requests a second, bounds how far the rate is cut. Below it, Retry-After sets the pace.
	slowestRate = 0.5
	// recovery is how many successes win back the whole rate.
	recovery = 400
	// doubtWait is the time between two probes on account of keys that fail.
	doubtWait = 5 * time.Second
)

// bucket is a token bucket that learns what Cognigy bears: few users know their limit. The rate is halved when Cognigy asks to
// slow down, and grows with each success up to the configured one. Until then there is no burst.
type bucket struct {
	limit, burst float64   // as configured
	rate         float64   // requests a second
	level        float64   // requests that may be sent at once
	at           time.Time // as of when; in the future while Cognigy wants silence
	cut          time.Time // when the rate was cut last
}

func newBucket(perSecond, burst int) bucket {
	return bucket{limit: float64(perSecond), burst: float64(burst), rate: float64(perSecond), level: float64(burst)}
}

// wait returns how long silence lasts, and how long after that it takes until a number of requests may be sent by somebody who
// has others ahead. More than the burst can never be had at once.
func (b *bucket) wait(ahead, requests int, now time.Time) (silence, wait time.Duration) {
	b.refill(now)
	missing := max(0, float64(ahead)+min(float64(requests), b.most())-b.level)
	return b.at.Sub(now), time.Duration(missing / b.rate * float64(time.Second))
}

// most is how many requests may be sent at once.
func (b *bucket) most() float64 {
	if b.rate < b.limit {
		return 1
	}
	return b.burst
}

func (b *bucket) refill(now time.Time) {
	if !now.After(b.at) {
		return
	}
	b.level = min(b.most(), b.level+b.rate*now.Sub(b.at).Seconds())
	b.at = now
}

func (b *bucket) take(requests int) { b.level -= min(float64(requests), b.most()) }

// learn makes of the outcome of a request what it says about the pace.
func (b *bucket) learn(outcome error, sent, now time.Time) {
	b.refill(now)
	if outcome == nil {
		b.rate = min(b.limit, b.rate+b.limit/recovery)
		return
	}
	silence := silenceAfter(outcome)
	if silence == 0 {
		return
	}
	// What was sent before the last cut is refused on account of the old rate.
	if sent.After(b.cut) {
		b.rate, b.cut = max(slowestRate, b.rate/2), now
	}
	b.pause(now.Add(silence))
}

// pause leaves nobody anything to send before a time.
func (b *bucket) pause(until time.Time) {
	b.level = 0
	if until.After(b.at) {
		b.at = until
	}
}

// silenceAfter is for how long Cognigy asks everybody to be silent.
func silenceAfter(outcome error) time.Duration {
	failure := cognigy.AsError(outcome)
	switch {
	case failure == nil:
		return 0
	case failure.RetryAfter == 0 && failure.Kind == cognigy.RateLimited:
		return defaultSilence
	default:
		return failure.RetryAfter
	}
}

// Learn makes of the outcome of a request, which took no turn, what it says about the pace.
func (l *Link) Learn(outcome error, sent, now time.Time) {
	l.turns.mu.Lock()
	defer l.turns.mu.Unlock()
	l.turns.bucket.learn(outcome, sent, now)
}

// Pause keeps everybody silent for as long as Cognigy asked one of them to be.
func (l *Link) Pause(until time.Time) {
	l.turns.mu.Lock()
	defer l.turns.mu.Unlock()
	l.turns.bucket.pause(until)
}

// Silence is for how long nothing may be sent, even by those who have had their turn.
func (l *Link) Silence(now time.Time) time.Duration {
	l.turns.mu.Lock()
	defer l.turns.mu.Unlock()
	return max(0, l.turns.bucket.at.Sub(now))
}

// Calm is for a Cognigy that has come back from an outage: whoever waited for that comes at once, and it may not bear much yet.
func (l *Link) Calm(now time.Time) {
	l.turns.mu.Lock()
	defer l.turns.mu.Unlock()
	b := &l.turns.bucket
	b.refill(now)
	b.rate, b.level = min(b.rate, b.limit/2), 0
}

// Doubt tells whether the connection as a whole is to be probed, since something failed; not every time.
func (l *Link) Doubt(now time.Time) bool {
	l.turns.mu.Lock()
	defer l.turns.mu.Unlock()
	if now.Before(l.turns.doubt.Add(doubtWait)) {
		return false
	}
	l.turns.doubt = now
	return true
}
