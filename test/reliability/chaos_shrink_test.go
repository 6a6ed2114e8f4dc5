// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	// shrinking bounds the search for a short script.
	shrinking = 6 * time.Minute
	// tries is how often a script is played that may fail: what happens side by side does not happen in the same order each time.
	tries = 2
	// candidates is how many scripts are played at a time.
	candidates = 8
)

// shrink looks for a short script that fails as well: it leaves out parts, large ones first. An environment takes half a minute and is
// not the same twice, so that parts are tried side by side and more than once, unlike what libraries for random tests do.
func shrink(t *testing.T, s script, why *failure) (script, *failure) {
	t.Helper()
	end := time.Now().Add(shrinking)
	for size := len(s.Steps) / 2; size >= 1 && time.Now().Before(end); {
		shorter, failed := shortened(t, s, size)
		if failed == nil {
			size /= 2
			continue
		}
		s, why = shorter, failed
		size = min(size, len(s.Steps)/2)
	}
	return s, why
}

// shortened leaves out one part of a size after the other, and returns the first script that fails still.
func shortened(t *testing.T, s script, size int) (script, *failure) {
	t.Helper()
	var shorter []script
	for from := 0; from < len(s.Steps); from += size {
		one := s
		one.Steps = slices.Delete(slices.Clone(s.Steps), from, min(from+size, len(s.Steps)))
		for range tries {
			shorter = append(shorter, one)
		}
	}
	for group := range slices.Chunk(shorter, candidates) {
		failures := make([]*failure, len(group))
		var playing sync.WaitGroup
		for i := range group {
			playing.Go(func() { failures[i] = play(t, group[i], newTally()) })
		}
		playing.Wait()
		if i := slices.IndexFunc(failures, func(f *failure) bool { return f != nil }); i >= 0 {
			return group[i], failures[i]
		}
	}
	return s, nil
}

// failure is what a trial found wrong.
type failure struct{ complaints []string }

func (f *failure) String() string { return strings.Join(f.complaints, "\n") }

// trial takes the place of a test whose failure is not the end.
type trial struct {
	testing.TB
	mu       sync.Mutex
	failure  failure
	failed   bool
	cleanups []func()
}

// try runs something that may fail, and returns how it did, or nil.
func try(t *testing.T, run func(testing.TB)) *failure {
	t.Helper()
	attempt := &trial{TB: t}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer attempt.cleanUp()
		run(attempt)
	}()
	<-ended
	if !attempt.failed {
		return nil
	}
	return &attempt.failure
}

func (t *trial) cleanUp() {
	for _, cleanup := range slices.Backward(t.cleanups) {
		cleanup()
	}
}

func (t *trial) complain(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failure.complaints = append(t.failure.complaints, text)
}

// Cleanup implements testing.TB.
func (t *trial) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }

// Failed implements testing.TB.
func (t *trial) Failed() bool { return t.failed }

// Error implements testing.TB.
func (t *trial) Error(args ...any) { t.failed = true; t.complain(fmt.Sprint(args...)) }

// Logf implements testing.TB.
func (t *trial) Logf(format string, args ...any) { t.complain(fmt.Sprintf(format, args...)) }

// Fatalf implements testing.TB.
func (t *trial) Fatalf(format string, args ...any) {
	t.failed = true
	t.complain(fmt.Sprintf(format, args...))
	runtime.Goexit()
}
