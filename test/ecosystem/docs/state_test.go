// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/cognigy-operator/cognigy-operator/test/ecosystem/deployed"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// state is what a page starts from.
type state string

const (
	nothing    state = "nothing"    // a cluster without the operator
	installed  state = "installed"  // kubectl has installed the operator
	example    state = "example"    // that, and the example of docs/moving
	production state = "production" // that, and the ClusterCognigyConnection of docs/connect.md
	rotated    state = "rotated"    // the example, whose key has just replaced another one
	two        state = "two"        // the example, and another cluster with the operator; kubectl knows both by contexts, old and new
)

// clusterWideKinds are those of the objects without a namespace that pages make, in the order in which they can be deleted.
const clusterWideKinds = "validatingadmissionpolicybindings,validatingadmissionpolicies,clusterrolebindings,clusterroles,priorityclasses,crds,namespaces"

// reach clears the cluster of what the page before has left, and makes what a page starts from.
func (s *site) reach(t *testing.T, wanted state) {
	t.Helper()
	base := installed
	if wanted == nothing {
		base = nothing
	}
	s.clear(t, base)
	if base == nothing {
		return
	}
	s.follow(t, "docs/install.md", "Install")
	if s.clusterWide[installed] == nil {
		s.clusterWide[installed] = s.listClusterWide(t)
	}
	if wanted == installed {
		return
	}
	s.follow(t, "docs/moving/README.md", "The example")
	switch wanted {
	case production:
		s.follow(t, "docs/connect.md", "For several namespaces")
	case rotated:
		s.execute(t, rotation, "")
	case two:
		s.addCluster(t)
	}
}

const rotation = `
	kubectl patch endpointapikey crm-webhook -n crm --type=merge -p '{"spec":{"rotation":{"overlap":"20s"}}}'
	kubectl cognigy rotate crm-webhook -n crm
	kubectl rollout restart deployment/crm -n crm
	kubectl rollout status deployment/crm -n crm`

// addCluster starts another cluster for the rest of the test, and installs the operator there.
func (s *site) addCluster(t *testing.T) {
	t.Helper()
	g := NewWithT(t)
	added, err := startCluster(t)
	g.Expect(err).NotTo(HaveOccurred())
	s.startKubelet(t, added)
	merged := clientcmdapi.NewConfig()
	merged.CurrentContext = "old"
	for context, cluster := range map[string]*deployed.Cluster{"old": s.cluster, "new": added} {
		config, err := clientcmd.Load(cluster.Kubeconfig())
		g.Expect(err).NotTo(HaveOccurred())
		current := config.Contexts[config.CurrentContext]
		merged.Clusters[context], merged.AuthInfos[context] = config.Clusters[current.Cluster], config.AuthInfos[current.AuthInfo]
		merged.Contexts[context] = &clientcmdapi.Context{Cluster: context, AuthInfo: context}
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	g.Expect(clientcmd.WriteToFile(*merged, file)).To(Succeed())
	before := s.environment
	s.environment = append(slices.Clone(before), "KUBECONFIG="+file)
	t.Cleanup(func() { s.environment = before })
	s.execute(t, `kubectl --context new apply -f dist/install.yaml
		kubectl --context new rollout status deployment/cognigy-operator-controller-manager -n cognigy-operator-system`, "")
}

func (s *site) listClusterWide(t *testing.T) []string {
	t.Helper()
	return strings.Fields(s.execute(t, "kubectl get "+clusterWideKinds+" -o name", ""))
}

// clear deletes resources, which the operator revokes and releases, and then what a state does not have.
func (s *site) clear(t *testing.T, base state) {
	t.Helper()
	keep := s.clusterWide[base]
	if keep == nil { // that is to be made
		keep = s.clusterWide[nothing]
	}
	var policies, others []string
	for _, name := range s.listClusterWide(t) {
		switch {
		case slices.Contains(keep, name), name == "namespace/crm" && !s.annotated(t, name):
		case strings.HasPrefix(name, "validatingadmissionpolicy"):
			policies = append(policies, name)
		default:
			others = append(others, name)
		}
	}
	if len(policies) > 0 {
		s.execute(t, "kubectl delete "+strings.Join(policies, " "), "")
	}
	NewWithT(t).Eventually(func() error { // a policy that is only just gone may count
		_, err := s.try(t.Context(), clearResources, "")
		return err
	}).WithTimeout(patience).Should(Succeed())
	if base == nothing {
		s.clusterWide[installed] = nil
		// The operator ends before it loses its permissions.
		s.execute(t, "kubectl delete deployments --all -n cognigy-operator-system && kubectl wait --for=delete pods --all -n cognigy-operator-system", "")
	}
	if len(others) > 0 {
		s.execute(t, "kubectl delete --ignore-not-found "+strings.Join(others, " "), "")
	}
	for _, cognigy := range []*simulator.Simulator{s.trial, s.app} {
		for _, key := range cognigy.Live("") {
			cognigy.RevokeKey(key.ID)
		}
	}
}

// annotated reports whether a page has annotated a namespace. One that is as it was is cleared of what it has, since Kubernetes takes ten
// seconds to remove one.
func (s *site) annotated(t *testing.T, namespace string) bool {
	t.Helper()
	return s.execute(t, "kubectl get "+namespace+" -o jsonpath='{.metadata.annotations}'", "") != ""
}

// clearResources takes resources by force that the operator takes longer to release, such as those whose key it has just taken over.
const clearResources = `
	release() {
		kubectl get $1 --all-namespaces -o go-template='{{range .items}}{{.metadata.namespace}} {{.metadata.name}}{{"\n"}}{{end}}' | while read -r namespace name; do
			kubectl patch $1 "$name" -n "$namespace" --type=merge -p '{"metadata":{"finalizers":null}}'
		done
	}
	[[ -z $(kubectl get deployments -n cognigy-operator-system -o name) ]] || kubectl scale deployments --all --replicas=2 -n cognigy-operator-system
	for kind in endpointapikeys cognigyconnections clustercognigyconnections; do
		[[ -z $(kubectl get crd $kind.cognigy-operator.io --ignore-not-found) ]] || kubectl delete $kind --all --all-namespaces --timeout=15s || release $kind
	done
	kubectl delete secret cognigy-credentials -n cognigy-operator-system --ignore-not-found
	kubectl delete deployments,configmaps --all -n default
	kubectl delete deployments,secrets,servicebindings,events --all -n crm
	kubectl wait --for=delete pods --all -n crm`
