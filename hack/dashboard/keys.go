// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
	"github.com/grafana/grafana-foundation-sdk/go/units"
)

// overview answers whether someone has to do something.
var overview = row{"Overview", []cog.Builder[dashboard.Panel]{
	number("Keys", "EndpointAPIKeys that the operator manages.", units.Short,
		line{expr: `sum(cognigy_operator_keys{` + ofKeys + `})`}),
	number("Need attention", "EndpointAPIKeys that are stalled, or whose key works but cannot be replaced or verified. Their conditions say what to do.", units.Short,
		line{expr: `sum(cognigy_operator_keys{` + ofKeys + `,state=~"stalled|renewal_blocked"}) or sum(cognigy_operator_keys{` + ofKeys + `}) * 0`}, 1),
	number("Oldest key not ready", "How long the EndpointAPIKey has not been ready that has been so for the longest time.", units.Seconds,
		line{expr: `max(cognigy_operator_oldest_unready_key_age_seconds{` + ofKeys + `})`}, 300, 1800),
	number("Rotations overdue", "EndpointAPIKeys whose rotation has been due for more than an hour. Their old keys go on to work.", units.Short,
		line{expr: `sum(cognigy_operator_keys_rotation_overdue{` + ofKeys + `})`}, 1),
	number("Connections down", "Connections whose latest probe failed.", units.Short,
		line{expr: `sum(cognigy_operator_connection_up{` + ofConnection + `} == bool 0)`}, 1),
	number("Orphans", "Keys in Cognigy with this cluster's marker whose EndpointAPIKey does not exist, as the latest scans found.", units.Short,
		line{expr: `sum(cognigy_operator_connection_orphans{` + ofConnection + `})`}, 1),
}}

var keys = row{"Keys", []cog.Builder[dashboard.Panel]{
	inColoursOfStates(stacked(graph("Keys by state", "Stalled: a person must act. Renewal blocked: ready, but the operator cannot replace or verify the key.", units.Short,
		line{`sum by (state) (cognigy_operator_keys{` + ofKeys + `})`, "{{state}}"}))),
	graph("Issued, delivered and revoked", "Keys a minute. Undelivered ones were cleaned up, since no workload can have them.", units.Short,
		line{`sum(rate(cognigy_operator_keys_issued_total{` + ofConnection + `}[$__rate_interval])) * 60`, "issued"},
		line{`sum(rate(cognigy_operator_keys_delivered_total{` + ofConnection + `}[$__rate_interval])) * 60`, "delivered"},
		line{`sum by (reason) (rate(cognigy_operator_keys_revoked_total{` + ofConnection + `}[$__rate_interval])) * 60`, "revoked: {{reason}}"}),
	graph("Time to the first key", "Time from the creation of an EndpointAPIKey until its first key was delivered, of those that were delivered then.", units.Seconds,
		quantiles(`cognigy_operator_key_delivery_duration_seconds_bucket{`+ofOperator+`}`)...),
	graph("Rotations", "EndpointAPIKeys whose rotation is due, and overdue by an hour, and replaced keys that work until their overlap ends.", units.Short,
		line{`sum(cognigy_operator_keys_rotation_due{` + ofKeys + `})`, "due"},
		line{`sum(cognigy_operator_keys_rotation_overdue{` + ofKeys + `})`, "overdue"},
		line{`sum(cognigy_operator_keys_retiring{` + ofKeys + `})`, "retiring"}),
	graph("Not ready, or not deleted, for how long", "By the namespace of the EndpointAPIKeys, of the ten worst.", units.Seconds,
		line{`topk(10, max by (key_namespace) (cognigy_operator_oldest_unready_key_age_seconds{` + ofKeys + `}))`, "{{key_namespace}}: not ready"},
		line{`topk(10, max by (key_namespace) (cognigy_operator_oldest_deleting_key_age_seconds{` + ofKeys + `}))`, "{{key_namespace}}: being deleted"}),
	graph("Issuances put off", "A minute, by the issuance budget: something removes or rejects keys, or changes their names, as fast as the operator issues them.", units.Short,
		line{`sum by (connection_namespace, connection) (rate(cognigy_operator_issuances_deferred_total{` + ofConnection + `}[$__rate_interval])) * 60`, ofConnectionLegend}),
}}

// inColoursOfStates gives each state a colour that says how well it is.
func inColoursOfStates(of *timeseries.PanelBuilder) *timeseries.PanelBuilder {
	for _, each := range []struct{ state, colour string }{
		{"ready", "green"}, {"renewal_blocked", "orange"}, {"reconciling", "blue"}, {"stalled", "red"}, {"suspended", "yellow"}, {"deleting", "purple"},
	} {
		of.OverrideByName(each.state, []dashboard.DynamicConfigValue{{Id: "color", Value: map[string]string{"mode": "fixed", "fixedColor": each.colour}}})
	}
	return of
}

// ofConnectionLegend names a connection. That of a ClusterCognigyConnection begins with a slash.
const ofConnectionLegend = "{{connection_namespace}}/{{connection}}"

// quantiles are lines of a histogram whose buckets a selector selects.
func quantiles(buckets string) (lines []line) {
	for _, each := range []struct{ quantile, legend string }{{"0.5", "half within"}, {"0.95", "95 % within"}, {"0.99", "99 % within"}} {
		lines = append(lines, line{`histogram_quantile(` + each.quantile + `, sum by (le) (rate(` + buckets + `[$__rate_interval])))`, each.legend})
	}
	return lines
}
