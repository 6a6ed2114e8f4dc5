// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// "Four writes and one dry run for a new key" can only be claimed if the two can be told apart.
func TestAuditLogTellsWritesFromDryRuns(t *testing.T) {
	g := NewWithT(t)
	namespace := newNamespace(t)
	before, err := CountRequests(auditLog)
	g.Expect(err).NotTo(HaveOccurred())

	secret := func() *corev1.Secret {
		return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "audited"}}
	}
	g.Expect(admin.Create(t.Context(), secret(), client.DryRunAll)).To(Succeed())
	g.Expect(admin.Create(t.Context(), secret(), client.DryRunAll)).To(Succeed())
	written := secret()
	g.Expect(admin.Create(t.Context(), written)).To(Succeed())
	g.Expect(admin.Get(t.Context(), client.ObjectKeyFromObject(written), written)).To(Succeed())

	create := Request{User: "admin", Verb: "create", Resource: "secrets"}
	dryRun := create
	dryRun.DryRun = true
	get := Request{User: "admin", Verb: "get", Resource: "secrets"}
	g.Eventually(func(g Gomega) {
		counts, err := CountRequests(auditLog)
		g.Expect(err).NotTo(HaveOccurred())
		counts = counts.Since(before)
		g.Expect(counts).To(HaveKeyWithValue(create, 1))
		g.Expect(counts).To(HaveKeyWithValue(dryRun, 2))
		g.Expect(counts).To(HaveKeyWithValue(get, 1))
		g.Expect(counts.Sum(func(r Request) bool { return r.Write() && r.User == "admin" && r.Resource == "secrets" })).To(Equal(1))
	}, soon).Should(Succeed())
}

// The file is read while the API server writes it, so its end may be half a line.
func TestAuditLogIsReadUpToTheLastWholeLine(t *testing.T) {
	g := NewWithT(t)
	file := filepath.Join(t.TempDir(), "audit.log")
	const line = `{"verb":"patch","requestURI":"/x?dryRun=All","user":{"username":"u"},"objectRef":{"resource":"r","subresource":"status"}}`
	g.Expect(os.WriteFile(file, []byte(line+"\n"+line[:40]), 0o600)).To(Succeed())
	counts, err := CountRequests(file)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(counts).To(Equal(Counts{{User: "u", Verb: "patch", Resource: "r", Subresource: "status", DryRun: true}: 1}))

	// Half a line in the middle is damage, and a count of the rest would be wrong.
	g.Expect(os.WriteFile(file, []byte(line[:40]+"\n"+line+"\n"), 0o600)).To(Succeed())
	_, err = CountRequests(file)
	g.Expect(err).To(MatchError(ContainSubstring("line 1")))
}
