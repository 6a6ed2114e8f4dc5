// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authorizationv1 "k8s.io/api/authorization/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

var _ = Describe("The operator's process", func() {
	It("gives metrics over TLS to those whom Kubernetes authorizes", func() {
		p := start()
		Eventually(func(g Gomega) { g.Expect(statusOf(scrape(g, p, ""))).To(Equal(http.StatusUnauthorized)) }).WithTimeout(patience).Should(Succeed())
		nobody := account("nobody", "")
		Expect(statusOf(scrape(Default, p, nobody))).To(Equal(http.StatusForbidden))
		scrapeAs(p, "scraper")
	})

	// Both replicas are ready. The leader releases the lease, so that the other does not wait for it to expire.
	It("hands leadership to another replica when it is told to end", Serial, func() {
		first := start("--leader-elect")
		holder := leaseHolder("")
		start("--leader-elect")
		Expect(leaseHolder("")).To(Equal(holder))
		Expect(first.stop()).To(Succeed())
		released := time.Now()
		leaseHolder(holder)
		measured("the other replica took over after %s", time.Since(released).Round(10*time.Millisecond))

		e := newEnvironment()
		e.AwaitReady(e.Connection())
		key := e.Key(retain)
		e.Create(key)
		e.Eventually(func() []simulator.Entry { return e.Cognigy.Live("") }).WithTimeout(patience).Should(HaveLen(1))
		release(e, key)
	})

	It("handles the resources of the watched namespaces only", Serial, func() {
		everywhere := start()
		e := newEnvironment()
		watched, ignored := []*fixtures.Environment{e, e.Neighbour()}, e.Neighbour()
		for _, each := range append(watched, ignored) {
			each.AwaitReady(each.Connection())
		}
		e.Expect(everywhere.stop()).To(Succeed())
		start("--watch-namespaces=" + watched[0].Namespace + "," + watched[1].Namespace)
		left := ignored.Key()
		ignored.Create(left)
		for i, each := range watched {
			each.Create(each.Key(retain))
			e.Eventually(func() []simulator.Entry { return e.Cognigy.Live("") }).WithTimeout(patience).Should(HaveLen(i + 1))
		}
		e.Consistently(func() []simulator.Entry { return e.Cognigy.Live("") }).WithTimeout(2 * time.Second).Should(HaveLen(2))
		e.Expect(e.Read(left).Finalizers).To(BeEmpty())
		e.Delete(left)
		for _, each := range watched {
			release(each, each.Key())
		}
	})

	It("says at its start what it works in, and by which marker its keys are known", func() {
		e := newEnvironment()
		p := start("--watch-namespaces="+e.Namespace, "--cluster-id=some cluster")
		Eventually(p.output.String).WithTimeout(patience).Should(And(
			ContainSubstring(`"namespaces":["`+e.Namespace+`"`), ContainSubstring(`"clusterConnections":true`),
			ContainSubstring(`"identity":"some cluster"`), ContainSubstring(`"marker":"k8s-79ceba746b-"`)))
	})

	It("says at its start which permissions it lacks, and what does not work without them", Serial, func() {
		Eventually(start("--leader-elect").output.String).WithTimeout(patience).Should(ContainSubstring("the operator has the permissions that it needs"))

		e := newEnvironment()
		permitAs(e, "limited", func(role *rbacv1.Role) {
			for i := range role.Rules {
				switch rule := &role.Rules[i]; rule.Resources[0] {
				case "configmaps":
					rule.Verbs = []string{"list"}
				case "secrets":
					rule.Verbs = slices.DeleteFunc(rule.Verbs, func(verb string) bool { return verb == "delete" })
				}
			}
		})
		e.AwaitPermitted("limited", authorizationv1.ResourceAttributes{Namespace: e.Namespace, Verb: "create", Resource: "secrets"})
		p := launch(as("limited"), "--watch-namespaces="+e.Namespace, "--cluster-id=some cluster")
		in := ` in namespace \"` + e.Namespace + `\": without it, `
		Eventually(p.output.String).WithTimeout(patience).Should(And(
			ContainSubstring("get configmaps"+in+"caBundleRef names no ConfigMap"), ContainSubstring("delete secrets"+in+"it delivers no keys"),
			ContainSubstring("create tokenreviews.authentication.k8s.io: without it, nobody may read metrics"),
		))
		Expect(p.output.String()).NotTo(Or(ContainSubstring("create secrets"), ContainSubstring("namespaces: without"), ContainSubstring("leases")))
		p.awaitReady()
	})

	// The advice to set another identity would have it issue every key anew.
	It("waits for an API server that does not answer yet", func() {
		address := freeAddress()
		kubeconfig, err := bed.KubeconfigAt("https://"+address, bed.Config.CAData)
		Expect(err).NotTo(HaveOccurred())
		p := launch(kubeconfig)
		Eventually(p.output.String).WithTimeout(patience).Should(ContainSubstring("waiting for the API server"))
		Expect(p.Lives()).To(BeTrue())
		Expect(p.output.String()).NotTo(ContainSubstring("cluster-id"))
		forward(address)
		p.awaitReady()
	})

	DescribeTable("refuses settings that cannot work, and names the flag:", func(want string, flags ...string) {
		var printed testbed.Output
		operator, err := bed.Run("", []string{"POD_NAMESPACE="}, &printed, flags...)
		Expect(err).NotTo(HaveOccurred())
		Expect(operator.Wait(patience)).NotTo(Succeed())
		Expect(printed.String()).To(ContainSubstring(want))
	},
		func(want string, _ ...string) string { return want },
		Entry(nil, "--drift-interval: 1ms", "--namespace=a", "--drift-interval=1ms"),
		Entry(nil, "--watch-namespaces: \"A_B\"", "--namespace=a", "--watch-namespaces=A_B"),
		Entry(nil, "--host-rate-limits: a=x", "--namespace=a", "--host-rate-limits=a=x"),
		Entry(nil, "--namespace: set it", "--drift-interval=1m"),
		Entry(nil, "--metrics-bind-address: \"8443\"", "--namespace=a", "--metrics-bind-address=8443"),
		Entry(nil, "--health-probe-bind-address: \"x:abc\"", "--namespace=a", "--health-probe-bind-address=x:abc"),
		Entry(nil, "--cluster-id: \" a\"", "--namespace=a", "--cluster-id= a"),
		Entry(nil, "--zap-log-level: at most 7", "--namespace=a", "--zap-log-level=8"),
		Entry(nil, "unknown flag: --wach-namespaces", "--wach-namespaces=a"),
		Entry(nil, "the operator takes flags only", "--namespace=a", "run"),
	)
})

func statusOf(status int, _ string) int { return status }

// scrape asks for metrics with a token, and returns the HTTP status and the answer.
func scrape(g Gomega, p *process, token string) (status int, metrics string) {
	// The operator makes up the certificate at its start; the test is about the client.
	insecure := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer insecure.CloseIdleConnections()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "https://"+p.metrics+"/metrics", nil)
	g.Expect(err).NotTo(HaveOccurred())
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := insecure.Do(request)
	g.Expect(err).NotTo(HaveOccurred())
	defer response.Body.Close() //nolint:errcheck // read only
	body, err := io.ReadAll(response.Body)
	g.Expect(err).NotTo(HaveOccurred())
	if response.StatusCode == http.StatusOK {
		g.Expect(string(body)).To(ContainSubstring("cognigy_operator_build_info"))
	}
	return response.StatusCode, string(body)
}

// scrapeAs makes a ServiceAccount that may read metrics, and returns them as soon as the API server knows that it may.
func scrapeAs(p *process, name string) (metrics string) {
	GinkgoHelper()
	token := account(name, testbed.MetricsReader)
	Eventually(func(g Gomega) {
		var status int
		status, metrics = scrape(g, p, token)
		g.Expect(status).To(Equal(http.StatusOK))
	}).WithTimeout(patience).Should(Succeed())
	return metrics
}

// account makes a ServiceAccount, binds it to a ClusterRole if one is named, and returns a token.
func account(name, role string) string {
	GinkgoHelper()
	token, err := bed.Account(context.Background(), name, role)
	Expect(err).NotTo(HaveOccurred())
	return token
}

// leaseHolder waits until another process than the given one leads.
func leaseHolder(other string) string {
	GinkgoHelper()
	var holder string
	Eventually(func(g Gomega) {
		lease := &coordinationv1.Lease{}
		name := types.NamespacedName{Namespace: installation.Namespace, Name: "cognigy-operator.io"}
		g.Expect(cluster.Get(context.Background(), name, lease)).To(Succeed())
		g.Expect(lease.Spec.HolderIdentity).NotTo(HaveValue(BeElementOf("", other)))
		holder = *lease.Spec.HolderIdentity
	}).WithTimeout(patience).Should(Succeed())
	return holder
}
