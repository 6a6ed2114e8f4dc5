// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package flux

import (
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// The Kustomization says which connection fails, and the connection why. The key that was delivered works on.
func (s *scenario) failsWithConnection(t *testing.T) {
	credentials := &corev1.Secret{ObjectMeta: s.Meta(fixtures.CredentialsName)}
	s.Change(credentials, func() { credentials.Data["api-key"] = []byte("no-key-of-this-cognigy") })
	connection := &v1alpha1.CognigyConnection{ObjectMeta: s.Meta(fixtures.ConnectionName)}
	s.Await(func(g Gomega) {
		g.Expect(cluster.Get(s.Context, client.ObjectKeyFromObject(connection), connection)).To(Succeed())
		g.Expect(connection.Status.Conditions).To(ContainElement(And(
			HaveField("Type", v1alpha1.ConditionStalled), HaveField("Reason", v1alpha1.ReasonUnauthorized),
		)))
	})
	s.reconcile(kustomizationKind, connections)
	s.Expect(s.refused(connections, "HealthCheckFailed")).To(
		HaveSuffix(": failed early due to stalled resources: [CognigyConnection/crm/cognigy status: 'Failed']"))
	s.editKey("team: sales", "team: support")
	digest := s.push(t)
	s.Expect(s.refused(keys, "DependencyNotReady")).To(Equal("dependency 'flux-system/crm-connection' is not ready"))
	key := s.key("crm")
	s.Expect(key.Spec.Secret.Labels).To(HaveKeyWithValue("team", v1alpha1.LabelValue("sales")))
	s.Expect(s.Cognigy.Works(s.Endpoint.ID, string(s.Secret(key).Data["api-key"]))).To(BeTrue())

	s.Change(credentials, func() { credentials.Data["api-key"] = []byte(s.Cognigy.APIKey()) })
	s.AwaitReady(connection)
	s.reconcile(kustomizationKind, connections)
	s.applied(digest, connections, keys, workload)
}

// A release is not failed by a key that works, unless the Kustomization's expressions say so.
func (s *scenario) failsWithBlockedRenewal(t *testing.T) {
	const template = "team: support\n    template:\n      data:\n        url: \"{{ .unknown }}\""
	s.editKey("team: support", template)
	s.applied(s.push(t), keys, workload)
	s.Await(func(g Gomega) {
		g.Expect(s.key("crm").Status.Conditions).To(ContainElement(And(
			HaveField("Type", v1alpha1.ConditionRenewalBlocked), HaveField("Reason", v1alpha1.ReasonInvalidTemplate),
		)))
	})
	s.execute(t, "kubectl patch kustomization crm-keys -n flux-system --type=merge --patch-file=strict.yaml")
	s.Expect(s.refused(keys, "HealthCheckFailed")).To(
		HaveSuffix(": failed early due to stalled resources: [EndpointAPIKey/crm/crm status: 'Failed']"))

	s.editKey(template, "team: support")
	s.applied(s.push(t), keys, workload)
	s.AwaitDelivered(s.key("crm"), 2)
}

// The message of the API server is the Kustomization's. By force, the resource is deleted and created: the old key is revoked before there is
// a new one.
func (s *scenario) changesByForce(t *testing.T) {
	before, other := s.key("crm"), s.Cognigy.AddEndpoint(fixtures.ProjectID, "Another")
	s.editKey(s.Endpoint.ID, other.ID)
	s.push(t)
	s.Expect(s.refused(keys, "ReconciliationFailed")).To(And(
		ContainSubstring("EndpointAPIKey/crm/crm dry-run failed (Invalid)"), ContainSubstring("endpoint cannot be changed"),
	))
	s.Expect(s.key("crm").UID).To(Equal(before.UID))
	s.Expect(s.LiveKeys(before)).To(HaveLen(2))

	s.editKey("metadata:\n", "metadata:\n  annotations:\n    kustomize.toolkit.fluxcd.io/force: Enabled\n")
	s.applied(s.push(t), keys, workload)
	s.Expect(s.LiveKeys(before)).To(BeEmpty())
	after := s.AwaitDelivered(s.key("crm"), 1)
	s.Expect(after.Status.EndpointID).To(Equal(other.ID))
	s.Expect(revokedBefore(s.Cognigy.Ledger(), s.LiveKeys(after)[0])).To(BeTrue(), "while there was none, calls were refused")
}

// revokedBefore reports whether all keys of the ledger but one were revoked when that one was made.
func revokedBefore(ledger []simulator.Entry, last simulator.Entry) bool {
	for _, entry := range ledger {
		if entry.ID != last.ID && (entry.RevokedAt == nil || entry.RevokedAt.After(last.CreatedAt)) {
			return false
		}
	}
	return true
}
