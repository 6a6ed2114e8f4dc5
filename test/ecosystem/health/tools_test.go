// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package health

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/gomega"
	"helm.sh/helm/v4/pkg/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/cognigy-operator/cognigy-operator/test/ecosystem/argocd/emulation"
)

// helmWaits is how long Helm is given: it decides as soon as it has seen the resource.
const helmWaits = 5 * time.Second

// flux is what Flux makes of an object, by its own library.
func flux(t *testing.T, object *unstructured.Unstructured) string {
	t.Helper()
	result, err := status.Compute(object)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return result.Status.String()
}

// helm is whether Helm 4 with --wait goes on, waits, or gives up, by its own library.
func helm(t *testing.T, object *unstructured.Unstructured) string {
	t.Helper()
	g := NewWithT(t)
	flags := genericclioptions.NewConfigFlags(false)
	flags.KubeConfig = &kubeconfig
	tool := kube.New(flags)
	text, err := object.MarshalJSON()
	g.Expect(err).NotTo(HaveOccurred())
	resources, err := tool.Build(bytes.NewReader(text), false)
	g.Expect(err).NotTo(HaveOccurred())
	waiter, err := tool.GetWaiter(kube.StatusWatcherStrategy)
	g.Expect(err).NotTo(HaveOccurred())
	err = waiter.Wait(resources, helmWaits)
	switch {
	case err == nil:
		return "goes on"
	case strings.Contains(err.Error(), "status: Failed"):
		return "fails"
	default:
		g.Expect(err).To(MatchError(Or(ContainSubstring("status: InProgress"), ContainSubstring("status: Terminating"))))
		return "waits"
	}
}

// argocd is the health that an emulation of Argo CD finds by our scripts.
func argocd(t *testing.T, object *unstructured.Unstructured) string {
	t.Helper()
	g := NewWithT(t)
	scripts, err := emulation.Configured(repository+"/config/argocd/argocd-cm.yaml", object.GetKind())
	g.Expect(err).NotTo(HaveOccurred())
	found, err := emulation.AssessHealth(object, scripts.Health)
	g.Expect(err).NotTo(HaveOccurred())
	return found.Status
}

// kubectl is whether `kubectl wait --for=condition=Ready`, the command, goes on or waits.
func kubectl(t *testing.T, object *unstructured.Unstructured) string {
	t.Helper()
	arguments := []string{"wait", "--kubeconfig=" + kubeconfig, "--for=condition=Ready", "--timeout=0", object.GetKind() + "/" + object.GetName()}
	if object.GetNamespace() != "" {
		arguments = append(arguments, "--namespace="+object.GetNamespace())
	}
	output, err := exec.CommandContext(t.Context(), filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "kubectl"), arguments...).CombinedOutput()
	if err == nil {
		return "goes on"
	}
	NewWithT(t).Expect(string(output)).To(ContainSubstring("condition not met"))
	return "waits"
}
