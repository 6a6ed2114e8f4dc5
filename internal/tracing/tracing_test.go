// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package tracing_test

import (
	"testing"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/tracing"
)

// Traces are on if the environment names a collector or the exporter, and off if it switches them off, or says what makes no sense.
func TestStart(t *testing.T) {
	const collector = "http://127.0.0.1:1"
	for name, test := range map[string]struct {
		variables map[string]string
		on        bool
		says      string // in the log
	}{
		"nothing":                  {},
		"a collector":              {variables: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector}, on: true, says: "sending traces"},
		"a collector of traces":    {variables: map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": collector}, on: true, says: "sending traces"},
		"the exporter":             {variables: map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}, on: true, says: "sending traces"},
		"gRPC":                     {variables: map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc"}, on: true, says: "sending traces"},
		"a protocol only":          {variables: map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_SERVICE_NAME": "a"}},
		"none":                     {variables: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector, "OTEL_TRACES_EXPORTER": "none"}},
		"disabled":                 {variables: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector, "OTEL_SDK_DISABLED": "True"}},
		"not disabled":             {variables: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector, "OTEL_SDK_DISABLED": "false"}, on: true, says: "sending traces"},
		"an exporter that is none": {variables: map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}, says: `OTEL_TRACES_EXPORTER: \"zipkin\" is neither otlp nor none`},
		"a protocol that is none": {
			variables: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"},
			says:      `OTEL_EXPORTER_OTLP_PROTOCOL: \"http/json\" is neither http/protobuf nor grpc`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			for _, variable := range []string{
				"OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
				"OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
			} {
				t.Setenv(variable, test.variables[variable])
			}
			var logged string
			log := funcr.New(func(_, text string) { logged += text }, funcr.Options{})
			traces := tracing.Start(logr.NewContext(t.Context(), log), "1.2.3")
			g.Expect(traces != nil).To(Equal(test.on))
			traces.Stop()
			g.Expect(logged).To(ContainSubstring(test.says))
			if test.says == "" {
				g.Expect(logged).To(BeEmpty())
			}
		})
	}
}
