// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/units"
)

var process = row{"Operator", []cog.Builder[dashboard.Panel]{
	number("Leaders", "Of the replicas of an installation one works, the others stand by.", units.Short,
		line{expr: `sum(cognigy_operator_leader{` + ofOperator + `})`}),
	number("Replicas", "Processes that are scraped.", units.Short,
		line{expr: `count(cognigy_operator_build_info{` + ofOperator + `})`}),
	number("Builds", "Versions of the replicas, and whether their cryptography is that of Go's FIPS 140-3 module.", units.Short,
		line{`count by (version, go_version, fips) (cognigy_operator_build_info{` + ofOperator + `})`, "{{version}}, {{go_version}}, FIPS {{fips}}"}).
		TextMode(common.BigValueTextModeName).Span(4 * numberWidth),
	graph("Reconciles", "A second, by controller.", units.OpsPerSecond,
		line{`sum by (controller) (rate(controller_runtime_reconcile_total{` + ofOperator + `}[$__rate_interval])` + ofProcess + `)`, "{{controller}}"}),
	graph("Failed reconciles", "A second, by controller: the Kubernetes API fails, or refuses what the operator does. Failures of Cognigy do not count.", units.OpsPerSecond,
		line{`sum by (controller) (rate(controller_runtime_reconcile_errors_total{` + ofOperator + `,controller=~"endpointapikey|credentials|(cluster)?protection|(cluster)?orphans"}[$__rate_interval])` + ofProcess + `)`, "{{controller}}"}),
	graph("Time of reconciles", "95 % of them took less, by controller.", units.Seconds,
		line{`histogram_quantile(0.95, sum by (le, controller) (rate(controller_runtime_reconcile_time_seconds_bucket{` + ofOperator + `}[$__rate_interval])` + ofProcess + `))`, "{{controller}}"}),
	graph("Processor", "Seconds of computing a second, by Pod.", units.Short,
		line{`rate(process_cpu_seconds_total{` + ofOperator + `}[$__rate_interval])` + ofProcess, "{{instance}}"}),
	graph("Memory", "Resident, by Pod.", units.BytesIEC,
		line{`process_resident_memory_bytes{` + ofOperator + `}` + ofProcess, "{{instance}}"}),
	graph("Requests to the Kubernetes API", "A second, by the status of their answers.", units.RequestsPerSecond,
		line{`sum by (code) (rate(rest_client_requests_total{` + ofOperator + `}[$__rate_interval])` + ofProcess + `)`, "{{code}}"}),
}}
