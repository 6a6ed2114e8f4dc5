// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	gomegatypes "github.com/onsi/gomega/types"
	collectorpb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// collector takes spans as an OpenTelemetry collector does, over HTTP and over gRPC.
type collector struct {
	collectorpb.UnimplementedTraceServiceServer
	addresses map[string]string // host:port by OTEL_EXPORTER_OTLP_PROTOCOL

	mu       sync.Mutex
	requests []*collectorpb.ExportTraceServiceRequest
	dialled  int // connections that it got
}

// newCollector returns a collector that runs until the spec ends.
func newCollector() *collector {
	GinkgoHelper()
	c := &collector{addresses: map[string]string{}}
	for protocol, serve := range map[string]func(net.Listener){"http/protobuf": c.serveHTTP, "grpc": c.serveGRPC} {
		listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
		Expect(err).NotTo(HaveOccurred())
		c.addresses[protocol] = listener.Addr().String()
		serve(counting{listener, c})
	}
	return c
}

// counting counts the connections that a listener accepts.
type counting struct {
	net.Listener
	*collector
}

// Accept implements net.Listener.
func (l counting) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.dialled++
	}
	return conn, err
}

func (c *collector) serveHTTP(listener net.Listener) {
	server := &http.Server{Handler: http.HandlerFunc(c.take), ReadHeaderTimeout: time.Minute}
	DeferCleanup(server.Close)
	go func() { _ = server.Serve(listener) }()
}

func (c *collector) serveGRPC(listener net.Listener) {
	server := grpc.NewServer()
	collectorpb.RegisterTraceServiceServer(server, c)
	DeferCleanup(server.Stop)
	go func() { _ = server.Serve(listener) }()
}

// take takes spans over HTTP.
func (c *collector) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	request := &collectorpb.ExportTraceServiceRequest{}
	if err != nil || r.URL.Path != "/v1/traces" || proto.Unmarshal(body, request) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	_, _ = c.Export(r.Context(), request)
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// Export takes spans over gRPC.
func (c *collector) Export(
	_ context.Context, request *collectorpb.ExportTraceServiceRequest,
) (*collectorpb.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests = append(c.requests, request)
	return &collectorpb.ExportTraceServiceResponse{}, nil
}

// environment has an operator send its spans soon.
func (c *collector) environment(protocol string) []string {
	return []string{
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://" + c.addresses[protocol], "OTEL_EXPORTER_OTLP_PROTOCOL=" + protocol,
		"OTEL_BSP_SCHEDULE_DELAY=100", "OTEL_RESOURCE_ATTRIBUTES=deployment.environment.name=test",
	}
}

// connections counts the connections that the collector got.
func (c *collector) connections() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dialled
}

// resources returns of what the spans are.
func (c *collector) resources() (resources []*tracepb.ResourceSpans) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, request := range c.requests {
		resources = append(resources, request.GetResourceSpans()...)
	}
	return resources
}

// spans returns all spans.
func (c *collector) spans() (spans []*tracepb.Span) {
	for _, of := range c.resources() {
		for _, scope := range of.GetScopeSpans() {
			spans = append(spans, scope.GetSpans()...)
		}
	}
	return spans
}

// span returns the only span that matches.
func (c *collector) span(matcher gomegatypes.GomegaMatcher) (found *tracepb.Span) {
	GinkgoHelper()
	Expect(c.spans()).To(ContainElement(matcher, &found))
	return found
}

// text is everything that the collector was sent.
func (c *collector) text() string {
	var text strings.Builder
	for _, of := range c.resources() {
		text.WriteString(protojson.Format(of))
	}
	return text.String()
}

// attributes returns attributes by their names. Numbers are text.
func attributes(list []*commonpb.KeyValue) map[string]string {
	all := map[string]string{}
	for _, each := range list {
		all[each.GetKey()] = each.GetValue().GetStringValue()
		if _, text := each.GetValue().GetValue().(*commonpb.AnyValue_StringValue); !text {
			all[each.GetKey()] = protojson.MarshalOptions{}.Format(each.GetValue())
		}
	}
	return all
}
