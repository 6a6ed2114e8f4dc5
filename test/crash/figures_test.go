// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package crash_test

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"
)

// figure is what became of one story, or of all.
type figure struct {
	points, cases, unreached           int
	made, live, duplicates, leaks, bad int
	longest                            time.Duration
}

func (f *figure) String() string {
	return fmt.Sprintf("%3d points, %3d cases (%d unreached), %3d keys made, %3d live, %d duplicates, %d leaks, %d violations, "+
		"at most %.0f s each", f.points, f.cases, f.unreached, f.made, f.live, f.duplicates, f.leaks, f.bad, f.longest.Seconds())
}

func (f *figure) plus(other figure) {
	f.points, f.cases, f.unreached = f.points+other.points, f.cases+other.cases, f.unreached+other.unreached
	f.made, f.live, f.duplicates = f.made+other.made, f.live+other.live, f.duplicates+other.duplicates
	f.leaks, f.bad = f.leaks+other.leaks, f.bad+other.bad
	f.longest = max(f.longest, other.longest)
}

// figures are those of the run.
type figures struct {
	mu      sync.Mutex
	stories map[string]*figure
	// sent is how many writes went through the proxy of each namespace.
	sent map[string]int
	// missed are the cases whose point did not come.
	missed     []string
	plaintexts map[string]bool
}

func newFigures() *figures {
	return &figures{stories: map[string]*figure{}, sent: map[string]int{}, plaintexts: map[string]bool{}}
}

// add counts a world that has come to its end.
func (f *figures) add(w *world, c *crash, points int, took time.Duration) {
	one := figure{longest: took, made: len(w.owned(w.cognigy.Ledger())), live: len(w.live()), bad: len(w.court.violations)}
	f.mu.Lock()
	defer f.mu.Unlock()
	if c == nil {
		one.points = points
	} else {
		one.cases = 1
		if !w.crashed {
			one.unreached = 1
			f.missed = append(f.missed, w.story.name+"/"+c.String())
		}
	}
	surplus := max(0, one.live-w.story.ends.live)
	if w.story.ends.live > 0 {
		one.duplicates = surplus
	} else {
		one.leaks = surplus
	}
	if f.stories[w.story.name] == nil {
		f.stories[w.story.name] = &figure{}
	}
	f.stories[w.story.name].plus(one)
	f.sent[w.namespace] = w.gate.sent()
	maps.Copy(f.plaintexts, w.court.plaintexts)
}

func (f *figures) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	text, total := strings.Builder{}, figure{}
	for i := range stories {
		if one := f.stories[stories[i].name]; one != nil {
			fmt.Fprintf(&text, "\n%-24s %s", stories[i].name, one)
			total.plus(*one)
		}
	}
	fmt.Fprintf(&text, "\n%-24s %s", "in total", &total)
	return text.String()
}

// judge fails the test if so many points did not come that the run proves little, and if the audit log tells another story.
func (f *figures) judge(t *testing.T) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	cases := 0
	for _, one := range f.stories {
		cases += one.cases
	}
	for _, missed := range f.missed {
		t.Logf("did not come: %s", missed)
	}
	if len(f.missed)*7 > cases {
		t.Errorf("%d of %d points did not come", len(f.missed), cases)
	}
	f.checkAudit(t)
}
