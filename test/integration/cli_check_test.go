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
		// A connection that cannot be used yet is not scanned.
		e := newEnvironment(trustedBy(v1alpha1.CABundleKindConfigMap))
		golden("orphans-none", e.prints("orphans", "cognigy"))
		e.Create(e.authorities(v1alpha1.CABundleKindConfigMap, e.Cognigy.CABundle()))
		e.orphan(e.Endpoint)
		e.awaitOrphans(e.Connection(), 1)
		e.Await(func(g Gomega) {
			g.Expect(e.kubectlCognigy("orphans", "cognigy").out).To(ContainSubstring("new orphans"))
		})
		golden("orphans", e.prints("orphans", "cognigy"))
		e.Expect(e.prints("orphans")).To(ContainSubstring(e.Namespace + "/cognigy"))
		e.Expect(e.Cognigy.Live("")).To(HaveLen(1), "it revokes nothing")
	})

	It("has those revoked that a person names, and says what became of each", func() {
		e := newEnvironment()
		owned, orphan := e.Read(e.issued()).Status.KeyID, e.orphan(e.Endpoint).ID
		e.awaitOrphans(e.Connection(), 1)
		found := e.kubectlCognigyWith("n\n", "orphans", "cognigy", "--revoke="+orphan)
		e.Expect(found.code).To(Equal(1))
		e.Expect(found.errOut).To(ContainSubstring("nothing was changed"))
		e.permitView("viewer")
		e.Await(func(g Gomega) {
			found = e.kubectlCognigy("orphans", "cognigy", "--revoke="+orphan, "--yes", "--as=viewer")
			g.Expect(found.errOut).To(ContainSubstring("may not patch"))
		})
		golden("orphans-forbidden", found.errOut)
		e.Expect(e.isLive(orphan)).To(BeTrue())

		found = e.kubectlCognigyWith("y\n", "orphans", "cognigy", "--revoke="+orphan)
		e.Expect(found.code).To(BeZero(), found.errOut)
		golden("orphans-revoke", found.out)
		e.Expect(e.isLive(orphan)).To(BeFalse())
		found = e.kubectlCognigy("orphans", "cognigy", "--revoke="+orphan+","+owned, "--yes")
		e.Expect(found.code).To(Equal(1), found.errOut)
		golden("orphans-denied", found.out)
		e.Expect(e.isLive(owned)).To(BeTrue())
		golden("orphans-wrong", e.kubectlCognigy("orphans", "--revoke="+orphan).errOut+e.kubectlCognigy("orphans", "cognigy", "--revoke=").errOut+
			e.kubectlCognigy("orphans", "cognigy", "--revoke=nonsense").errOut)
		e.stopOperator()
		golden("orphans-late", e.kubectlCognigy("orphans", "cognigy", "--revoke="+orphan, "--yes", "--timeout=1s").errOut)
	})
})
