// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/units"
)

var cognigy = row{"Cognigy", []cog.Builder[dashboard.Panel]{
	graph("Connections up", "1 if the latest probe of a connection succeeded, else 0.", units.Short,
		line{`min by (connection_namespace, connection) (cognigy_operator_connection_up{` + ofConnection + `})`, ofConnectionLegend}).Max(1),
	graph("Requests", "A second, by their outcome.", units.RequestsPerSecond,
		line{`sum by (host, outcome) (rate(cognigy_operator_request_duration_seconds_count{` + ofHost + `}[$__rate_interval]))`, "{{host}} {{outcome}}"}),
	graph("Time of requests", "From sending a request until its answer was read. Waits for the rate limit come on top.", units.Seconds,
		quantiles(`cognigy_operator_request_duration_seconds_bucket{`+ofHost+`}`)...),
	graph("Time of requests by route", "95 % of them took less.", units.Seconds,
		line{
			`histogram_quantile(0.95, sum by (le, method, route) (rate(cognigy_operator_request_duration_seconds_bucket{` + ofHost + `}[$__rate_interval])))`,
			"{{method}} {{route}}",
		}),
	graph("Rate limit", "Requests a second: how many are sent, how many the operator permits itself since the latest refusal, and how many it may send at most.", units.RequestsPerSecond,
		line{`sum by (host) (rate(cognigy_operator_request_duration_seconds_count{` + ofHost + `}[$__rate_interval]))`, "{{host}} sent"},
		line{`max by (host) (cognigy_operator_rate_limit_requests_per_second{` + ofHost + `})`, "{{host}} learned"},
		line{`max by (host) (cognigy_operator_rate_limit_configured_requests_per_second{` + ofHost + `})`, "{{host}} configured"}),
	graph("Waiting requests", "Requests that wait for the rate limit now.", units.Short,
		line{`sum by (host) (cognigy_operator_rate_limit_waiting_requests{` + ofHost + `})`, "{{host}}"}),
	graph("Time of waiting", "Time that requests waited for the rate limit before the operator sent them.", units.Seconds,
		quantiles(`cognigy_operator_rate_limit_wait_seconds_bucket{`+ofHost+`}`)...),
	graph("Retry-After", "What is left of the time in which a host wants no request.", units.Seconds,
		line{`max by (host) (cognigy_operator_rate_limit_retry_after_seconds{` + ofHost + `})`, "{{host}}"}),
	graph("Refusals", "How many times a minute a host wanted no more requests for a while.", units.Short,
		line{`sum by (host) (rate(cognigy_operator_rate_limit_retry_after_windows_total{` + ofHost + `}[$__rate_interval])) * 60`, "{{host}}"}),
	graph("Orphans", "Keys of this cluster without an EndpointAPIKey, and keys of existing ones under another identity of the cluster.", units.Short,
		line{`sum by (connection_namespace, connection) (cognigy_operator_connection_orphans{` + ofConnection + `})`, ofConnectionLegend},
		line{`sum by (connection_namespace, connection) (cognigy_operator_connection_other_identity_keys{` + ofConnection + `})`, ofConnectionLegend + ": other identity"}),
	graph("Time since the latest scan for orphans", "By connection.", units.Seconds,
		line{`time() - max by (connection_namespace, connection) (cognigy_operator_connection_last_orphan_scan_timestamp_seconds{` + ofConnection + `})`, ofConnectionLegend}),
	graph("Age of credentials", "Time since a connection's credentials last changed, as far as Kubernetes tells.", units.Seconds,
		line{`max by (connection_namespace, connection) (cognigy_operator_connection_credentials_age_seconds{` + ofConnection + `})`, ofConnectionLegend}),
}}
