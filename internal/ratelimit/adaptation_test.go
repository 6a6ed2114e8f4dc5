// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit_test

import (
	"math/rand/v2"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"golang.org/x/time/rate"

	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

// storm is many resources that send one request each to a Cognigy with a limit of its own, on a manual clock.
type storm struct {
	limiter *ratelimit.Limiter
	server  *rate.Limiter
	random  *rand.Rand

	due               []time.Time // when each tries next; zero: served
	calls             []call
	requests, refused int
	tries             int // how often a resource tried to acquire a request
}

func (s *storm) request(id int) ratelimit.Request {
	return ratelimit.Request{Waiter: waiter(id), Connection: "connection", EndpointID: endpointOf(id % 25)}
}

// call is a request that is under way.
type call struct {
	id       int
	answered time.Time
	outcome  error
}

func (s *storm) step(now time.Time) {
	under := s.calls
	s.calls = nil
	for _, call := range under {
		if now.Before(call.answered) {
			s.calls = append(s.calls, call)
			continue
		}
		s.limiter.Release(s.request(call.id), call.outcome, now)
		if call.outcome != nil {
			s.due[call.id] = now.Add(time.Second)
		}
	}
	for id, due := range s.due {
		if !due.IsZero() && !now.Before(due) {
			s.try(id, now)
		}
	}
}

func (s *storm) try(id int, now time.Time) {
	s.tries++
	if wait := s.limiter.Acquire(s.request(id), now); wait > 0 {
		s.due[id] = now.Add(wait)
		return
	}
	s.due[id] = time.Time{}
	s.requests++
	call := call{id: id, answered: now.Add(50*time.Millisecond + time.Duration(s.random.IntN(100))*time.Millisecond)}
	if !s.server.AllowN(now, 1) {
		s.refused++
		call.outcome = refused(time.Second)
	}
	s.calls = append(s.calls, call)
}

// serve runs until every resource is served, and returns how long that took.
func (s *storm) serve(limit time.Duration) time.Duration {
	for now := start; now.Before(start.Add(limit)); now = now.Add(10 * time.Millisecond) {
		s.step(now)
		if s.requests-s.refused == len(s.due) && len(s.calls) == 0 {
			return now.Sub(start)
		}
	}
	return limit
}

// Five hundred resources at once, and a Cognigy that bears much less than the connection's limit: few requests are refused,
// and little time is lost.
func TestRateAdapts(t *testing.T) {
	cases := map[string]struct {
		perSecond float64
		burst     int
		longest   time.Duration
	}{
		"5 a second, in bursts of 5":        {5, 5, 130 * time.Second},
		"5 a second, one after the other":   {5, 1, 180 * time.Second},
		"one a second":                      {1, 1, 900 * time.Second},
		"19 a second":                       {19, 19, 60 * time.Second},
		"as many as the connection's limit": {20, 40, 40 * time.Second},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			const resources = 500
			g := NewWithT(t)
			s := &storm{
				limiter: limited(20, 40), server: rate.NewLimiter(rate.Limit(test.perSecond), test.burst),
				random: rand.New(rand.NewPCG(1, 2)),
			}
			for range resources {
				s.due = append(s.due, start)
			}
			took := s.serve(time.Hour)
			t.Logf("%d requests, %d of them refused, %d tries to acquire one, %s", s.requests, s.refused, s.tries, took)
			g.Expect(s.requests).To(BeNumerically("<=", resources*12/10))
			g.Expect(took).To(BeNumerically("<=", test.longest))
			g.Expect(s.tries).To(BeNumerically("<=", 25*resources))
		})
	}
}
