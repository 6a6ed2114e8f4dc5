// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"
)

// What a run of chaos may be told: the seed of the first environment, how many things happen in each, how long new environments are begun,
// and a file with a script to play instead.
const (
	chaosSeed     = "CHAOS_SEED"
	chaosOps      = "CHAOS_OPS"
	chaosDuration = "CHAOS_DURATION"
	chaosScript   = "CHAOS_SCRIPT"
)

// TestChaos has random things happen, and waits for the environment to be as it should be. An environment that is not ends in a short script
// that shows it.
func TestChaos(t *testing.T) {
	t.Parallel()
	total := newTally()
	t.Cleanup(func() { publish(t, total) })
	if file := os.Getenv(chaosScript); file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s, err := parse(text)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		playOrShrink(t, s, total)
		return
	}
	seed, length := uint64(number(t, chaosSeed, 1)), number(t, chaosOps, 40)
	end := time.Now().Add(duration(t, chaosDuration))
	for wave := uint64(0); wave == 0 || time.Now().Before(end); wave++ {
		t.Run(fmt.Sprintf("wave %d", wave), func(t *testing.T) {
			for environment := range environmentsAtOnce() {
				seed := seed + wave*environmentsAtOnce() + environment
				t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
					t.Parallel()
					playOrShrink(t, generate(seed, length), total)
				})
			}
		})
	}
}

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		t.Fatalf("%s: %q is no number", name, text)
	}
	return n
}

func duration(t *testing.T, name string) time.Duration {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return d
}

// playOrShrink plays a script, and looks for a short one that fails, too, if it does.
func playOrShrink(t *testing.T, s script, total *tally) {
	t.Helper()
	failed := play(t, s, total)
	if failed == nil {
		return
	}
	t.Errorf("seed %d: %s", s.Seed, failed)
	short, shortFailed := shrink(t, s, failed)
	t.Logf("the shortest script that was found, %d of %d steps; put it into a file and play it with %s=<file>:\n%s\n%s",
		len(short.Steps), len(s.Steps), chaosScript, short, shortFailed)
}

// play plays a script in an environment of its own, and returns how that failed, or nil.
func play(t *testing.T, s script, total *tally) *failure {
	t.Helper()
	return try(t, func(t testing.TB) {
		c := newChaos(t, s)
		defer func() { total.add(c) }()
		c.play(s)
		c.endFaults()
		c.convergesAtEnd()
		c.kill()
		c.checkInvariants()
	})
}
