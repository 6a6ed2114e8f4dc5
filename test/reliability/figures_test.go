// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// figure is what became of one environment, or of several.
type figure struct {
	points, cases, unreached          int
	made, live                        int
	orphans, duplicates, leaks, wrong int
	longest                           time.Duration
}

func (f *figure) String() string {
	return fmt.Sprintf("%3d points, %3d cases (%d unreached), %s, at most %.0f s each", f.points, f.cases, f.unreached, f.keys(), f.longest.Seconds())
}

// keys is what a run is about: all but the first two are to be zero.
func (f *figure) keys() string {
	return fmt.Sprintf("%3d keys made, %3d live, %d orphans, %d duplicates, %d leaks, %d other violations",
		f.made, f.live, f.orphans, f.duplicates, f.leaks, f.wrong)
}

func (f *figure) plus(other *figure) {
	f.points, f.cases, f.unreached = f.points+other.points, f.cases+other.cases, f.unreached+other.unreached
	f.made, f.live, f.orphans, f.duplicates = f.made+other.made, f.live+other.live, f.orphans+other.orphans, f.duplicates+other.duplicates
	f.leaks, f.wrong = f.leaks+other.leaks, f.wrong+other.wrong
	f.longest = max(f.longest, other.longest)
}

// count counts the keys of an environment that has come to its end. An orphan works although its resource is gone and did not retain
// it, a duplicate beside another key of the same resource, and a leak is a plaintext that was found where none must be.
func (e *environment) count() *figure {
	f := &figure{made: len(e.owned(e.Cognigy.Ledger())), live: len(e.live()), longest: time.Since(e.began)}
	for _, o := range e.checker.known() {
		live := len(e.checker.liveOf(o))
		switch {
		case e.lives(o):
			f.duplicates += max(0, live-1)
		case !o.retained.Load():
			f.orphans += live - len(e.checker.left(o))
		}
	}
	for _, violation := range e.checker.found() {
		if strings.HasPrefix(violation, "S4") {
			f.leaks++
		} else {
			f.wrong++
		}
	}
	return f
}

// lives reports whether a resource still exists.
func (e *environment) lives(o *owner) bool {
	found, err := e.Find(o.key)
	return err == nil && found.UID == o.uid
}

// figuresFolder names a folder that figures are also written into: go test shows what a test prints only if it fails.
const figuresFolder = "FIGURES"

// publish prints what a test has counted.
func publish(t *testing.T, figures fmt.Stringer) {
	t.Helper()
	t.Log(figures)
	if folder := os.Getenv(figuresFolder); folder != "" {
		if err := os.WriteFile(filepath.Join(folder, t.Name()), []byte(t.Name()+figures.String()+"\n"), 0o600); err != nil {
			t.Error(err)
		}
	}
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
		fmt.Fprintf(&text, "\n%-44s %s", row, f.rows[row])
	}
	fmt.Fprintf(&text, "\n%-44s %s", "in total", f.total())
	return text.String()
}

// check fails the test if more than a few points did not come: what comes by the clock may come later, or not at all.
func (f *figures) check(t *testing.T) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, missed := range f.missed {
		t.Logf("did not come: %s", missed)
	}
	if cases := f.total().cases; len(f.missed) > 2+cases/10 {
		t.Errorf("%d of %d points did not come", len(f.missed), cases)
	}
}
