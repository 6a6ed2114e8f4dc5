// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// turns paces the requests of one connection. Nobody waits here: who comes too early is told when to come again, and has its
// turn then, so that a slow connection keeps no worker from the others.
type turns struct {
	limiter *rate.Limiter

	mu      sync.Mutex
	granted map[types.UID]time.Time // turns that were given and not taken yet
	paused  time.Time               // Cognigy asks for silence until then
}

func newTurns(limit *v1alpha1.RateLimit) *turns {
	perSecond, burst := limit.Values()
	return &turns{limiter: rate.NewLimiter(rate.Limit(perSecond), burst), granted: map[types.UID]time.Time{}}
}

// Turn returns how long somebody has to wait before sending a number of requests; zero if the turn has come, which takes it.
func (l *Link) Turn(who types.UID, requests int, now time.Time) time.Duration {
	t := l.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Before(t.paused) {
		// When the silence is over, not everybody comes at once.
		return plan.Spread(t.paused.Sub(now), string(who)) + t.paused.Sub(now)/10
	}
	at, waiting := t.granted[who]
	if !waiting {
		reservation := t.limiter.ReserveN(now, min(requests, t.limiter.Burst()))
		at = now.Add(reservation.DelayFrom(now))
	}
	if !now.Before(at) {
		delete(t.granted, who)
		return 0
	}
	t.granted[who] = at
	return at.Sub(now)
}

// Pause keeps everybody silent for as long as Cognigy asked one of them to be.
func (l *Link) Pause(until time.Time) {
	l.turns.mu.Lock()
	defer l.turns.mu.Unlock()
	if until.After(l.turns.paused) {
		l.turns.paused = until
	}
}
