// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"bytes"
	"flag"
	"os"
	"slices"
	"testing"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/yaml"

	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

var update = flag.Bool("update", false, "write what the chart renders for the tests of other packages")

// The specs of test/integration that are about an operator that is limited to namespaces run under what the chart renders for one.
func TestLimitedFile(t *testing.T) {
	g := NewWithT(t)
	rendered := succeed(t, "template", installation.LimitedNamespace, operator, "--namespace="+installation.LimitedNamespace,
		"--kube-version="+kubeVersion, "--values="+values("namespaced"), "--set=watchNamespaces={"+installation.Watched+"}",
		"--set=crds.enabled=false", "--set=rolloutRestart.enabled=true", "--set=aggregatedRoles.enabled=false", "--set=serviceBinding.enabled=false")
	var documents [][]byte
	for _, object := range parse(t, rendered) {
		if !slices.Contains([]string{
			"ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
		}, object.GetKind()) || object.GetAnnotations()["helm.sh/hook"] != "" {
			continue
		}
		object.SetLabels(nil) // of which one is the version
		document, err := yaml.Marshal(object)
		g.Expect(err).NotTo(HaveOccurred())
		documents = append(documents, document)
	}
	header := "# What the chart renders for an operator that is limited to a namespace: go test ./helm -run TestLimitedFile -args -update\n"
	want := header + string(bytes.Join(documents, []byte("---\n")))
	if *update {
		g.Expect(os.WriteFile(installation.LimitedFile(), []byte(want), 0o600)).To(Succeed())
	}
	have, err := os.ReadFile(installation.LimitedFile())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(have)).To(Equal(want), "as the comment in it says, update it")
}
