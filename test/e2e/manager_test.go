// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

// Metrics are for those whom Kubernetes authorizes, over TLS.
func TestMetrics(t *testing.T) {
	g := NewWithT(t)
	p := start(t)
	g.Eventually(func(g Gomega) { g.Expect(statusOf(scrape(g, p, ""))).To(Equal(http.StatusUnauthorized)) }).WithTimeout(patience).Should(Succeed())
	nobody := account(t, g, "nobody", "")
	g.Expect(statusOf(scrape(g, p, nobody))).To(Equal(http.StatusForbidden))
	scrapeAs(t, g, p, "scraper")
}

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
		g.Expect(string(body)).To(ContainSubstring("controller_runtime_reconcile_total"))
	}
	return response.StatusCode, string(body)
}

// scrapeAs makes a ServiceAccount that may read metrics, and returns them as soon as the API server knows that it may.
func scrapeAs(t *testing.T, g Gomega, p *process, name string) (metrics string) {
	t.Helper()
	token := account(t, g, name, "cognigy-operator-metrics-reader")
	g.Eventually(func(g Gomega) {
		var status int
		status, metrics = scrape(g, p, token)
		g.Expect(status).To(Equal(http.StatusOK))
	}).WithTimeout(patience).Should(Succeed())
	return metrics
}

// account makes a ServiceAccount, binds it to a ClusterRole if one is named, and returns a token.
func account(t *testing.T, g Gomega, name, role string) string {
	t.Helper()
	serviceAccount := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}}
	g.Expect(cluster.Create(t.Context(), serviceAccount)).To(Succeed())
	if role != "" {
		g.Expect(cluster.Create(t.Context(), &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
			Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: "default", Name: name}},
		})).To(Succeed())
	}
	token := &authenticationv1.TokenRequest{}
	g.Expect(cluster.SubResource("token").Create(t.Context(), serviceAccount, token)).To(Succeed())
	return token.Status.Token
}

// Of two replicas one works; both are ready. When the leader is told to end it releases the lease, and the other takes over
// without waiting for it to expire.
func TestLeaderElection(t *testing.T) {
	g := NewWithT(t)
	first := start(t, "--leader-elect")
	holder := leaseHolder(t, g, "")
	start(t, "--leader-elect")
	g.Expect(leaseHolder(t, g, "")).To(Equal(holder))
	g.Expect(first.stop()).To(Succeed())
	released := time.Now()
	leaseHolder(t, g, holder)
	t.Logf("the other replica took over after %s", time.Since(released).Round(10*time.Millisecond))

	e := newEnvironment(t)
	e.AwaitReady(e.Connection())
	key := e.Key()
	e.Create(key)
	e.Eventually(func() []simulator.Entry { return e.Cognigy.Live("") }).WithTimeout(patience).Should(HaveLen(1))
	release(t, e, key)
}

// leaseHolder waits until another process than the given one leads.
func leaseHolder(t *testing.T, g Gomega, other string) string {
	t.Helper()
	var holder string
	g.Eventually(func(g Gomega) {
		lease := &coordinationv1.Lease{}
		name := types.NamespacedName{Namespace: installation.Namespace, Name: "cognigy-operator.io"}
		g.Expect(cluster.Get(t.Context(), name, lease)).To(Succeed())
		g.Expect(lease.Spec.HolderIdentity).NotTo(HaveValue(BeElementOf("", other)))
		holder = *lease.Spec.HolderIdentity
	}).WithTimeout(patience).Should(Succeed())
	return holder
}

// Told to watch some namespaces, the operator leaves the resources of others alone.
func TestWatchNamespaces(t *testing.T) {
	everywhere := start(t)
	e := newEnvironment(t)
	watched, ignored := []*fixtures.Environment{e, e.Neighbour()}, e.Neighbour()
	for _, each := range append(watched, ignored) {
		each.AwaitReady(each.Connection())
	}
	e.Expect(everywhere.stop()).To(Succeed())
	start(t, "--watch-namespaces="+watched[0].Namespace+","+watched[1].Namespace)
	left := ignored.Key()
	ignored.Create(left)
	for i, each := range watched {
		each.Create(each.Key())
		e.Eventually(func() []simulator.Entry { return e.Cognigy.Live("") }).WithTimeout(patience).Should(HaveLen(i + 1))
	}
	e.Consistently(func() []simulator.Entry { return e.Cognigy.Live("") }).WithTimeout(2 * time.Second).Should(HaveLen(2))
	e.Expect(e.Read(left).Finalizers).To(BeEmpty())
	for _, each := range watched {
		release(t, each, each.Key())
	}
}

// Settings that cannot work are refused at the start, and the error names the flag.
func TestFlags(t *testing.T) {
	cases := map[string][]string{
		"--drift-interval: 1ms":                  {"--namespace=a", "--drift-interval=1ms"},
		"--watch-namespaces: \"A_B\"":            {"--namespace=a", "--watch-namespaces=A_B"},
		"--host-rate-limits: a=x":                {"--namespace=a", "--host-rate-limits=a=x"},
		"--namespace: set it":                    {"--drift-interval=1m"},
		"--metrics-bind-address: \"8443\"":       {"--namespace=a", "--metrics-bind-address=8443"},
		"--health-probe-bind-address: \"x:abc\"": {"--namespace=a", "--health-probe-bind-address=x:abc"},
		"--cluster-id: \" a\"":                   {"--namespace=a", "--cluster-id= a"},
		"--zap-log-level: at most 7":             {"--namespace=a", "--zap-log-level=8"},
		"unknown flag: --wach-namespaces":        {"--wach-namespaces=a"},
		"the operator takes flags only":          {"--namespace=a", "run"},
	}
	for want, flags := range cases {
		t.Run(want, func(t *testing.T) {
			g := NewWithT(t)
			var printed testbed.Output
			operator, err := bed.Run("", []string{"POD_NAMESPACE="}, &printed, flags...)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(operator.Wait(patience)).NotTo(Succeed())
			g.Expect(printed.String()).To(ContainSubstring(want))
		})
	}
}
