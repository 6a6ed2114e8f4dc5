// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package emulation

import (
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// The emulation has what Argo CD gives to a script of argocd-cm, and nothing else.
func TestEmulationLimits(t *testing.T) {
	g := NewWithT(t)
	for _, permitted := range []string{
		`local sorted = {3, 1}; table.sort(sorted); return sorted`,
		`for name, value in pairs(obj.spec) do return {[name] = tostring(value)} end`,
		`return {now = require("os").date("!%Y-%m-%dT%H:%M:%SZ"), seconds = require("os").time()}`,
	} {
		_, err := Script(&unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"suspend": true}}}, permitted)
		g.Expect(err).NotTo(HaveOccurred(), permitted)
	}
	for _, refused := range []string{
		`return {string.lower("A")}`,
		`return {("A"):lower()}`,
		`return {math.max(1, 2)}`,
		`return {os.date()}`,
		`return {require("os").getenv("HOME")}`,
		`return {io.open("/etc/passwd")}`,
		`return "Healthy"`,
		`while true do end`,
	} {
		_, err := Script(&unstructured.Unstructured{}, refused)
		g.Expect(err).To(HaveOccurred(), refused)
	}
}
