// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"fmt"
	"strings"
	"sync"
)

// tally is what happened in all environments of chaos.
type tally struct {
	mu           sync.Mutex
	environments int
	tried        int
	done         map[string]int
	figure       figure
}

func newTally() *tally { return &tally{done: map[string]int{}} }

// add adds an environment that has come to its end.
func (t *tally) add(c *chaos) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.environments++
	t.tried += c.tried
	for name, count := range c.done {
		t.done[name] += count
	}
	t.figure.plus(c.count())
}

func (t *tally) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var text strings.Builder
	fmt.Fprintf(&text, "\n%d environments: %s; %d operations were tried in vain", t.environments, t.figure.keys(), t.tried)
	for title, operations := range map[string]map[string]operation{"operations": operations, "faults": faults} {
		sum := 0
		var each []string
		for _, name := range sortedNames(operations) {
			sum += t.done[name]
			each = append(each, fmt.Sprintf("%s %d", name, t.done[name]))
		}
		fmt.Fprintf(&text, "\n%d %s: %s", sum, title, strings.Join(each, ", "))
	}
	return text.String()
}
