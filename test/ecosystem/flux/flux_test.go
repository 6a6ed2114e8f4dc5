// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package flux

import "testing"

// TestFlux follows docs/flux.md from the first installation to the last deletion. Each step needs those before it.
func TestFlux(t *testing.T) {
	s := newScenario(t)
	for _, step := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"the operator comes first", s.installsOperatorFirst},
		{"the connection waits for its credentials", s.waitsForCredentials},
		{"keys come before the workload", s.deliversBeforeWorkload},
		{"a change in the source is applied", s.appliesChange},
		{"a change by hand is undone", s.undoesChangeByHand},
		{"a requested rotation happens once", s.rotatesOnce},
		{"a suspended Kustomization changes nothing", s.suspends},
		{"a rejected connection fails, and what depends on it waits", s.failsWithConnection},
		{"a blocked renewal fails if expressions say so", s.failsWithBlockedRenewal},
		{"an immutable field changes by force only", s.changesByForce},
		{"a key that the source drops is revoked", s.prunesKey},
		{"an earlier release is applied, and this one again", s.changesRelease},
		{"a source without the operator costs no key", s.survivesLossOfOperator},
		{"all at once is deleted, and no key is left", s.deletesAllAtOnce},
		{"what was deleted is installed again", s.installsAgain},
		{"everything is deleted in order", s.deletesInOrder},
	} {
		succeeded := t.Run(step.name, func(t *testing.T) {
			s.running.T = t
			step.run(t)
		})
		s.running.T = s.whole
		if !succeeded {
			return
		}
	}
}
