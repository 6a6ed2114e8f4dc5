// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"testing"

	. "github.com/onsi/gomega"
)

// Keys that Cognigy lists, each by its installation and its Endpoint.
const (
	crm    = "trial 64f0c0ffee0123456789abcd"
	orders = "trial 64f0c0ffee0123456789abce"
	crmApp = "app 65f0c0ffee0123456789abcd"
)

// left are the keys that Cognigy lists after the sections of pages.
var left = map[string]map[string][]string{
	"docs/first-steps.md":               {"Get a key": {crm}, "Mend it": {crm, orders}, "Replace the key": {crm, crm, orders}, "Remove everything": {}},
	"docs/moving/another-endpoint.md":   {"Steps": {orders}, "Go back": {crm}},
	"docs/moving/another-connection.md": {"Steps": {crmApp}, "Go back": {crm}},
	"docs/moving/another-namespace.md":  {"Steps": {crm}, "Go back": {crm}},
	"docs/moving/another-cluster.md":    {"Steps": {crm}, "Go back": {crm}},
	"docs/moving/restoring.md":          {"By hand": {crm}},
	"docs/moving/handing-over.md":       {"Out": {crm}, "In again": {crm}},
	"docs/moving/undoing-a-deletion.md": {"Undo a deletion": {crm}},
	"docs/moving/uninstalling.md":       {"Keep the keys": {crm}, "Install it again": {crm}, "Revoke the keys": {}},
}

// hasKeys checks which keys Cognigy lists after a section of a page.
func (s *site) hasKeys(t *testing.T, page, heading string) {
	t.Helper()
	wanted, known := left[page][heading]
	if !known {
		return
	}
	listed := []string{}
	for _, key := range s.trial.Live("") {
		listed = append(listed, "trial "+key.EndpointID)
	}
	for _, key := range s.app.Live("") {
		listed = append(listed, "app "+key.EndpointID)
	}
	NewWithT(t).Expect(listed).To(ConsistOf(wanted), "%s, after %s", page, heading)
}

// refusesNone checks that workloads called all the time that a page took, and that each call was answered.
func (s *site) refusesNone(t *testing.T) {
	t.Helper()
	g := NewWithT(t)
	calls, refused := s.callers.take()
	g.Expect(refused).To(BeEmpty())
	g.Expect(calls).NotTo(BeZero())
}
