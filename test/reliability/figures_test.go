// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// figure is what became of one world, or of several.
type figure struct {
	points, cases, unreached           int
	made, live, duplicates, leaks, bad int
	longest                            time.Duration
}

func (f *figure) String() string {
	return fmt.Sprintf("%3d points, %3d cases (%d unreached), %3d keys made, %3d live, %d duplicates, %d leaks, %d violations, "+
		"at most %.0f s each", f.points, f.cases, f.unreached, f.made, f.live, f.duplicates, f.leaks, f.bad, f.longest.Seconds())
}

func (f *figure) plus(other *figure) {
	f.points, f.cases, f.unreached = f.points+other.points, f.cases+other.cases, f.unreached+other.unreached
	f.made, f.live, f.duplicates = f.made+other.made, f.live+other.live, f.duplicates+other.duplicates
	f.leaks, f.bad = f.leaks+other.leaks, f.bad+other.bad
	f.longest = max(f.longest, other.longest)
}

// count counts the keys of a world that has come to its end: wanted of them ought to work.
func (w *world) count(wanted int) *figure {
	live := len(w.live())
	f := &figure{made: len(w.owned(w.cognigy.Ledger())), live: live, bad: len(w.court.violations), longest: time.Since(w.began)}
	if surplus := max(0, live-wanted); wanted > 0 {
		f.duplicates = surplus
	} else {
		f.leaks = surplus
	}
	return f
}

// figures are those of a test, by rows.
type figures struct {
	mu   sync.Mutex
	rows map[string]*figure
	// missed are the cases whose point did not come.
	missed []string
}

func newFigures() *figures { return &figures{rows: map[string]*figure{}} }

// add adds a figure to a row.
func (f *figures) add(row string, one *figure) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.rows[row] == nil {
		f.rows[row] = &figure{}
	}
	f.rows[row].plus(one)
}

// miss notes a case whose point did not come.
func (f *figures) miss(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.missed = append(f.missed, name)
}

func (f *figures) total() *figure {
	total := &figure{}
	for _, one := range f.rows {
		total.plus(one)
	}
	return total
}

func (f *figures) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var text strings.Builder
	for _, row := range slices.Sorted(maps.Keys(f.rows)) {
		fmt.Fprintf(&text, "\n%-24s %s", row, f.rows[row])
	}
	fmt.Fprintf(&text, "\n%-24s %s", "in total", f.total())
	return text.String()
}

// judge fails the test if so many points did not come that the run proves little.
func (f *figures) judge(t *testing.T) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, missed := range f.missed {
		t.Logf("did not come: %s", missed)
	}
	if cases := f.total().cases; len(f.missed)*7 > cases {
		t.Errorf("%d of %d points did not come", len(f.missed), cases)
	}
}
