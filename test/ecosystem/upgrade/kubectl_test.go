// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package upgrade_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/ecosystem/deployed"
	"github.com/cognigy-operator/cognigy-operator/test/ecosystem/upgrade"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// kubectl runs the command as an administrator does. It must succeed.
func kubectl(t *testing.T, arguments ...string) {
	t.Helper()
	command := filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "kubectl")
	output, err := exec.CommandContext(t.Context(), command, append([]string{"--kubeconfig=" + kubeconfig}, arguments...)...).CombinedOutput()
	NewWithT(t).Expect(err).NotTo(HaveOccurred(), "%q: %s", arguments, output)
}

// The ways in which kubectl applies manifests.
var (
	clientSide = []string{"apply"}
	serverSide = []string{"apply", "--server-side"}
	// The first time after clientSide, and where a test has changed something.
	forced = []string{"apply", "--server-side", "--force-conflicts"}
)

// An installation is upgraded and rolled back by kubectl, in both of its ways, with resources of every sort. Each version goes on with what
// the other one wrote, and rotates and revokes keys that the other one issued.
func TestUpgrade(t *testing.T) {
	i := install(t, earlier, clientSide)
	live := upgrade.Begin(t, cluster, auditLog)
	for _, leg := range []struct {
		name string
		to   upgrade.Release
		how  []string
	}{
		{"upgrade, client-side", current, clientSide},
		{"rollback, client-side", earlier, clientSide},
		{"upgrade, server-side", current, forced},
		{"rollback, server-side", earlier, serverSide},
		{"upgrade, once more", current, serverSide},
	} {
		t.Log(leg.name)
		live.Unchanged(func() { i.replace(t, leg.to, leg.how) })
		live.Rotate("rotating")
		live.Rotate("restarting")
	}
	live.End()
}

// installed is an installation, and its operator.
type installed struct{ operator *deployed.Operator }

func install(t *testing.T, release upgrade.Release, how []string) *installed {
	t.Helper()
	i := &installed{}
	i.apply(t, release, how)
	return i
}

// apply applies the manifests of a release, and starts its operator, which waits for the Lease of the one before.
func (i *installed) apply(t *testing.T, release upgrade.Release, how []string) {
	t.Helper()
	kubectl(t, append(how, "--filename="+release.Manifests)...)
	isInstalled(t, release)
	i.operator = operate(t, release)
}

// operate starts the operator of a release, as it is installed.
func operate(t *testing.T, release upgrade.Release) *deployed.Operator {
	t.Helper()
	return deployed.Run(t, plane, cluster, installation.Namespace, release.Binary, upgrade.Flags...)
}

// replace does the same, as a Deployment's rolling update: the operator before ends once the other one is ready.
func (i *installed) replace(t *testing.T, release upgrade.Release, how []string) {
	t.Helper()
	before := i.operator
	i.apply(t, release, how)
	before.Stop()
}

// isInstalled checks that objects are as the manifests say, and that nothing of an earlier version is left in them: to replace all that
// they say but metadata would change nothing.
func isInstalled(t *testing.T, release upgrade.Release) {
	t.Helper()
	g := NewWithT(t)
	objects, err := installation.Read(release.Manifests)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(objects).NotTo(BeEmpty())
	for _, want := range objects {
		found := &unstructured.Unstructured{}
		found.SetGroupVersionKind(want.GroupVersionKind())
		g.Eventually(func() string {
			if err := cluster.Get(t.Context(), client.ObjectKeyFromObject(want), found); err != nil {
				return err.Error()
			}
			replaced := &unstructured.Unstructured{Object: maps.Clone(want.Object)}
			replaced.Object["metadata"] = found.Object["metadata"]
			if status, ok := found.Object["status"]; ok {
				replaced.Object["status"] = status
			}
			if err := cluster.Update(t.Context(), replaced, client.DryRunAll); err != nil {
				return err.Error()
			}
			return cmp.Diff(bare(found), bare(replaced))
		}).Should(BeEmpty(), "%s %s", want.GetKind(), want.GetName())
	}
}

// bare returns an object without metadata and status.
func bare(object *unstructured.Unstructured) map[string]any {
	content := maps.Clone(object.Object)
	delete(content, "metadata")
	delete(content, "status")
	return content
}
