// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
)

// soon is within what times may be off by rounding.
const soon = time.Millisecond

func paced(perSecond, burst int32) *connection.Link {
	return connection.NewLink(nil, &v1alpha1.RateLimit{RequestsPerSecond: perSecond, Burst: burst})
}

func somebody(i int) types.UID { return types.UID(fmt.Sprintf("uid-%d", i)) }

func endpointOf(i int) string { return fmt.Sprintf("endpoint-%d", i) }

func refused(retryAfter time.Duration) error {
	return &cognigy.Error{Kind: cognigy.RateLimited, RetryAfter: retryAfter}
}

// turn is a request that takes no time, if its turn has come.
func turn(link *connection.Link, who int, now time.Time) time.Duration {
	wait := link.Enter(somebody(who), endpointOf(who), false, now)
	if wait == 0 {
		link.Leave(somebody(who), nil, now)
	}
	return wait
}

// The burst goes at once; everybody else is told a time of their own, and is let through then.
func TestTurns(t *testing.T) {
	g := NewWithT(t)
	link := paced(5, 2)
	for i := range 2 {
		g.Expect(turn(link, i, start)).To(BeZero())
	}
	for i := 2; i < 7; i++ {
		wait := turn(link, i, start)
		g.Expect(wait).To(BeNumerically("~", time.Duration(i-1)*200*time.Millisecond, soon))
	}
	g.Expect(turn(link, 6, start.Add(100*time.Millisecond))).To(BeNumerically("~", 900*time.Millisecond, soon), "coming early changes nothing")
	g.Expect(turn(link, 9, start.Add(100*time.Millisecond))).To(BeNumerically("~", time.Second, soon), "who came last is last")
	for i := 2; i < 7; i++ {
		due := start.Add(time.Duration(i-1)*200*time.Millisecond + soon)
		g.Expect(turn(link, i, due)).To(BeZero())
		g.Expect(turn(link, i, due)).NotTo(BeZero(), "a turn is one turn")
	}
}

// Who comes again after a failure lets those pass who have not failed, also those who come later.
func TestFailuresYield(t *testing.T) {
	g := NewWithT(t)
	link := paced(5, 1)
	g.Expect(turn(link, 0, start)).To(BeZero())
	for i := 1; i < 4; i++ {
		g.Expect(link.Enter(somebody(i), endpointOf(i), true, start)).To(BeNumerically("~", time.Duration(i)*200*time.Millisecond, soon))
	}
	g.Expect(turn(link, 9, start)).To(BeNumerically("~", 200*time.Millisecond, soon))
	g.Expect(link.Enter(somebody(1), endpointOf(1), true, start)).To(BeNumerically("~", 400*time.Millisecond, soon))
	g.Expect(turn(link, 9, start.Add(200*time.Millisecond+soon))).To(BeZero())
}

// But not for ever, although somebody new comes for each turn.
func TestFailuresYieldForAWhile(t *testing.T) {
	g := NewWithT(t)
	link := paced(1, 1)
	g.Expect(turn(link, 0, start)).To(BeZero())
	served := 0
	for second := 1; served == 0 && second < 120; second++ {
		now := start.Add(time.Duration(second) * time.Second)
		const early = 100 * time.Millisecond
		if told := turn(link, 100+second, now.Add(-early)); told <= early+soon {
			_ = turn(link, 100+second, now)
		}
		if link.Enter(somebody(1), endpointOf(1), true, now.Add(soon)) == 0 {
			served = second
		}
	}
	g.Expect(served).To(BeNumerically("~", 61, 2), "seconds")
}

// What takes several requests takes as many turns; more than the burst can never be had at once.
func TestTurnsForSeveralRequests(t *testing.T) {
	g := NewWithT(t)
	link := paced(10, 4)
	g.Expect(link.Turn(somebody(1), 2, start)).To(BeZero())
	g.Expect(link.Turn(somebody(2), 2, start)).To(BeZero())
	g.Expect(link.Turn(somebody(3), 99, start)).To(BeNumerically("~", 400*time.Millisecond, soon))
	g.Expect(link.Turn(somebody(3), 99, start.Add(400*time.Millisecond+soon))).To(BeZero())
	g.Expect(link.Turn(somebody(4), 1, start.Add(400*time.Millisecond+soon))).NotTo(BeZero())
}

// Who sends more than the turn was for makes others wait.
func TestOwe(t *testing.T) {
	g := NewWithT(t)
	link := paced(10, 1)
	g.Expect(link.Turn(somebody(1), 1, start)).To(BeZero())
	link.Owe(2)
	g.Expect(link.Turn(somebody(2), 1, start)).To(BeNumerically("~", 300*time.Millisecond, soon))
	g.Expect(link.Turn(somebody(3), 1, start)).To(BeNumerically("~", 400*time.Millisecond, soon))
}

// Long waits are told by half, so that a pace that has picked up is not slept through.
func TestLongWaitsAreHalved(t *testing.T) {
	g := NewWithT(t)
	link := paced(1, 1)
	for i := range 101 {
		turn(link, i, start)
	}
	g.Expect(turn(link, 100, start)).To(BeNumerically("~", 50*time.Second, soon))
	g.Expect(turn(link, 1, start)).To(BeNumerically("~", time.Second, soon))
}

// Who is late holds nobody up, and those who are late together do not go together.
func TestLateTurns(t *testing.T) {
	g := NewWithT(t)
	link := paced(10, 1)
	for i := range 6 {
		turn(link, i, start)
	}
	late := start.Add(10 * time.Second)
	g.Expect(turn(link, 5, late)).To(BeZero())
	for i := 1; i < 5; i++ {
		g.Expect(turn(link, i, late)).To(BeNumerically("~", time.Duration(i)*100*time.Millisecond, soon))
	}
	g.Expect(turn(link, 9, late.Add(2*time.Minute))).To(BeZero(), "who does not come at all is forgotten")
}

// Retry-After holds for the whole connection, and not everybody comes back at the same moment.
func TestSilence(t *testing.T) {
	g := NewWithT(t)
	link := paced(1000, 1000)
	link.Pause(start.Add(time.Second))
	link.Learn(refused(10*time.Second), start.Add(-time.Second), start)
	link.Learn(refused(5*time.Second), start.Add(-time.Second), start)
	g.Expect(link.Silence(start.Add(time.Second))).To(Equal(9 * time.Second))
	for i := range 20 {
		wait := turn(link, i, start)
		g.Expect(wait).To(BeNumerically("~", 10*time.Second+time.Duration(i+1)*2*time.Millisecond, soon))
	}
	g.Expect(link.Silence(start.Add(10 * time.Second))).To(BeZero())
	g.Expect(turn(link, 0, start.Add(10*time.Second+3*time.Millisecond))).To(BeZero())
	g.Expect(turn(link, 1, start.Add(10*time.Second+3*time.Millisecond))).NotTo(BeZero(), "there is no burst after it")
}

// A 429 that does not say how long to wait has a default; other failures say nothing about the pace.
func TestSilenceWithoutRetryAfter(t *testing.T) {
	g := NewWithT(t)
	link := paced(20, 40)
	for _, outcome := range []error{errors.New("of Kubernetes"), &cognigy.Error{Kind: cognigy.Unavailable}} {
		link.Learn(outcome, start, start)
		g.Expect(link.Silence(start)).To(BeZero())
	}
	link.Learn(refused(0), start, start)
	g.Expect(link.Silence(start)).To(Equal(time.Second))
}

// interval returns the time until the next turn when there is none left.
func interval(link *connection.Link, now time.Time) time.Duration {
	return link.Turn("somebody new", 1, now)
}

// A refusal halves the rate, once for all requests that were on their way; successes win it back, but not more.
func TestRate(t *testing.T) {
	g := NewWithT(t)
	link, now := paced(20, 40), start
	cut := func(sent time.Time, want time.Duration) {
		t.Helper()
		link.Learn(refused(time.Second), sent, now)
		now = now.Add(time.Second)
		g.Expect(interval(link, now)).To(BeNumerically("~", want, soon))
	}
	cut(now, 100*time.Millisecond)
	cut(now.Add(-time.Second), 100*time.Millisecond)
	cut(now, 200*time.Millisecond)
	for range 10 {
		link.Learn(refused(time.Second), now, now)
		now = now.Add(time.Second)
	}
	cut(now, time.Second) // half of what one request in two seconds means
	for range 50 {
		link.Learn(nil, now, now)
	}
	g.Expect(interval(link, now)).To(And(BeNumerically("<", 500*time.Millisecond), BeNumerically(">", 50*time.Millisecond)))
	for range 2000 {
		link.Learn(nil, now, now)
	}
	g.Expect(interval(link, now)).To(BeNumerically("~", 50*time.Millisecond, soon))
}

// After an outage there is no burst, and half of the rate until the rest was won back.
func TestCalm(t *testing.T) {
	g := NewWithT(t)
	link := paced(10, 10)
	link.Calm(start)
	g.Expect(turn(link, 0, start.Add(time.Hour))).To(BeZero())
	g.Expect(turn(link, 1, start.Add(time.Hour))).To(BeNumerically("~", 200*time.Millisecond, 2*soon))
}

// An Endpoint takes no more slots than it leaves free, so that one that does not answer leaves some to the others. Who finds
// none is told to wait longer each time, and holds nobody up.
func TestSlots(t *testing.T) {
	g := NewWithT(t)
	link := paced(1000, 1000)
	enter := func(who int, endpoint string, after time.Duration) time.Duration {
		return link.Enter(somebody(who), endpoint, false, start.Add(after))
	}
	for i := range 8 {
		g.Expect(enter(i, "hangs", 0)).To(BeZero())
	}
	g.Expect(enter(8, "hangs", 0)).To(Equal(250 * time.Millisecond))
	g.Expect(enter(9, "hangs", 0)).To(BeNumerically(">", 250*time.Millisecond))
	g.Expect(enter(8, "hangs", time.Second)).To(Equal(time.Second))
	g.Expect(enter(8, "hangs", time.Minute)).To(Equal(15 * time.Second))
	for i := 10; i < 14; i++ {
		g.Expect(enter(i, "hangs too", time.Minute)).To(BeZero())
	}
	g.Expect(enter(14, "hangs too", time.Minute)).NotTo(BeZero())
	g.Expect(enter(15, "answers", time.Minute)).To(BeZero())
	link.Leave(somebody(0), nil, start.Add(time.Minute))
	link.Leave(somebody(1), nil, start.Add(time.Minute))
	g.Expect(enter(16, "answers", time.Minute)).To(BeZero())
	g.Expect(enter(8, "hangs", 2*time.Minute)).NotTo(BeZero())
	link.Leave(somebody(2), nil, start.Add(2*time.Minute))
	link.Leave(somebody(3), nil, start.Add(2*time.Minute))
	g.Expect(enter(8, "hangs", 2*time.Minute)).To(BeZero())
}

// Whatever fails makes for one probe in a while.
func TestDoubt(t *testing.T) {
	g := NewWithT(t)
	link := paced(1, 1)
	g.Expect(link.Doubt(start)).To(BeTrue())
	g.Expect(link.Doubt(start.Add(time.Second))).To(BeFalse())
	g.Expect(link.Doubt(start.Add(5 * time.Second))).To(BeTrue())
}
