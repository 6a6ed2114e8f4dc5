// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// script is what happens in an environment of chaos.
type script struct {
	Seed uint64 `json:"seed"`
	// Skew is how far Cognigy's clock is ahead.
	Skew  time.Duration `json:"skew"`
	Steps []step        `json:"steps"`
}

// step is one thing that happens: an operation of the user, or a fault.
type step struct {
	Wait time.Duration `json:"wait"` // before it
	Do   string        `json:"do"`   // an element of operations or of faults
	Key  int           `json:"key"`  // which resource, for an operation
	For  time.Duration `json:"for"`  // how long, for a fault that lasts
}

// keyCount is how many resources there are, or may be.
const keyCount = 3

// generate makes up a script of operations and faults. The same seed makes the same script.
func generate(seed uint64, length int) script {
	random := rand.New(rand.NewPCG(seed, 0))
	s := script{Seed: seed, Skew: time.Duration(random.IntN(3)-1) * time.Hour}
	// There is something to lose from the start on.
	for key := range keyCount {
		s.Steps = append(s.Steps, step{Do: "create", Key: key})
	}
	kinds := append(weighted(operations), weighted(faults)...)
	for range length {
		s.Steps = append(s.Steps, step{
			Wait: time.Duration(random.IntN(600)) * time.Millisecond,
			Do:   kinds[random.IntN(len(kinds))],
			Key:  random.IntN(keyCount),
			For:  time.Duration(500+random.IntN(2500)) * time.Millisecond,
		})
	}
	// After this nothing is issued any more, until everything was made again: it comes late, and not always.
	if length > 0 && seed%3 == 0 {
		last := [...]string{"delete connection", "delete credentials"}[random.IntN(2)]
		s.Steps = slices.Insert(s.Steps, len(s.Steps)-random.IntN(length/3+1), step{Do: last})
	}
	return s
}

// weighted returns the names of operations, sorted, as often as they weigh.
func weighted(operations map[string]operation) []string {
	var names []string
	for _, name := range sortedNames(operations) {
		for range operations[name].weight {
			names = append(names, name)
		}
	}
	return names
}

// String is what CHAOS_SCRIPT takes.
func (s script) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "{\"seed\": %d, \"skew\": %d, \"steps\": [", s.Seed, s.Skew)
	for i, step := range s.Steps {
		encoded, err := json.Marshal(step)
		if err != nil {
			panic(err) // a step is made of strings and numbers
		}
		fmt.Fprintf(&text, "%s\n  %s", map[bool]string{true: "", false: ","}[i == 0], encoded)
	}
	text.WriteString("\n]}")
	return text.String()
}

// parse reads what String writes. A misspelt operation is an error.
func parse(text []byte) (script, error) {
	var s script
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil {
		return s, err
	}
	for i, step := range s.Steps {
		if _, ok := operationOf(step.Do); !ok || step.Key < 0 || step.Key >= keyCount {
			return s, fmt.Errorf("step %d, %q for key %d, is unknown", i, step.Do, step.Key)
		}
	}
	return s, nil
}
