// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"encoding/hex"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// tracedIssuance has an operator that sends traces deliver a key, of which Cognigy refuses the first request.
func tracedIssuance(protocol string, status, code int) (*collector, *process, *fixtures.Environment, *v1alpha1.EndpointAPIKey) {
	GinkgoHelper()
	c := newCollector()
	p := launchIn(bed.Kubeconfig, c.environment(protocol))
	p.awaitReady()
	e := newEnvironment(fixtures.WithTimeouts(time.Second, 2*time.Second)) // what became of the refused request is found out soon
	e.AwaitReady(e.Connection())
	e.Cognigy.Inject(simulator.Fault{Kind: simulator.FaultStatus, Method: http.MethodPost, Route: simulator.RouteKeys, Status: status, Code: code, Times: 1})
	key := e.Key()
	e.Create(key)
	return c, p, e, e.AwaitDelivered(key, 1)
}

var _ = Describe("The traces of an operator", Label("metrics"), func() {
	DescribeTable("have reconciles, and in them the requests to Cognigy, over", func(protocol string) {
		c, p, e, key := tracedIssuance(protocol, http.StatusServiceUnavailable, 1008)
		release(e, key)
		e.Expect(p.stop()).To(Succeed()) // sends what is left

		// On a slow machine, another request may fail before Cognigy answers.
		answered := WithTransform(func(s *tracepb.Span) map[string]string { return attributes(s.GetAttributes()) }, HaveKey("http.response.status_code"))
		failed := c.span(And(HaveField("Name", "POST /endpoints/{endpointId}/apikeys"), answered,
			HaveField("GetStatus().GetCode()", tracepb.Status_STATUS_CODE_ERROR)))
		told := attributes(failed.GetAttributes())
		e.Expect(told).To(And(HaveKeyWithValue("http.request.method", "POST"), HaveKeyWithValue("url.template", "/endpoints/{endpointId}/apikeys"),
			HaveKeyWithValue("http.response.status_code", `{"intValue":"503"}`), HaveKeyWithValue("cognigy.code", `{"intValue":"1008"}`),
			HaveKeyWithValue("cognigy.trace_id", HavePrefix("api--")), HaveKeyWithValue("error.type", "unavailable"),
			HaveKeyWithValue("server.address", "127.0.0.1")))
		e.Expect(failed.GetStatus().GetMessage()).To(ContainSubstring(told["cognigy.trace_id"]))
		e.Expect(failed.GetKind()).To(Equal(tracepb.Span_SPAN_KIND_CLIENT))

		of := c.span(HaveField("SpanId", failed.GetParentSpanId()))
		e.Expect(of.GetName()).To(Equal("reconcile endpointapikey"))
		e.Expect(of.GetParentSpanId()).To(BeEmpty())
		e.Expect(failed.GetTraceId()).To(Equal(of.GetTraceId()))
		e.Expect(attributes(of.GetAttributes())).To(And(HaveKeyWithValue("cognigy_operator.namespace", e.Namespace), HaveKeyWithValue("cognigy_operator.name", key.Name),
			HaveKeyWithValue("cognigy_operator.kind", "EndpointAPIKey")))
		e.Expect(p.output.String()).To(ContainSubstring(`"trace_id":"`+hex.EncodeToString(of.GetTraceId())+`"`), "the lines of this reconcile")
		for _, resource := range c.resources() {
			e.Expect(attributes(resource.GetResource().GetAttributes())).To(And(HaveKeyWithValue("service.name", "cognigy-operator"),
				HaveKeyWithValue("service.version", "dev"), HaveKeyWithValue("deployment.environment.name", "test")))
		}
		for _, request := range e.Cognigy.Requests() {
			e.Expect(request.Traced).To(BeFalse(), "Cognigy does not learn of traces")
		}
	},
		Entry("HTTP", "http/protobuf"),
		Entry("gRPC", "grpc"),
	)

	// One operator that did some of everything has all that the page lists, and nothing else.
	It("have what docs/tracing.md lists", Serial, func() {
		c, _, e, key := tracedIssuance("http/protobuf", http.StatusBadRequest, 1005)
		shared := &v1alpha1.ClusterCognigyConnection{
			ObjectMeta: metav1.ObjectMeta{Name: e.Namespace}, Spec: v1alpha1.ClusterCognigyConnectionSpec{
				ConnectionSpec: e.ConnectionSpec(), AllowedNamespaces: v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesFromAll},
			},
		}
		e.Create(shared)
		release(e, key)
		wanted := tracesPage()
		Eventually(func() map[string]bool { return namesIn(c.spans()) }).WithTimeout(patience).Should(Equal(wanted))
		e.Expect(cluster.Delete(e.Context, shared)).To(Succeed())
		e.AwaitAbsent(shared)
	})

	It("stay off, and open no connection, where a variable says so", func() {
		c := newCollector()
		p := launchIn(bed.Kubeconfig, append(c.environment("http/protobuf"), "OTEL_SDK_DISABLED=true"))
		p.awaitReady()
		e := newEnvironment()
		key := e.Key(retain)
		e.Create(key)
		e.AwaitDelivered(key, 1)
		release(e, key)
		e.Expect(p.stop()).To(Succeed())
		e.Expect(c.connections()).To(BeZero())
		e.Expect(p.output.String()).NotTo(ContainSubstring("trace"))
	})

	// The collector's credential is in a form that the library cannot read, and would quote.
	It("hold nothing up where no collector listens, and the log says so seldom", func() {
		began := time.Now()
		p := launchIn(bed.Kubeconfig, []string{
			"OTEL_EXPORTER_OTLP_ENDPOINT=http://" + freeAddress(), "OTEL_BSP_SCHEDULE_DELAY=100", "OTEL_EXPORTER_OTLP_TIMEOUT=500",
			"OTEL_EXPORTER_OTLP_HEADERS=a-collectors-credential",
		})
		p.awaitReady()
		e := newEnvironment()
		key := e.Key(retain)
		e.Create(key)
		e.AwaitDelivered(key, 1)
		Eventually(p.output.String).WithTimeout(patience).Should(ContainSubstring("cannot send traces"))
		release(e, key)
		asked := time.Now()
		e.Expect(p.stop()).To(Succeed())
		e.Expect(time.Since(asked)).To(BeNumerically("<", 30*time.Second))
		e.Expect(strings.Count(p.output.String(), "cannot send traces")).To(BeNumerically("<=", 1+int(time.Since(began)/time.Minute)))
		e.Expect(p.output.String()).NotTo(ContainSubstring("a-collectors-credential"))
	})
})

// tracesPage returns what the tables of docs/tracing.md list: names of spans, of attributes, and of events.
func tracesPage() map[string]bool {
	GinkgoHelper()
	page, err := os.ReadFile("../../docs/tracing.md")
	Expect(err).NotTo(HaveOccurred())
	_, spans, _ := strings.Cut(string(page), "\n## Spans\n")
	spans, _, _ = strings.Cut(spans, "\n## ")
	names := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(spans, -1) {
		names[row[1]] = true
	}
	return names
}

// namesIn returns the names of spans, of their attributes, and of their events. Requests have one name each per route.
func namesIn(spans []*tracepb.Span) map[string]bool {
	names := map[string]bool{}
	for _, span := range spans {
		name := span.GetName()
		if span.GetKind() == tracepb.Span_SPAN_KIND_CLIENT {
			name = "<method> <route>"
		}
		names[name] = true
		for attribute := range attributes(span.GetAttributes()) {
			names[attribute] = true
		}
		for _, event := range span.GetEvents() {
			names[event.GetName()] = true
			for attribute := range attributes(event.GetAttributes()) {
				names[attribute] = true
			}
		}
	}
	return names
}
