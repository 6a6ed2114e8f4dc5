// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit

import (
	"time"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
)

const (
	// A host that refuses a request with 429 gets none for a while: twice as long each time, if it serves none in between.
	shortestWindow = time.Second
	longestWindow  = 2 * time.Minute
	// lowestRate, in requests per second, is the rate below which a refusal does not cut. Below it, retry-after windows limit the rate.
	lowestRate = 0.5
	// slowStart is the factor by which a served request raises the rate, up to half of what the host refused.
	slowStart = 1.05
	// recovery is how many served requests raise the rate from there to the limit, at most.
	recovery = 400
	// burstSeconds is how much of a second's requests may be sent at once while the rate is below the limit.
	burstSeconds = 0.25
)

// adaptation learns what a host bears, since few users know its limit. A refusal halves the rate and begins a retry-after window; each
// served request raises the rate, first fast and then slowly. Until it is back at the limit, there is hardly a burst.
type adaptation struct {
	limit     Limit
	perSecond float64   // the rate now
	threshold float64   // up to which the rate rises fast
	refusals  int       // in a row
	cutAt     time.Time // when the rate was halved last
	servedAt  time.Time // when the latest request was served
	// closedUntil is the end of the latest retry-after window.
	closedUntil time.Time
}

func newAdaptation(limit Limit) adaptation {
	return adaptation{limit: limit, perSecond: float64(limit.PerSecond)}
}

// setLimit changes the limit. A rate that was cut stays cut.
func (a *adaptation) setLimit(limit Limit) {
	if a.atLimit() || a.perSecond > float64(limit.PerSecond) {
		a.perSecond = float64(limit.PerSecond)
	}
	a.limit = limit
}

func (a *adaptation) atLimit() bool { return a.perSecond >= float64(a.limit.PerSecond) }

// burst is how many requests may be sent at once.
func (a *adaptation) burst() int {
	if a.atLimit() {
		return a.limit.Burst
	}
	return min(a.limit.Burst, max(1, int(a.perSecond*burstSeconds)))
}

// window is what is left of the latest retry-after window.
func (a *adaptation) window(now time.Time) time.Duration { return max(0, a.closedUntil.Sub(now)) }

// observe learns from the outcome of a request. One that was sent before the latest cut tells of the rate before it.
func (a *adaptation) observe(outcome error, sent, now time.Time) {
	window := retryAfter(outcome)
	if outcome == nil {
		a.servedAt = now
	}
	switch {
	case outcome == nil && sent.After(a.cutAt):
		a.served()
	case window > 0 && sent.After(a.cutAt):
		a.refused(window, now)
	case window > 0:
		a.closeUntil(now.Add(window))
	}
}

func (a *adaptation) served() {
	a.refusals = 0
	if a.perSecond < a.threshold {
		a.perSecond *= slowStart
	} else {
		a.perSecond += float64(a.limit.PerSecond) / recovery
	}
	a.perSecond = min(a.perSecond, float64(a.limit.PerSecond))
}

func (a *adaptation) refused(window time.Duration, now time.Time) {
	if a.refusals == 0 {
		a.threshold = a.perSecond / 2
	}
	a.perSecond, a.cutAt = min(a.perSecond, max(lowestRate, a.perSecond/2)), now
	a.closeUntil(now.Add(max(window, min(shortestWindow<<a.refusals, longestWindow))))
	a.refusals = min(a.refusals+1, 16)
}

func (a *adaptation) closeUntil(until time.Time) {
	if until.After(a.closedUntil) {
		a.closedUntil = until
	}
}

// slowStart halves the rate after an outage: every resource wants to send at once, and the host may not bear that yet.
func (a *adaptation) slowStart() {
	a.perSecond = min(a.perSecond, max(lowestRate, float64(a.limit.PerSecond)/2))
	a.threshold = a.perSecond
}

// retryAfter is how long Cognigy wants no request; zero if it does not say so.
func retryAfter(outcome error) time.Duration {
	wait := RetryAfter(outcome)
	if wait == 0 && cognigy.IsKind(outcome, cognigy.RateLimited) {
		return shortestWindow
	}
	return wait
}
