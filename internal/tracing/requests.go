// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package tracing

import (
	"context"
	"net"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/metrics"
)

// Attributes of the span of a request that no convention has.
const (
	attributeCode    = attribute.Key("cognigy.code")
	attributeTraceID = attribute.Key("cognigy.trace_id")
)

// Observer makes a span of each request to Cognigy, and tells another observer of it.
func (t *Traces) Observer(next connection.Observer) connection.Observer {
	if t == nil {
		return next
	}
	return observer{next, t.tracer}
}

type observer struct {
	connection.Observer
	tracer trace.Tracer
}

// Sent implements connection.Observer. It makes the span of a request when that is over. So a span has only what is known of a request
// here: neither its headers nor its body, and no URL, which has ids. Nor does Cognigy learn of the trace.
func (o observer) Sent(ctx context.Context, host string, exchange cognigy.Exchange) {
	o.Observer.Sent(ctx, host, exchange)
	outcome := metrics.Outcome(exchange)
	if outcome == metrics.NotSent {
		return
	}
	ended := time.Now()
	_, span := o.tracer.Start(ctx, exchange.Method+" "+exchange.Route, trace.WithTimestamp(ended.Add(-exchange.Took)),
		trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
			semconv.HTTPRequestMethodKey.String(exchange.Method), semconv.URLTemplate(exchange.Route),
		))
	span.SetAttributes(server(host)...)
	if exchange.Err != nil {
		span.SetAttributes(semconv.ErrorTypeKey.String(outcome))
		span.SetAttributes(answer(cognigy.AsError(exchange.Err))...)
		span.SetStatus(codes.Error, exchange.Err.Error())
	}
	span.End(trace.WithTimestamp(ended))
}

// server says which host, with a port, a request was for.
func server(host string) []attribute.KeyValue {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		return []attribute.KeyValue{semconv.ServerAddress(host)}
	}
	number, _ := strconv.Atoi(port)
	return []attribute.KeyValue{semconv.ServerAddress(name), semconv.ServerPort(number)}
}

// answer says what of the answer tells why a request failed; nothing if there was none.
func answer(failure *cognigy.Error) (known []attribute.KeyValue) {
	if failure == nil || failure.Status == 0 {
		return nil
	}
	known = append(known, semconv.HTTPResponseStatusCode(failure.Status))
	if failure.Code != 0 {
		known = append(known, attributeCode.Int(failure.Code))
	}
	if failure.TraceID != "" {
		known = append(known, attributeTraceID.String(failure.TraceID))
	}
	return known
}
