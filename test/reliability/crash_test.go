// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	// patience is how long anything may take on a busy machine.
	patience = 90 * time.Second
	// calm is how long nothing may be written once the world has converged: more than a drift interval.
	calm = 5 * driftInterval / 4
	// reach is how long a world that has converged is watched for a point that has not come yet: probes and looks come again.
	reach = 3 * driftInterval
	poll  = 250 * time.Millisecond
)

// allMoments asks for each point to be crashed at three times. Without it the moments are dealt out in turn.
const allMoments = "CRASH_ALL_MOMENTS"

// TestCrash tells every story once without a crash, and once for every point and moment with one.
// -run 'TestCrash/rotation$/cognigy_POST_apikeys_#1/committed' tells one again.
func TestCrash(t *testing.T) {
	t.Parallel()
	total := newFigures()
	t.Cleanup(func() {
		total.judge(t)
		publish(t, total)
	})
	for i := range stories {
		story := &stories[i]
		t.Run(story.name, func(t *testing.T) {
			t.Parallel()
			points, acted := tell(t, story, nil, total)
			if t.Failed() {
				return
			}
			for _, c := range deal(points, acted, i) {
				t.Run(c.String(), func(t *testing.T) {
					t.Parallel()
					tell(t, story, &c, total)
				})
			}
		})
	}
}

// deal makes cases of points: all moments of each; or, in a sample, one, in turn from first on. What comes before the user acts
// is the first issue, which has a story of its own, so that a sample leaves it out.
func deal(points []point, acted, first int) []crash {
	var cases []crash
	if os.Getenv(allMoments) == "" {
		for i, p := range points[acted:] {
			cases = append(cases, crash{p, moments[(first+i)%len(moments)]})
		}
		return cases
	}
	for _, p := range points {
		for _, m := range moments {
			cases = append(cases, crash{p, m})
		}
	}
	return cases
}

// tell tells a story, crashes where it is told to, and judges. It returns the points, and
// how many of them came before the user acted.
func tell(t *testing.T, story *story, c *crash, total *figures) (points []point, acted int) {
	t.Helper()
	w := newWorld(t, story)
	defer func() { total.add(story.name, w.countCrash(c, len(points), total)) }()
	w.begin(func() { w.gate.arm(c) })
	if c != nil && w.crashes() {
		w.crashed = true
		w.start()
	}
	points = w.converges()
	w.kill()
	w.sentence()
	return points, w.gate.acted
}

// countCrash counts a story without a crash, which has points, or a case.
func (w *world) countCrash(c *crash, points int, total *figures) *figure {
	one := w.count()
	if c == nil {
		one.points = points
		return one
	}
	one.cases = 1
	if !w.crashed {
		one.unreached = 1
		total.miss(w.story.name + "/" + c.String())
	}
	return one
}

// begin has the operator run, and the story's user act, or be about to. Ready is called when what is told begins.
func (w *world) begin(ready func()) {
	w.t.Helper()
	if w.story.given != nil {
		w.story.given(w)
	}
	if w.story.early() {
		if w.story.user != nil {
			w.gate.during, w.gate.meddle = w.story.during, w.act
		}
		ready()
		w.start()
		return
	}
	w.start()
	w.Eventually(w.issued).WithTimeout(patience).WithPolling(poll).Should(Succeed())
	w.first = w.live()[0]
	ready()
	w.act()
}

// act has the user act, who tries again if somebody else was faster.
func (w *world) act() {
	err := wait.PollUntilContextTimeout(w.ctx, poll, callTimeout, true, func(context.Context) (bool, error) {
		return w.story.user(w) == nil, nil
	})
	if err != nil {
		w.court.accuse("the user cannot act: %v", err)
	}
}

// crashes waits for the crash. A world that converges without it is given a while: it may have been a look that comes later.
func (w *world) crashes() bool {
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	var since time.Time
	for {
		select {
		case <-w.gate.fired:
			return true
		case <-ctx.Done():
			return false
		case <-ticker.C:
		}
		switch {
		case !holds(w.ended):
			since = time.Time{}
		case since.IsZero():
			since = time.Now()
		case time.Since(since) > reach:
			return false
		}
	}
}

// converges waits for the world to be as it should be, and to stay so without a write. That it was so once is not enough: the
// operator may be on its way to find that out, and to report it. It returns the story's points.
func (w *world) converges() []point {
	w.t.Helper()
	w.Eventually(func(g Gomega) {
		if accused := w.court.found(); len(accused) > 0 {
			StopTrying(strings.Join(accused, "\n")).Now()
		}
		g.Expect(w.runs()).To(BeTrue(), "the operator ended by itself")
		w.ended(g)
	}).WithTimeout(patience).WithPolling(poll).Should(Succeed())
	seen := w.gate.seen()
	written, since := -1, time.Now()
	w.Eventually(func(g Gomega) {
		if now := w.gate.written(); now != written {
			written, since = now, time.Now()
		}
		w.ended(g)
		g.Expect(time.Since(since)).To(BeNumerically(">=", calm), "the last effect that may have changed something is too recent")
	}).WithTimeout(patience).WithPolling(poll).Should(Succeed())
	return w.gate.until(seen)
}

// holds tells whether a check is met, without failing the test.
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
