// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// Users begin with the samples.
func TestSamplesAreAccepted(t *testing.T) {
	g := NewWithT(t)
	files, err := filepath.Glob("../../config/samples/*.yaml")
	g.Expect(err).NotTo(HaveOccurred())
	count := 0
	for _, file := range files {
		if filepath.Base(file) == "kustomization.yaml" {
			continue
		}
		objects, err := installation.Read(file)
		g.Expect(err).NotTo(HaveOccurred(), file)
		for _, object := range objects {
			if !strings.HasPrefix(object.GetAPIVersion(), "cognigy-operator.io/") {
				continue
			}
			count++
			g.Expect(typed.Create(t.Context(), object, client.DryRunAll)).To(Succeed(), "%s: %s", file, object.GetName())
		}
	}
	g.Expect(count).To(BeNumerically(">=", 5))
}
