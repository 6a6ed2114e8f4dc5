// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// reasons are why blocks may not be run, each with how many are not for it. Whoever adds one says here that nothing better is possible.
var reasons = map[string]int{
	"drawing":        3,  // Mermaid
	"file":           1,  // that no command uses
	"needs-flux":     14, // test/ecosystem/flux runs these, with Flux's controllers
	"needs-internet": 3,
	"needs-trouble":  3,  // that other tests make: orphans, a namespace in which the operator has lost its Role
	"needs-registry": 1,  // to push an image to, or pull one from
	"output":         2,  // of what is not run here, or runs all the time
	"project":        3,  // make, go: of those who change the operator
	"usage":          20, // synopses and flags of kubectl cognigy
}

// Every block is run, or has a reason not to be.
func TestReasons(t *testing.T) {
	g := NewWithT(t)
	counted := map[string]int{}
	for reason := range reasons {
		counted[reason] = 0
	}
	for _, page := range pages(t) {
		for _, b := range read(t, page) {
			if reason, not := strings.CutPrefix(b.directive, "not run: "); not {
				g.Expect(reasons).To(HaveKey(reason), "%s:%d", page, b.line)
				counted[reason]++
			}
		}
	}
	g.Expect(counted).To(Equal(reasons))
}
