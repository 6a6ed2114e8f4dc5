// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

var _ = Describe("Where there is nothing but IPv6, the operator", Label("connection"), func() {
	const perSecond = 4
	It("issues, rotates and revokes a key within the host's rate limit, serves metrics, and connects to allowed hosts only", func() {
		e := fixtures.New(GinkgoT(), fixtures.Options{
			Cluster: cluster, Namespaces: namespaces, Context: context.Background(), Patience: patience,
			Cognigy: simulator.Options{TLS: true, Address: "[::1]:0"},
		})
		host := strings.TrimPrefix(e.Cognigy.URL(), "https://")
		Expect(host).To(HavePrefix("[::1]:"))
		free, err := testbed.FreeAddresses(context.Background(), "[::1]", 4)
		Expect(err).NotTo(HaveOccurred())
		probes, metrics, apiServer, closed := free[0], free[1], free[2], free[3]
		forward(apiServer)
		p := launch(kubeconfigAt(apiServer),
			"--health-probe-bind-address="+probes, "--metrics-bind-address="+metrics,
			"--allowed-hosts="+host, fmt.Sprintf("--host-rate-limits=%s=%d/1", host, perSecond))
		p.probes, p.metrics = probes, metrics
		p.awaitReady()

		key := e.Key()
		e.Create(key)
		first := e.AwaitDelivered(key, 1)
		e.Expect(fixtures.RequestRotation(e.Context, cluster, key, first.Status.IssuedAt.Add(time.Second))).To(Succeed())
		e.Await(func(g Gomega) { g.Expect(e.Read(key).Status.KeyID).NotTo(Equal(first.Status.KeyID)) })
		e.AwaitDelivered(key, 1)
		scrapeAs(p, "ipv6")

		elsewhere := e.Connection(func(spec *v1alpha1.ConnectionSpec) { spec.BaseURL = "https://" + closed })
		elsewhere.Name = "elsewhere"
		e.Create(elsewhere)
		e.Await(func(g Gomega) {
			g.Expect(cluster.Get(e.Context, client.ObjectKeyFromObject(elsewhere), elsewhere)).To(Succeed())
			g.Expect(fixtures.Kstatus(g, elsewhere)).To(Equal(status.FailedStatus))
			ready := meta.FindStatusCondition(elsewhere.Status.Conditions, v1alpha1.ConditionReady)
			g.Expect(ready.Reason).To(Equal(v1alpha1.ReasonHostNotAllowed))
			g.Expect(ready.Message).To(ContainSubstring("[::1]"))
		})
		e.Delete(key)
		e.AwaitGone(key)
		e.Expect(spacing(e)).To(BeNumerically(">", time.Second/perSecond*9/10), "the limit of the host, not that of every other one")
	})
})

// spacing is the mean time between two requests to Cognigy's API.
func spacing(e *fixtures.Environment) time.Duration {
	var at []time.Time
	for _, request := range e.Cognigy.Requests() {
		if strings.HasPrefix(request.Route, simulator.RouteEndpoints) {
			at = append(at, request.At)
		}
	}
	e.Expect(len(at)).To(BeNumerically(">", 5))
	return at[len(at)-1].Sub(at[0]) / time.Duration(len(at)-1)
}
