// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package health

import (
	"flag"
	"os"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/states"
)

const page = repository + "/docs/health.md"

var update = flag.Bool("update", false, "write docs/health.md")

// verdicts are what the tools make of a state.
type verdicts struct{ Flux, Helm, ArgoCD, Kubectl string }

// These are all the combinations that there may be.
var (
	done     = verdicts{"Current", "goes on", "Healthy", "goes on"}
	failed   = verdicts{"Failed", "fails", "Degraded", "waits"}
	underWay = verdicts{"InProgress", "waits", "Progressing", "waits"}
	// suspended has no key, and what waits for one waits until a person resumes.
	suspended = verdicts{"InProgress", "waits", "Suspended", "waits"}
	// replacing has a key that works, while the operator replaces it, or revokes the one before.
	replacing = verdicts{"InProgress", "waits", "Healthy", "goes on"}
	leaving   = verdicts{"Terminating", "waits", "Progressing", "waits"}
	// leavingReady is what is being deleted and still works. Nobody who deletes waits for Ready.
	leavingReady = verdicts{"Terminating", "waits", "Progressing", "goes on"}
)

// expected is what the tools should make of an object.
func expected(object *unstructured.Unstructured) verdicts {
	conditions := states.Conditions(object)
	ready := conditions["Ready"].Status == "True"
	observed, _, _ := unstructured.NestedInt64(object.Object, "status", "observedGeneration")
	inSpec, _, _ := unstructured.NestedBool(object.Object, "spec", "suspend")
	switch current := observed == object.GetGeneration(); {
	case object.GetDeletionTimestamp() != nil && ready && current:
		return leavingReady
	case object.GetDeletionTimestamp() != nil:
		return leaving
	case !current:
		return underWay
	case conditions["Stalled"].Status == "True":
		return failed
	case ready && conditions["Reconciling"].Status == "True":
		return replacing
	case ready:
		return done
	case inSpec:
		return suspended
	default:
		return underWay
	}
}

// Every state is a success, a failure or a wait for all tools alike, and docs/health.md says which.
func TestHealth(t *testing.T) {
	all := states.All()
	found := make([]verdicts, len(all))
	for i, state := range all {
		t.Run(state.Name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			live := load(t, state)
			g.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(live), live)).To(Succeed())
			found[i] = verdicts{Flux: flux(t, live), Helm: helm(t, live), ArgoCD: argocd(t, live), Kubectl: kubectl(t, live)}
			g.Expect(found[i]).To(Equal(expected(live)))
		})
	}
	t.Cleanup(func() { // when the parallel tests have ended
		if !t.Failed() {
			writePage(t, all, found)
		}
	})
}

// writePage compares docs/health.md with what was found, or writes it.
func writePage(t *testing.T, all []states.State, found []verdicts) {
	t.Helper()
	g, want := NewWithT(t), table(t, all, found)
	if *update {
		g.Expect(os.WriteFile(page, []byte(want), 0o600)).To(Succeed())
	}
	got, err := os.ReadFile(page)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(got)).To(Equal(want), "make health writes the page")
}
