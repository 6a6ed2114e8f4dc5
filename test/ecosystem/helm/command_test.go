// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"bytes"
	"log"
	"os"
	"testing"

	. "github.com/onsi/gomega"
	helm4 "helm.sh/helm/v4/pkg/cmd"
	"helm.sh/helm/v4/pkg/kube"
)

// helm runs Helm 4's command, as an administrator would, and returns what it prints.
func helm(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	kube.ManagedFieldsManager = "helm" // as the command's main does
	var output bytes.Buffer
	log.SetOutput(&output) // where it prints what hooks printed
	defer log.SetOutput(os.Stderr)
	arguments = append([]string{"--kubeconfig=" + kubeconfig}, arguments...)
	command, err := helm4.NewRootCmd(&output, arguments, func(bool) {})
	if err != nil {
		return "", err
	}
	command.SetArgs(arguments)
	command.SetOut(&output)
	command.SetErr(&output)
	err = command.ExecuteContext(t.Context())
	return output.String(), err
}

// succeed runs Helm's command, which must succeed.
func succeed(t *testing.T, arguments ...string) string {
	t.Helper()
	output, err := helm(t, arguments...)
	NewWithT(t).Expect(err).NotTo(HaveOccurred(), output)
	return output
}
