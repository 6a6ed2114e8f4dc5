// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

var _ = Describe("kubectl cognigy check", Label("cli"), func() {
	It("shows how far a connection works, as of now", func() {
		e := newEnvironment()
		e.AwaitReady(e.Connection())
		golden("check-new", e.prints("check", "cognigy"))
		e.issued()
		golden("check", e.prints("check", "cognigyconnection/cognigy"))

		credentials := e.Credentials("")
		e.Change(credentials, func() { credentials.Data["api-key"] = []byte("wrong") })
		found := e.kubectlCognigy("check", "cognigy")
		e.Expect(found.code).To(Equal(1))
		golden("check-credentials", found.out)
	})

	DescribeTable("tells the causes of a failure apart", func(name string, edit func(*v1alpha1.ConnectionSpec)) {
		e := newEnvironment(shortTimeouts, edit)
		found := e.kubectlCognigy("check", "cognigy")
		e.Expect(found.code).To(Equal(1), found.out)
		golden("check-"+name, found.out)
	},
		Entry("DNS", "dns", func(spec *v1alpha1.ConnectionSpec) { spec.BaseURL = "https://cognigy.invalid" }),
		Entry("network", "network", func(spec *v1alpha1.ConnectionSpec) { spec.BaseURL = "https://127.0.0.1:1" }),
		Entry("TLS", "tls", func(spec *v1alpha1.ConnectionSpec) { spec.CABundle = nil }),
		Entry("Secret", "secret", func(spec *v1alpha1.ConnectionSpec) { spec.Auth.APIKey.SecretRef.Name = "missing" }),
	)

	It("shows what was found before where it may not ask, or where no operator answers", func() {
		e := newEnvironment()
		e.AwaitReady(e.Connection())
		e.permitView("viewer")
		e.Await(func(g Gomega) { g.Expect(e.kubectlCognigy("check", "cognigy", "--as=viewer").code).To(BeZero()) })
		golden("check-viewer", e.kubectlCognigy("check", "cognigy", "--as=viewer").errOut)
		e.stopOperator()
		golden("check-late", e.kubectlCognigy("check", "cognigy", "--timeout=1s").errOut)
		golden("check-wrong", e.kubectlCognigy("check", "secret/cognigy").errOut)
	})
})

var _ = Describe("kubectl cognigy orphans", Label("cli"), func() {
	It("shows what scans found", func() {
		e := newEnvironment()
		golden("orphans-none", e.prints("orphans", "cognigy"))
		e.orphan(e.Endpoint)
		e.awaitOrphans(e.Connection(), 1)
		e.Await(func(g Gomega) {
			g.Expect(e.kubectlCognigy("orphans", "cognigy").out).To(ContainSubstring("new orphans"))
		})
		golden("orphans", e.prints("orphans", "cognigy"))
		e.Expect(e.prints("orphans")).To(ContainSubstring(e.Namespace + "/cognigy"))
		e.Expect(e.Cognigy.Live("")).To(HaveLen(1), "it revokes nothing")
	})
})
