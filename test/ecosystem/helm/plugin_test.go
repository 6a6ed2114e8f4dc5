// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// installPlugin puts the plugin and its completion where kubectl looks for them.
func installPlugin(t *testing.T) (folder string) {
	t.Helper()
	g := NewWithT(t)
	folder = t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-C", repository, "-o", filepath.Join(folder, "kubectl-cognigy"), "./cmd/kubectl-cognigy")
	says, err := build.CombinedOutput()
	g.Expect(err).NotTo(HaveOccurred(), "%s", says)
	completion, err := os.ReadFile(filepath.Join(repository, "cmd", "kubectl-cognigy", "kubectl_complete-cognigy"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(os.WriteFile(filepath.Join(folder, "kubectl_complete-cognigy"), completion, 0o700)).To(Succeed())
	return folder
}

// runPlugin runs the real kubectl, with the plugins of a folder, and returns what it prints, errors included.
func runPlugin(t *testing.T, plugins string, arguments ...string) (string, error) {
	t.Helper()
	assets := os.Getenv("KUBEBUILDER_ASSETS")
	command := exec.CommandContext(t.Context(), filepath.Join(assets, "kubectl"), arguments...)
	command.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig, "PATH="+plugins+":"+assets+":"+os.Getenv("PATH"))
	says, err := command.CombinedOutput()
	return string(says), err
}

func TestPlugin(t *testing.T) {
	g := NewWithT(t)
	removeCRDs(t)
	plugins, namespace := installPlugin(t), createNamespace(t)
	startPods(t, namespace)
	succeed(t, "install", release, operator, "--namespace="+namespace, "--wait", "--timeout=2m")
	t.Cleanup(func() { succeed(t, "uninstall", release, "--namespace="+namespace, "--no-hooks") })
	key := &v1alpha1.EndpointAPIKey{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "crm"},
		Spec: v1alpha1.EndpointAPIKeySpec{
			ConnectionRef: v1alpha1.ConnectionReference{Name: "cognigy"}, Endpoint: v1alpha1.EndpointReference{ID: "64f0c0ffee0123456789abcd"},
		},
	}
	g.Expect(cluster.Create(t.Context(), key)).To(Succeed())
	t.Cleanup(func() { _ = cluster.Delete(t.Context(), key) })

	says, err := runPlugin(t, plugins, "cognigy", "status", "-n", namespace)
	g.Expect(err).NotTo(HaveOccurred(), says)
	g.Expect(says).To(MatchRegexp(`(?m)^crm +Progressing`))
	says, err = runPlugin(t, plugins, "__complete", "cognigy", "status", "-n", namespace, "")
	g.Expect(err).NotTo(HaveOccurred(), says)
	g.Expect(says).To(ContainSubstring("\ncrm\n"))
	says, err = runPlugin(t, plugins, "__complete", "cognigy", "rot")
	g.Expect(err).NotTo(HaveOccurred(), says)
	g.Expect(says).To(ContainSubstring("\nrotate\t"))

	says, err = runPlugin(t, plugins, "cognigy", "preflight")
	g.Expect(err).NotTo(HaveOccurred(), says)
	g.Expect(says).To(And(
		MatchRegexp(`(?m)^operator `+namespace+`/cognigy-operator-controller-manager \S+ +ok$`), MatchRegexp(`(?m)^Helm release `+namespace+`/`+release+` +ok$`),
		MatchRegexp(`(?m)^your permissions in `+namespace+` +ok$`), MatchRegexp(`(?m)^the permissions of the operator in `+namespace+` +ok$`),
	))

	role := &rbacv1.ClusterRole{}
	g.Expect(cluster.Get(t.Context(), client.ObjectKey{Name: release + "-manager-role"}, role)).To(Succeed())
	role.Rules = slices.DeleteFunc(role.Rules, func(rule rbacv1.PolicyRule) bool { return slices.Contains(rule.Resources, "configmaps") })
	g.Expect(cluster.Update(t.Context(), role)).To(Succeed())
	g.Eventually(func() string {
		says, _ := runPlugin(t, plugins, "cognigy", "preflight")
		return says
	}).WithTimeout(patience).Should(And(
		MatchRegexp(`(?m)^the permissions of the operator in `+namespace+` +failed$`),
		ContainSubstring("missing: get configmaps (without it, caBundleRef names no ConfigMap)"),
	))
}

// The chart grants an operator that is limited to namespaces what it needs there, and the plugin and the operator itself know what that is.
func TestPermissionsOfLimitedRelease(t *testing.T) {
	plugins := installPlugin(t)
	for name, arguments := range map[string][]string{"alone": nil, "with ClusterCognigyConnections": {"--set=clusterConnections=true"}} {
		t.Run(name, func(t *testing.T) {
			r := installLimited(t, arguments...)
			says, _ := runPlugin(t, plugins, "cognigy", "preflight") // there are no Pods
			r.Expect(says).To(MatchRegexp(`(?m)^the permissions of the operator in `+r.own+` +ok$`), says)
			r.Await(func(g Gomega) {
				g.Expect(r.operator.Output()).To(ContainSubstring("the operator has the permissions that it needs"))
			})
		})
	}
}
