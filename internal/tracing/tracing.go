// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tracing sends spans of reconciles and of requests to Cognigy to an OpenTelemetry collector, if the standard variables of the
// environment ask for it. docs/tracing.md lists the spans.
//
//   - exporter.go: what the environment says;
//   - reconciles.go, requests.go: the spans.
package tracing

import (
	"context"
	"time"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/time/rate"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
)

const (
	// scope is the instrumentation scope of the spans.
	scope = "github.com/cognigy-operator/cognigy-operator"
	// stopTimeout bounds how long the end of the operator waits for a collector.
	stopTimeout = 5 * time.Second
	// failureInterval is the time between two lines of the log about a collector that takes no spans.
	failureInterval = time.Minute
)

// Traces makes spans. A nil one makes none.
type Traces struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
	log      logr.Logger
}

// Start returns what makes spans, or nil if the environment does not ask for any, or asks for what does not exist: keys matter more
// than spans. Whoever starts it stops it.
func Start(ctx context.Context, version string) *Traces {
	if !wanted() {
		return nil
	}
	log := logf.FromContext(ctx).WithName("tracing")
	// The library's own log quotes variables that it cannot read. OTEL_EXPORTER_OTLP_HEADERS often has a credential.
	otel.SetLogger(logr.Discard())
	seldom := &rate.Sometimes{Interval: failureInterval}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		seldom.Do(func() { log.Error(err, "cannot send traces; the operator works on without them") })
	}))
	exporter, err := newExporter(ctx)
	if err != nil {
		log.Error(err, "tracing stays off")
		return nil
	}
	of, err := resource.New(ctx, resource.WithTelemetrySDK(),
		resource.WithAttributes(semconv.ServiceName("cognigy-operator"), semconv.ServiceVersion(version)), resource.WithFromEnv())
	if err != nil {
		log.Error(err, "traces lack some of OTEL_RESOURCE_ATTRIBUTES")
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(of))
	log.Info("sending traces")
	return &Traces{provider: provider, tracer: provider.Tracer(scope, trace.WithInstrumentationVersion(version)), log: log}
}

// Stop sends what is left, but waits no longer than a few seconds.
func (t *Traces) Stop() {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		t.log.Error(err, "the last traces were not sent")
	}
}
