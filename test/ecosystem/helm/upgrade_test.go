// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/ecosystem/deployed"
	"github.com/cognigy-operator/cognigy-operator/test/ecosystem/upgrade"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// The first release had no chart. This one's takes over what kubectl installed of it, while resources of every sort are live, is upgraded
// like any other release, and gives way to the earlier operator again, whose manifests kubectl applies.
func TestUpgradeOfAnEarlierRelease(t *testing.T) {
	g := NewWithT(t)
	earlier, err := upgrade.Earlier(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	removeInstallation(t, earlier)
	kubectl(t, "apply", "--filename="+earlier.Manifests)
	startPods(t, installation.Namespace)
	running := deployed.Run(t, plane, cluster, installation.Namespace, earlier.Binary, upgrade.Flags...)
	live := upgrade.Begin(t, cluster, auditLog)
	uids := map[string]any{}
	for _, crd := range crds(t) {
		uids[crd.GetName()] = crd.GetUID()
	}
	take := func(binary string) {
		before := running
		running = deployed.Run(t, plane, cluster, installation.Namespace, binary, upgrade.Flags...)
		before.Stop()
	}

	namespace := "--namespace=" + installation.Namespace
	live.Unchanged(func() {
		kubectl(t, "apply", "--server-side", "--force-conflicts", "--field-manager=helm", "--filename="+installation.File())
		succeed(t, "install", release, operator, namespace, "--take-ownership", "--force-conflicts", "--wait", "--timeout=2m")
		take(binary)
	})
	g.Expect(crds(t)).To(HaveLen(len(uids)))
	for _, crd := range crds(t) {
		g.Expect(crd.GetUID()).To(Equal(uids[crd.GetName()]), crd.GetName())
		g.Expect(crd.GetAnnotations()).To(HaveKeyWithValue("meta.helm.sh/release-name", release))
	}
	g.Expect(installed(t, installation.Namespace).Spec.Template.Spec.SecurityContext.RunAsUser).To(BeNil(), "what the earlier manifests set")
	live.Rotate("rotating")
	live.Unchanged(func() {
		succeed(t, "upgrade", release, operator, namespace, "--wait", "--timeout=2m", "--set=replicas=3")
		take(binary)
	})
	live.Unchanged(func() { // to the operator that was there first, with the definitions of this version
		kubectl(t, "rollout", "undo", "deployment/"+release+"-controller-manager", namespace, "--to-revision=1")
		take(earlier.Binary)
	})
	live.Rotate("rotating")
	live.Unchanged(func() {
		succeed(t, "upgrade", release, operator, namespace, "--force-conflicts", "--wait", "--timeout=2m")
		take(binary)
	})
	live.End()
	succeed(t, "uninstall", release, namespace, "--wait", "--timeout=2m")
}

// kubectl runs the command as an administrator does. It must succeed.
func kubectl(t *testing.T, arguments ...string) {
	t.Helper()
	command := filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "kubectl")
	output, err := exec.CommandContext(t.Context(), command, append([]string{"--kubeconfig=" + kubeconfig}, arguments...)...).CombinedOutput()
	NewWithT(t).Expect(err).NotTo(HaveOccurred(), "%q: %s", arguments, output)
}

// removeInstallation has the test, when it ends, remove what the manifests of a release created, the definitions last.
func removeInstallation(t *testing.T, of upgrade.Release) {
	t.Helper()
	removeCRDs(t)
	objects, err := installation.Read(of.Manifests)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() {
		for _, object := range objects {
			if object.GetKind() == "CustomResourceDefinition" {
				continue
			}
			NewWithT(t).Expect(client.IgnoreNotFound(cluster.Delete(context.Background(), object))).To(Succeed())
		}
		NewWithT(t).Eventually(func() bool {
			namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: installation.Namespace}}
			return apierrors.IsNotFound(cluster.Get(context.Background(), client.ObjectKeyFromObject(namespace), namespace))
		}).WithTimeout(patience).Should(BeTrue(), "what other tests put into the namespace would end with it")
	})
}
