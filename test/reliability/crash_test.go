// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"context"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	// patience is how long anything may take on a busy machine.
	patience = 4 * time.Minute
	// quietPeriod is how long nothing may be written once the environment has converged: more than a drift interval.
	quietPeriod = 5 * driftInterval / 4
	// reach is how long an environment that has converged is watched for a point that has not come yet: probes and looks come again.
	reach = 3 * driftInterval
	poll  = 250 * time.Millisecond
)

// TestCrash runs every scenario once without a crash, and once for every point and moment with one.
// -run 'TestCrash/rotation$/cognigy_POST_apikeys_#1/committed' runs one of them.
func TestCrash(t *testing.T) {
	t.Parallel()
	total := newFigures()
	t.Cleanup(func() {
		total.check(t)
		publish(t, total)
	})
	for i := range scenarios {
		scenario := &scenarios[i]
		t.Run(scenario.name, func(t *testing.T) {
			t.Parallel()
			points, acted := runScenario(t, scenario, nil, total)
			if t.Failed() {
				return
			}
			for _, c := range crashCases(points, acted, i) {
				t.Run(c.String(), func(t *testing.T) {
					t.Parallel()
					runScenario(t, scenario, &c, total)
				})
			}
		})
	}
}

// runScenario runs a scenario, crashes where it is told to, and checks. It returns the points, and
// how many of them came before the user acted.
func runScenario(t *testing.T, scenario *scenario, c *crash, total *figures) (points []point, acted int) {
	t.Helper()
	e := newEnvironment(t, scenario)
	defer func() { total.add(scenario.name, e.countCrash(c, len(points), total)) }()
	e.begin(func() { e.injector.arm(c) })
	if c != nil && e.crashes() {
		e.crashed = true
		e.start()
	}
	points = e.converges()
	e.kill()
	e.checkInvariants()
	return points, e.injector.acted
}

// countCrash counts a scenario without a crash, which has points, or a case.
func (e *environment) countCrash(c *crash, points int, total *figures) *figure {
	one := e.count()
	if c == nil {
		one.points = points
		return one
	}
	one.cases = 1
	if !e.crashed {
		one.unreached = 1
		total.miss(e.scenario.name + "/" + c.String())
	}
	return one
}

// begin has the operator run, and the scenario's user act, or be about to. Ready is called when that begins.
func (e *environment) begin(ready func()) {
	e.t.Helper()
	if e.scenario.given != nil {
		e.scenario.given(e)
	}
	if e.scenario.early() {
		if e.scenario.user != nil {
			e.injector.await(e.scenario.during, e.interfere)
		}
		ready()
		e.start()
		return
	}
	e.start()
	e.Eventually(e.issued).WithTimeout(patience).WithPolling(poll).Should(Succeed())
	e.first = e.live()[0]
	if e.scenario.before != nil {
		e.scenario.before(e)
	}
	ready()
	e.interfere()
}

// interfere has the user act, again after a conflict.
func (e *environment) interfere() {
	err := wait.PollUntilContextTimeout(e.Context, poll, callTimeout, true, func(context.Context) (bool, error) {
		return e.scenario.user(e) == nil, nil
	})
	if err != nil {
		e.checker.report("the user cannot interfere: %v", err)
	}
}

// crashes waits for the crash. An environment that converges without it is given a while: it may have been a look that comes later.
func (e *environment) crashes() bool {
	ctx, cancel := context.WithTimeout(e.Context, patience)
	defer cancel()
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	var since time.Time
	for {
		select {
		case <-e.injector.fired:
			return true
		case <-ctx.Done():
			return false
		case <-ticker.C:
		}
		switch {
		case !holds(e.ended):
			since = time.Time{}
		case since.IsZero():
			since = time.Now()
		case time.Since(since) > reach:
			return false
		}
	}
}

// converges waits for the environment to be as it should be, and to stay so without a write. That it was so once is not enough: the
// operator may be on its way to find that out, and to report it. It returns the scenario's points.
func (e *environment) converges() []point {
	e.t.Helper()
	e.Eventually(func(g Gomega) {
		if violations := e.checker.found(); len(violations) > 0 {
			StopTrying(strings.Join(violations, "\n")).Now()
		}
		g.Expect(e.runs()).To(BeTrue(), "the operator ended by itself")
		e.ended(g)
	}).WithTimeout(patience).WithPolling(poll).Should(Succeed())
	seen := e.injector.seen()
	written, since := -1, time.Now()
	e.Eventually(func(g Gomega) {
		if now := e.injector.written(); now != written {
			written, since = now, time.Now()
		}
		e.ended(g)
		g.Expect(time.Since(since)).To(BeNumerically(">=", quietPeriod), "the last effect that may have changed something is too recent")
	}).WithTimeout(patience).WithPolling(poll).Should(Succeed())
	return e.injector.until(seen)
}

// holds reports whether a check succeeds, without failing the test.
func holds(check func(Gomega)) (ok bool) {
	type unmet struct{}
	defer func() {
		switch failure := recover(); failure.(type) {
		case nil, unmet:
		default:
			panic(failure)
		}
	}()
	check(NewGomega(func(string, ...int) { panic(unmet{}) }))
	return true
}
