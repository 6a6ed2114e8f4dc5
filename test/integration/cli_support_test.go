// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
)

// unpack returns the files of a report.
func unpack(file string) map[string]string {
	GinkgoHelper()
	archive, err := os.Open(file)
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = archive.Close() }()
	text, err := gzip.NewReader(archive)
	Expect(err).NotTo(HaveOccurred())
	files := map[string]string{}
	for reader := tar.NewReader(text); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		Expect(err).NotTo(HaveOccurred())
		data, err := io.ReadAll(reader)
		Expect(err).NotTo(HaveOccurred())
		files[header.Name] = string(data)
	}
}

var _ = Describe("kubectl cognigy report", Label("cli"), func() {
	It("has what support needs, and no plaintext", func() {
		e := newEnvironment()
		key := e.issued(func(k *v1alpha1.EndpointAPIKey) {
			k.Spec.Secret.Template = &v1alpha1.SecretTemplate{Data: map[string]v1alpha1.TemplateText{"file": "{{ .key }}"}}
		})
		e.awaitKeyEvent(v1alpha1.EventDelivered, "")
		file := filepath.Join(GinkgoT().TempDir(), "report.tar.gz")
		e.prints("report", "-f", file)
		files := unpack(file)
		e.Expect(e.FindPlaintexts(files)).To(BeEmpty())
		of := "cognigy-report/"
		e.Expect(slices.Collect(maps.Keys(files))).To(ContainElements(
			of+"endpointapikeys/"+e.Namespace+"/crm.yaml", of+"connections/"+e.Namespace+"/cognigy.yaml", of+"secrets/"+e.Namespace+"/crm.yaml",
			of+"secrets/"+e.Namespace+"/cognigy-credentials.yaml", of+"events.yaml", of+"missing.txt", of+"about.txt",
		))
		e.Expect(files[of+"endpointapikeys/"+e.Namespace+"/crm.yaml"]).To(ContainSubstring(e.Read(key).Status.KeyID))
		e.Expect(files[of+"events.yaml"]).To(ContainSubstring("KeyDelivered"))
		e.Expect(files[of+"missing.txt"]).To(BeEmpty())
		e.Expect(e.kubectlCognigy("report", "-f", file).code).To(Equal(1), "it overwrites nothing")

		e.permitView("viewer")
		file = filepath.Join(GinkgoT().TempDir(), "viewer.tar.gz")
		e.Await(func(g Gomega) {
			_ = os.Remove(file)
			g.Expect(e.kubectlCognigy("report", "-f", file, "--as=viewer").code).To(BeZero())
			g.Expect(unpack(file)).To(HaveKey(of + "endpointapikeys/" + e.Namespace + "/crm.yaml"))
		})
		golden("report-missing", unpack(file)[of+"missing.txt"])
	})
})

var _ = Describe("kubectl cognigy preflight", Label("cli"), func() {
	It("checks what an upgrade needs, and what it can of that without permissions", func() {
		e := newEnvironment()
		e.issued()
		found := e.kubectlCognigy("preflight")
		e.Expect(found.out).To(And(
			MatchRegexp(`(?m)^CRD endpointapikeys +ok$`), MatchRegexp(`(?m)^CRD clustercognigyconnections +ok$`),
			MatchRegexp(`(?m)^your permissions +ok$`), MatchRegexp(`(?m)^CognigyConnection `+e.Namespace+`/cognigy +ok$`),
			MatchRegexp(`(?m)^operator +failed$`), ContainSubstring("no Deployment with the label app.kubernetes.io/name=cognigy-operator"),
		))
		e.Expect(found.code).To(Equal(1), "the tests have no Deployment")
		golden("preflight-forbidden", e.kubectlCognigy("preflight", "--as=jane").out)
	})
})

var _ = Describe("kubectl cognigy uninstall", Label("cli"), func() {
	It("revokes the keys, then deletes the connections", func() {
		e := newEnvironment()
		key, other := e.issued(), e.Key(fixtures.Named("other"))
		e.Create(other)
		e.AwaitDelivered(other, 1)
		found := e.kubectlCognigyWith("no\n", "uninstall")
		e.Expect(found.code).To(Equal(1))
		e.Expect(found.out).To(ContainSubstring("Delete 2 EndpointAPIKeys and 1 connection in namespace"))
		e.AwaitDelivered(key, 1)
		found = e.kubectlCognigyWith("yes\n", "uninstall")
		e.Expect(found.code).To(BeZero(), found.errOut)
		e.AwaitGone(key)
		e.AwaitGone(other)
		e.Absent(e, e.Connection())
		e.Expect(e.Cognigy.Live("")).To(BeEmpty())
		credentials := e.Credentials("")
		e.Expect(cluster.Get(e.Context, clientKey(credentials), credentials)).To(Succeed())
		e.Expect(credentials.Finalizers).To(BeEmpty())
		golden("uninstall", e.prints("uninstall", "--yes"))
	})

	It("leaves the keys if they are to stay", func() {
		e := newEnvironment()
		e.issued()
		e.prints("uninstall", "--keep-keys", "--yes")
		e.Absent(e, e.Key(), e.Connection())
		e.Expect(e.Cognigy.Live("")).To(HaveLen(1))
		e.Expect(e.Secret(e.Key())).NotTo(BeNil())
	})

	It("says what keeps it from going on", func() {
		e := newEnvironment()
		key := e.issued()
		e.stopOperator()
		found := e.kubectlCognigy("uninstall", "--yes", "--timeout="+time.Second.String())
		e.Expect(found.code).To(Equal(1))
		golden("uninstall-late", found.errOut)
		e.restartOperator()
		e.AwaitGone(key)
	})
})
