// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/rules"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

var _ = Describe("The metrics of an operator", Label("metrics"), func() {
	It("count keys by state, and tell nothing of what is gone", func() {
		p := start()
		e := newEnvironment()
		e.AwaitReady(e.Connection())
		keys := map[string]*v1alpha1.EndpointAPIKey{
			"ready": e.Key(fixtures.Named("ready")),
			"stalled": e.Key(fixtures.Named("stalled"), func(key *v1alpha1.EndpointAPIKey) {
				key.Spec.Endpoint.ID = strings.Repeat("0", 24)
			}),
			"suspended": e.Key(fixtures.Named("suspended"), func(key *v1alpha1.EndpointAPIKey) { key.Spec.Suspend = true }),
		}
		for _, key := range keys {
			e.Create(key)
		}
		token := account("states", testbed.MetricsReader)
		for state := range keys {
			scraper{p, token}.series().Should(HaveKeyWithValue("cognigy_operator_keys"+of(e.Namespace, e.Connection().Name)+" state="+state, 1.0))
		}
		scraper{p, token}.series().Should(And(
			HaveKeyWithValue("cognigy_operator_keys_issued_total"+ofConnection(e.Namespace, e.Connection().Name), 1.0),
			HaveKeyWithValue("cognigy_operator_keys_delivered_total"+ofConnection(e.Namespace, e.Connection().Name), 1.0),
			HaveKeyWithValue("cognigy_operator_connection_up"+ofConnection(e.Namespace, e.Connection().Name), 1.0),
		))
		for _, key := range keys {
			release(e, key)
		}
		scraper{p, token}.series().Should(And(
			HaveKeyWithValue("cognigy_operator_keys_revoked_total"+ofConnection(e.Namespace, e.Connection().Name)+" reason=deleted", 1.0),
			Not(HaveKey(ContainSubstring("key_namespace="+e.Namespace))),
		))
		connection := e.Connection()
		e.Expect(cluster.Delete(e.Context, connection)).To(Succeed())
		e.AwaitAbsent(connection)
		scraper{p, token}.series().ShouldNot(HaveKey(ContainSubstring("connection_namespace=" + e.Namespace)))
	})

	// A key whose name was changed on the way is revoked at once, and the issuance budget keeps the operator from trying again soon.
	It("count why keys are revoked, and issuances that the budget puts off", func() {
		p := start()
		e := newEnvironment()
		e.AwaitReady(e.Connection())
		rotated := e.Key(fixtures.Named("rotated"), func(key *v1alpha1.EndpointAPIKey) {
			key.Spec.Rotation = &v1alpha1.Rotation{Overlap: &metav1.Duration{}}
		})
		e.Create(rotated)
		first := e.AwaitDelivered(rotated, 1)
		e.Expect(fixtures.RequestRotation(e.Context, cluster, rotated, first.Status.IssuedAt.Add(time.Second))).To(Succeed())
		e.Eventually(e.Posts).WithTimeout(patience).Should(Equal(2))
		e.AwaitDelivered(rotated, 1)
		e.Cognigy.Inject(simulator.Fault{Method: http.MethodPost, Route: simulator.RouteKeys, Times: 1, Kind: simulator.FaultRename})
		renamed := e.Key(fixtures.Named("renamed"))
		e.Create(renamed)
		token, connection := account("counts", testbed.MetricsReader), ofConnection(e.Namespace, e.Connection().Name)
		scraper{p, token}.series().Should(And(
			HaveKeyWithValue("cognigy_operator_keys_issued_total"+connection, 3.0),
			HaveKeyWithValue("cognigy_operator_keys_delivered_total"+connection, 2.0),
			HaveKeyWithValue("cognigy_operator_keys_revoked_total"+connection+" reason=replaced", 1.0),
			HaveKeyWithValue("cognigy_operator_keys_revoked_total"+connection+" reason=undelivered", 1.0),
			HaveKeyWithValue("cognigy_operator_issuances_deferred_total"+connection, 1.0),
		))
		release(e, renamed)
		release(e, rotated)
		scraper{p, token}.series().Should(HaveKeyWithValue("cognigy_operator_keys_revoked_total"+connection+" reason=deleted", 1.0))
	})

	It("describe objects and hosts on the leader only", Serial, func() {
		leader := start("--leader-elect")
		holder := leaseHolder("")
		standby := start("--leader-elect")
		e := newEnvironment()
		key := e.Key(retain)
		e.Create(key)
		e.AwaitDelivered(key, 1)
		token := account("leader", testbed.MetricsReader)
		scraper{leader, token}.series().Should(And(
			HaveKeyWithValue("cognigy_operator_leader", 1.0), HaveKey("cognigy_operator_keys"+of(e.Namespace, e.Connection().Name)+" state=ready"),
		))
		scraper{standby, token}.series().Should(HaveKeyWithValue("cognigy_operator_leader", 0.0))
		for series := range seriesOf(Default, standby, token) {
			Expect(series).NotTo(MatchRegexp("^cognigy_operator.* (connection|key_namespace|host)="))
		}
		Expect(leader.stop()).To(Succeed())
		leaseHolder(holder)
		scraper{standby, token}.series().Should(And(
			HaveKeyWithValue("cognigy_operator_leader", 1.0), HaveKey("cognigy_operator_keys"+of(e.Namespace, e.Connection().Name)+" state=ready"),
		))
		release(e, key)
	})

	// Kubernetes remembers for a minute whom the token belongs to, and for longer that its owner may read metrics.
	It("cost neither Kubernetes nor Cognigy a request", Serial, func() {
		e := newEnvironment()
		p := start("--watch-namespaces=" + e.Namespace)
		key := e.Key(retain)
		e.Create(key)
		e.AwaitDelivered(key, 1)
		token := account("cost", testbed.MetricsReader)
		sent := func(g Gomega) (kubernetes float64, cognigy int) {
			for series, value := range seriesOf(g, p, token) {
				if strings.HasPrefix(series, "rest_client_requests_total ") {
					kubernetes += value
				}
			}
			return kubernetes, len(e.Cognigy.Requests())
		}
		e.Eventually(func(g Gomega) { // until the operator has nothing left to do
			kubernetes, cognigy := sent(g)
			for range 20 {
				seriesOf(g, p, token)
			}
			later, requests := sent(g)
			g.Expect(later).To(Equal(kubernetes))
			g.Expect(requests).To(Equal(cognigy))
		}).WithTimeout(patience).Should(Succeed())
		kubernetes, _ := sent(Default)
		release(e, key)
		e.Eventually(func(g Gomega) float64 { now, _ := sent(g); return now }).WithTimeout(patience).Should(BeNumerically(">", kubernetes))
	})

	// One scrape of an operator that did some of everything has all that the page lists, and all that alerts are about.
	It("are those of docs/metrics.md, and those that alerts name", Serial, func() {
		p := start("--drift-interval=1s")
		e := newEnvironment()
		e.AwaitReady(e.Connection())
		key := e.Key(retain)
		e.Create(key)
		e.AwaitDelivered(key, 1)
		token := account("page", testbed.MetricsReader)
		scraper{p, token}.series().Should(HaveKey(HavePrefix("cognigy_operator_connection_orphans"))) // after the first scan
		families := familiesOf(Default, p, token)
		groups, err := rules.Read("../..")
		Expect(err).NotTo(HaveOccurred())
		for _, alert := range rules.Alerts(groups) {
			for _, name := range alert.Metrics() {
				Expect(families).To(HaveKey(Or(Equal(name), Equal(strings.TrimSuffix(name, "_bucket")))), alert.Name)
			}
		}
		page, updated := metricsPage(families)
		Expect(page).To(Equal(updated), "docs/metrics.md is out of date: go tool ginkgo run --focus='docs/metrics.md' ./test/e2e -- -update")
		release(e, key)
	})
})

// of are the labels of the series of a namespace's keys.
func of(namespace, connection string) string {
	return fmt.Sprintf("%s key_namespace=%s", ofConnection(namespace, connection), namespace)
}

func ofConnection(namespace, connection string) string {
	return fmt.Sprintf(" connection=%s connection_kind=CognigyConnection connection_namespace=%s", connection, namespace)
}

// scraper reads the metrics of an operator.
type scraper struct {
	operator *process
	token    string
}

// series is about the operator's series.
func (s scraper) series() AsyncAssertion {
	return Eventually(func(g Gomega) map[string]float64 { return seriesOf(g, s.operator, s.token) }).
		WithTimeout(patience).WithPolling(200 * time.Millisecond)
}

// familiesOf asks an operator for its metrics.
func familiesOf(g Gomega, p *process, token string) map[string]*dto.MetricFamily {
	status, text := scrape(g, p, token)
	g.Expect(status).To(Equal(http.StatusOK))
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	g.Expect(err).NotTo(HaveOccurred())
	return families
}

// seriesOf returns the values of counters and gauges by name and labels.
func seriesOf(g Gomega, p *process, token string) map[string]float64 {
	series := map[string]float64{}
	for name, family := range familiesOf(g, p, token) {
		for _, metric := range family.GetMetric() {
			labels := map[string]string{}
			for _, label := range metric.GetLabel() {
				labels[label.GetName()] = label.GetValue()
			}
			text := name
			for _, label := range slices.Sorted(maps.Keys(labels)) {
				text += " " + label + "=" + labels[label]
			}
			series[text] = metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
		}
	}
	return series
}
