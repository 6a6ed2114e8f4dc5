// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package tracing

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

const (
	variableDisabled = "OTEL_SDK_DISABLED"
	variableExporter = "OTEL_TRACES_EXPORTER"
	variableEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT"
	variableProtocol = "OTEL_EXPORTER_OTLP_PROTOCOL"
	// The same for traces alone, which go first.
	variableTracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
	variableTracesProtocol = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"
)

// wanted reports whether the environment names an exporter or a collector. By the standard alone, a program would send spans to
// localhost unless told otherwise.
func wanted() bool {
	if strings.EqualFold(os.Getenv(variableDisabled), "true") || os.Getenv(variableExporter) == "none" {
		return false
	}
	return cmp.Or(os.Getenv(variableExporter), os.Getenv(variableTracesEndpoint), os.Getenv(variableEndpoint)) != ""
}

// newExporter returns what sends spans. The library reads endpoint, headers, certificates and timeouts from the environment.
func newExporter(ctx context.Context) (sdktrace.SpanExporter, error) {
	if name := cmp.Or(os.Getenv(variableExporter), "otlp"); name != "otlp" {
		return nil, fmt.Errorf("%s: %q is neither otlp nor none", variableExporter, name)
	}
	switch protocol := cmp.Or(os.Getenv(variableTracesProtocol), os.Getenv(variableProtocol), "http/protobuf"); protocol {
	case "http/protobuf":
		return otlptracehttp.New(ctx)
	case "grpc":
		return otlptracegrpc.New(ctx)
	default:
		return nil, fmt.Errorf("%s: %q is neither http/protobuf nor grpc", variableProtocol, protocol)
	}
}
