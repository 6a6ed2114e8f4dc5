// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"golang.org/x/net/http/httpproxy"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// Requests to Cognigy use the proxy, those to the API server do not, whatever its address: what the kubelet puts in its place is a
// variable of every Pod.
func TestProxy(t *testing.T) {
	environment := map[string]string{}
	for _, variable := range deploymentOf(t, render(t, "--values="+values("everything"))).Spec.Template.Spec.Containers[0].Env {
		environment[variable.Name] = variable.Value
	}
	for _, server := range []string{"10.96.0.1", "172.30.0.1", "fd00:10:96::1"} {
		config := httpproxy.Config{
			HTTPProxy: environment["HTTP_PROXY"], HTTPSProxy: environment["HTTPS_PROXY"],
			NoProxy: strings.ReplaceAll(environment["NO_PROXY"], "$(KUBERNETES_SERVICE_HOST)", server),
		}
		host := server
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		for address, proxied := range map[string]bool{
			"https://" + host + ":443":             false,
			"https://kubernetes.default.svc":       false,
			"https://cognigy.example.com":          false, // by noProxy
			"https://10.1.2.3":                     false, // by noProxy
			"https://api-trial.cognigy.ai":         true,
			"http://api-trial.cognigy.ai:8080/new": true,
		} {
			parsed, err := url.Parse(address)
			NewWithT(t).Expect(err).NotTo(HaveOccurred())
			proxy, err := config.ProxyFunc()(parsed)
			NewWithT(t).Expect(err).NotTo(HaveOccurred())
			NewWithT(t).Expect(proxy != nil).To(Equal(proxied), address)
		}
	}
}

// The patch that docs/networks.md shows gives the operator a proxy, where kustomize installs it.
func TestProxyByKustomize(t *testing.T) {
	g := NewWithT(t)
	page, err := os.ReadFile(filepath.Join(repository, "docs", "networks.md"))
	g.Expect(err).NotTo(HaveOccurred())
	_, rest, found := strings.Cut(string(page), "\npatches:\n")
	g.Expect(found).To(BeTrue())
	patch, _, _ := strings.Cut(rest, "```")
	installed, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(repository, "config", "default"))
	g.Expect(err).NotTo(HaveOccurred())
	manifests, err := installed.AsYaml()
	g.Expect(err).NotTo(HaveOccurred())

	files := filesys.MakeFsInMemory()
	g.Expect(files.WriteFile("install.yaml", manifests)).To(Succeed())
	g.Expect(files.WriteFile("kustomization.yaml", []byte("resources: [install.yaml]\npatches:\n"+patch))).To(Succeed())
	patched, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(files, ".")
	g.Expect(err).NotTo(HaveOccurred())
	text, err := patched.AsYaml()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(deploymentOf(t, parse(t, string(text))).Spec.Template.Spec.Containers[0].Env).To(ContainElements(
		corev1.EnvVar{Name: "HTTPS_PROXY", Value: "http://proxy.example.com:3128"}, corev1.EnvVar{Name: "NO_PROXY", Value: ".example.com,10.0.0.0/8"},
	))
}
