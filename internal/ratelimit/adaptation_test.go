// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"golang.org/x/time/rate"
)

// storm is many resources that send one request each to a Cognigy with a limit of its own.
type storm struct {
	accepts    func() bool
	retryAfter time.Duration

	mu                sync.Mutex
	requests, refused int
}

// serve runs until every resource is served.
func (s *storm) serve(e *environment, resources int) {
	var all sync.WaitGroup
	for id := range resources {
		all.Go(func() {
			r := e.request([]string{"a", "b", "c"}[id%3], id/25)
			r.Waiter = r.Waiter + string(rune('a'+id%25))
			for served := false; !served; {
				e.Expect(e.Wait(context.Background(), r)).To(Succeed())
				outcome := s.send()
				e.Release(r.Waiter, outcome)
				if served = outcome == nil; !served {
					time.Sleep(time.Second)
				}
			}
		})
	}
	all.Wait()
}

func (s *storm) send() error {
	s.mu.Lock()
	s.requests++
	accepted := s.accepts()
	if !accepted {
		s.refused++
	}
	answer := 50*time.Millisecond + rand.N(100*time.Millisecond)
	s.mu.Unlock()
	time.Sleep(answer)
	if !accepted {
		return refused(s.retryAfter)
	}
	return nil
}

func tokens(perSecond float64, burst int) func() bool {
	limiter := rate.NewLimiter(rate.Limit(perSecond), burst)
	return limiter.Allow
}

// window is a quota that is whole again at fixed times.
func window(requests int, length time.Duration) func() bool {
	ends, left := time.Time{}, 0
	return func() bool {
		if now := time.Now(); now.After(ends) {
			ends, left = now.Add(length), requests
		}
		left--
		return left >= 0
	}
}

// Five hundred resources at once, and a Cognigy that bears less than the limit: few requests are refused, and little time is
// lost.
func TestRateAdapts(t *testing.T) {
	cases := map[string]struct {
		accepts           func() func() bool
		retryAfter, least time.Duration
		slower            float64
	}{
		"5 a second, in bursts of 5":      {func() func() bool { return tokens(5, 5) }, time.Second, 99 * time.Second, 1.3},
		"5 a second, and nothing is said": {func() func() bool { return tokens(5, 5) }, 0, 99 * time.Second, 1.3},
		"one a second":                    {func() func() bool { return tokens(1, 1) }, time.Second, 499 * time.Second, 1.6},
		"19 a second":                     {func() func() bool { return tokens(19, 19) }, time.Second, 25 * time.Second, 2},
		"as many as the limit":            {func() func() bool { return tokens(20, 40) }, time.Second, 23 * time.Second, 1.2},
		"100 in fixed 20 seconds":         {func() func() bool { return window(100, 20*time.Second) }, 0, 81 * time.Second, 2},
		"100 in fixed minutes":            {func() func() bool { return window(100, time.Minute) }, 0, 241 * time.Second, 1.5},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			in(t, 20, 40, func(e *environment) {
				const resources = 500
				s := &storm{accepts: test.accepts(), retryAfter: test.retryAfter}
				s.serve(e, resources)
				took := time.Since(e.began)
				t.Logf("%d requests, %d of them refused, %s of at least %s", s.requests, s.refused, took.Round(time.Second), test.least)
				e.Expect(s.requests).To(BeNumerically("<=", resources*12/10))
				e.Expect(took.Seconds()).To(BeNumerically("<=", test.least.Seconds()*test.slower))
			})
		})
	}
}
