// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// followed are the pages whose blocks are run, in the order in which it takes least to make what each starts from.
var followed = []struct {
	from  state
	pages []string // which leave that as it is, but for the last
}{
	{nothing, []string{"README.md"}},
	{nothing, []string{"docs/install.md"}},
	{nothing, []string{"docs/install-helm.md"}},
	{nothing, []string{"docs/first-steps.md"}},
	{nothing, []string{"docs/install-openshift.md"}},
	{nothing, []string{"docs/install-air-gapped.md"}},
	{installed, []string{"docs/connect.md"}},
	{example, []string{"docs/keys.md"}},
	{example, []string{"docs/consume.md"}},
	{example, []string{"docs/secret.md"}},
	{example, []string{"docs/policies.md"}},
	{production, append(runbooks, "docs/cluster-id.md", "docs/events.md", "docs/govern.md", "docs/troubleshooting.md", "docs/tracing.md",
		"docs/audit.md", "docs/image.md", "docs/architecture.md", "docs/concepts.md", "docs/mutations.md", "docs/reliability.md", "docs/flux.md",
		"docs/kubectl-cognigy.md")},
	{installed, []string{"docs/moving/README.md"}},
	{example, []string{"docs/moving/another-endpoint.md"}},
	{example, []string{"docs/moving/another-connection.md"}},
	{example, []string{"docs/moving/another-namespace.md"}},
	{two, []string{"docs/moving/another-cluster.md"}},
	{two, []string{"docs/moving/restoring.md"}},
	{rotated, []string{"docs/moving/handing-over.md"}},
	{example, []string{"docs/moving/undoing-a-deletion.md"}},
	{example, []string{"docs/moving/uninstalling.md"}},
	{installed, []string{"docs/argocd.md", "docs/metrics.md", "docs/dashboard.md", "docs/networks.md", "docs/upgrading.md"}},
}

var runbooks = []string{
	"docs/runbooks/CognigyOperatorAbsent.md", "docs/runbooks/CognigyOperatorConnectionDown.md", "docs/runbooks/CognigyOperatorDeletionStuck.md",
	"docs/runbooks/CognigyOperatorDeliverySlow.md", "docs/runbooks/CognigyOperatorKeyNotReady.md", "docs/runbooks/CognigyOperatorKeyStalled.md",
	"docs/runbooks/CognigyOperatorNoLeader.md", "docs/runbooks/CognigyOperatorOrphansFound.md",
	"docs/runbooks/CognigyOperatorRateLimitSaturated.md", "docs/runbooks/CognigyOperatorRateLimited.md",
	"docs/runbooks/CognigyOperatorReconcileErrors.md", "docs/runbooks/CognigyOperatorRenewalBlocked.md",
	"docs/runbooks/CognigyOperatorRotationOverdue.md", "docs/runbooks/CognigyOperatorTooManyIssuances.md",
}

// TestPages does what each page says. A page without commands of its own is none of its business.
func TestPages(t *testing.T) {
	s := newSite(t)
	for _, each := range followed {
		reached := false
		for _, page := range each.pages {
			t.Run(page, func(t *testing.T) {
				s.openFolder(t)
				if !reached {
					s.reach(t, each.from)
					reached = true
				}
				s.callers.take()
				s.follow(t, page)
				if strings.HasPrefix(page, "docs/moving/") {
					s.refusesNone(t)
				}
			})
		}
	}
	t.Run("a key that is deleted before its workload", func(t *testing.T) { // Otherwise the pages of docs/moving would prove nothing.
		s.openFolder(t)
		s.reach(t, example)
		s.execute(t, "kubectl delete endpointapikey crm-webhook -n crm", "")
		NewWithT(t).Eventually(func() []string {
			_, refused := s.callers.take()
			return refused
		}).WithTimeout(patience).Should(ContainElement(HaveSuffix("401 Unauthorized")))
	})
}

// Every page that has something to run is followed.
func TestAllAreFollowed(t *testing.T) {
	g := NewWithT(t)
	var named, found []string
	for _, each := range followed {
		named = append(named, each.pages...)
	}
	for _, page := range pages(t) {
		if len(read(t, page)) > 0 {
			found = append(found, page)
		}
	}
	g.Expect(named).To(ConsistOf(found))
}
