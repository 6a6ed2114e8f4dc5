// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection_test

import (
	"math/rand/v2"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"golang.org/x/time/rate"

	"github.com/cognigy-operator/cognigy-operator/internal/connection"
)

// crowd are many resources that want one request each of a Cognigy with a limit of its own, on a clock that is moved by hand.
type crowd struct {
	link   *connection.Link
	server *rate.Limiter
	random *rand.Rand

	due               []time.Time // when each comes next; zero: served
	calls             []call
	requests, refused int
	asked             int // how often somebody came
}

// call is a request that is under way.
type call struct {
	who      int
	answered time.Time
	outcome  error
}

func (c *crowd) step(now time.Time) {
	under := c.calls
	c.calls = nil
	for _, call := range under {
		if now.Before(call.answered) {
			c.calls = append(c.calls, call)
			continue
		}
		c.link.Leave(somebody(call.who), call.outcome, now)
		if call.outcome != nil {
			c.due[call.who] = now.Add(time.Second)
		}
	}
	for who, due := range c.due {
		if !due.IsZero() && !now.Before(due) {
			c.come(who, now)
		}
	}
}

func (c *crowd) come(who int, now time.Time) {
	c.asked++
	if wait := c.link.Enter(somebody(who), endpointOf(who%25), false, now); wait > 0 {
		c.due[who] = now.Add(wait)
		return
	}
	c.due[who] = time.Time{}
	c.requests++
	call := call{who: who, answered: now.Add(50*time.Millisecond + time.Duration(c.random.IntN(100))*time.Millisecond)}
	if !c.server.AllowN(now, 1) {
		c.refused++
		call.outcome = refused(time.Second)
	}
	c.calls = append(c.calls, call)
}

// serve runs until everybody was served, and returns how long that took.
func (c *crowd) serve(limit time.Duration) time.Duration {
	for now := start; now.Before(start.Add(limit)); now = now.Add(10 * time.Millisecond) {
		c.step(now)
		if c.requests-c.refused == len(c.due) && len(c.calls) == 0 {
			return now.Sub(start)
		}
	}
	return limit
}

// Five hundred resources at once, and a Cognigy that is much slower than the connection's limit says: hardly a request is
// wasted, and hardly any time.
func TestPaceIsLearnt(t *testing.T) {
	cases := map[string]struct {
		perSecond float64
		burst     int
		longest   time.Duration
	}{
		"5 a second, in bursts of 5":       {5, 5, 130 * time.Second},
		"5 a second, one after the other":  {5, 1, 180 * time.Second},
		"one a second":                     {1, 1, 900 * time.Second},
		"19 a second":                      {19, 19, 60 * time.Second},
		"as many as the connection's rate": {20, 40, 40 * time.Second},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			const resources = 500
			g := NewWithT(t)
			c := &crowd{
				link: connection.NewLink(nil, nil), server: rate.NewLimiter(rate.Limit(test.perSecond), test.burst),
				random: rand.New(rand.NewPCG(1, 2)),
			}
			for range resources {
				c.due = append(c.due, start)
			}
			took := c.serve(time.Hour)
			t.Logf("%d requests, %d of them refused, %d looks whether it is somebody's turn, %s", c.requests, c.refused, c.asked, took)
			g.Expect(c.requests).To(BeNumerically("<=", resources*12/10))
			g.Expect(took).To(BeNumerically("<=", test.longest))
			g.Expect(c.asked).To(BeNumerically("<=", 25*resources))
		})
	}
}
