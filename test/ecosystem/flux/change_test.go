// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package flux

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// patch is a change of the key resource by hand: of a field that the source sets, and of one that it does not.
const patch = `kubectl patch endpointapikey crm -n crm --type=merge -p '{"spec":{"displayName":"By hand","suspend":true}}'`

func (s *scenario) appliesChange(t *testing.T) {
	s.editKey("displayName: CRM webhook", "displayName: CRM webhook live\n  secret:\n    labels:\n      team: crm")
	s.applied(s.push(t), operator, connections, keys, workload)
	key := s.AwaitDelivered(s.key("crm"), 1)
	s.Expect(key.Spec.DisplayName).To(Equal("CRM webhook live"))
	s.Expect(s.Secret(key).Labels).To(HaveKeyWithValue("team", "crm"))
	s.Expect(s.Posts()).To(Equal(1), "such a change takes no other key")
}

func (s *scenario) undoesChangeByHand(t *testing.T) {
	s.execute(t, patch)
	s.Expect(s.key("crm").Spec).To(And(HaveField("DisplayName", "By hand"), HaveField("Suspend", true)))
	s.reconcile(kustomizationKind, keys)
	s.Expect(s.key("crm").Spec).To(And(HaveField("DisplayName", "CRM webhook live"), HaveField("Suspend", false)))
	s.AwaitDelivered(s.key("crm"), 1)
	s.Expect(s.Posts()).To(Equal(1))
}

// Flux removes the annotation again, after the operator has seen it: no other key follows from that.
func (s *scenario) rotatesOnce(t *testing.T) {
	s.execute(t, s.page.commands["By hand"][0])
	s.Await(func(g Gomega) { g.Expect(s.Posts()).To(Equal(2)) })
	rotated := s.AwaitDelivered(s.key("crm"), 2)
	s.reconcile(kustomizationKind, keys)
	s.Expect(s.key("crm").Annotations).NotTo(HaveKey(v1alpha1.RotateRequestedAtAnnotation))
	s.Expect(s.AwaitDelivered(s.key("crm"), 2).Status.KeyID).To(Equal(rotated.Status.KeyID))
	s.Expect(s.Posts()).To(Equal(2))

	// The annotation of `flux reconcile` means to the operator what it means to Flux.
	at := time.Now().UTC().Format(time.RFC3339Nano)
	s.execute(t, "kubectl annotate endpointapikey crm -n crm "+requestedAt+"="+at)
	s.Await(func(g Gomega) { g.Expect(s.key("crm").Status.LastHandledReconcileAt).To(Equal(at)) })
	s.reconcile(kustomizationKind, keys)
	s.Expect(s.Posts()).To(Equal(2))
}

func (s *scenario) suspends(t *testing.T) {
	s.execute(t, s.page.commands["Suspend"][0])
	s.execute(t, patch)
	s.editKey("team: crm", "team: sales")
	digest := s.push(t)
	s.applied(digest, operator, connections) // which are not suspended
	s.Expect(s.key("crm").Spec).To(And(
		HaveField("DisplayName", "By hand"), HaveField("Suspend", true), HaveField("Secret.Labels", HaveKeyWithValue("team", v1alpha1.LabelValue("crm"))),
	))
	s.execute(t, s.page.commands["Suspend"][1])
	s.applied(digest, keys, workload)
	key := s.AwaitDelivered(s.key("crm"), 2)
	s.Expect(key.Spec).To(And(HaveField("DisplayName", "CRM webhook live"), HaveField("Suspend", false)))
	s.Expect(s.Secret(key).Labels).To(HaveKeyWithValue("team", "sales"))
}
