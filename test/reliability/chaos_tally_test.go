// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"fmt"
	"strings"
	"sync"
)

// tally is what happened in all worlds of chaos.
type tally struct {
	mu     sync.Mutex
	worlds int
	tried  int
	done   map[string]int
	figure figure
}

func newTally() *tally { return &tally{done: map[string]int{}} }

// add adds a world that has come to its end.
func (t *tally) add(c *chaos) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.worlds++
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
	fmt.Fprintf(&text, "\n%d worlds: %s; %d deeds were tried in vain", t.worlds, t.figure.keys(), t.tried)
	for title, deeds := range map[string]map[string]deed{"operations": operations, "faults": faults} {
		sum := 0
		var each []string
		for _, name := range sortedNames(deeds) {
			sum += t.done[name]
			each = append(each, fmt.Sprintf("%s %d", name, t.done[name]))
		}
		fmt.Fprintf(&text, "\n%d %s: %s", sum, title, strings.Join(each, ", "))
	}
	return text.String()
}
