// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// source is whichever Prometheus is chosen above the dashboard.
var source = common.DataSourceRef{Type: cog.ToPtr("prometheus"), Uid: cog.ToPtr("$datasource")}

// What the variables select.
const (
	ofOperator   = `job=~"$job"`
	ofKeys       = `job=~"$job",key_namespace=~"$namespace",connection=~"$connection"`
	ofConnection = `job=~"$job",connection=~"$connection"`
	ofHost       = `job=~"$job",host=~"$host"`
	// ofProcess keeps the series of the operator's Pods, of metrics that every program has.
	ofProcess = ` and on (job, instance) cognigy_operator_build_info{job=~"$job"}`
)

// operator is the whole dashboard. Its schema is the one that every Grafana reads. The SDK prefers the next one, which only Grafana 12 and later read.
func operator() *dashboard.DashboardBuilder { //nolint:staticcheck // see above
	made := dashboard.NewDashboardBuilder("Cognigy operator"). //nolint:staticcheck // see above
									Uid("cognigy-operator").
									Description("API keys of Cognigy.AI Endpoints: what cognigy-operator manages, and what it asks of Cognigy.").
									Tags([]string{"cognigy-operator"}).
									Link(dashboard.NewDashboardLinkBuilder("Metrics and alerts").Type(dashboard.DashboardLinkTypeLink).TargetBlank(true).
										Url("https://github.com/cognigy-operator/cognigy-operator/blob/main/docs/metrics.md")).
									Editable().
									Tooltip(dashboard.DashboardCursorSyncCrosshair).
									Time("now-6h", "now").
									Refresh("1m").
									WithVariable(dashboard.NewDatasourceVariableBuilder("datasource").Label("Data source").Type("prometheus")).
									WithVariable(variable("job", "Installation", `label_values(cognigy_operator_build_info, job)`)).
									WithVariable(variable("namespace", "Namespace of keys", `label_values(cognigy_operator_keys{job=~"$job"}, key_namespace)`).AllValue(".*")).
									WithVariable(variable("connection", "Connection", `label_values(cognigy_operator_connection_up{job=~"$job"}, connection)`).AllValue(".*")).
									WithVariable(variable("host", "Host of Cognigy", `label_values(cognigy_operator_rate_limit_configured_requests_per_second{job=~"$job"}, host)`).AllValue(".*"))
	for _, row := range []row{overview, keys, cognigy, process} {
		made.WithRow(dashboard.NewRowBuilder(row.title))
		for _, panel := range row.panels {
			made.WithPanel(panel)
		}
	}
	return made
}

// row is a heading, and the panels below it.
type row struct {
	title  string
	panels []cog.Builder[dashboard.Panel]
}

// variable is a variable that a query fills, and that selects everything at first. Without a regular expression for everything, that is
// what the query finds.
func variable(name, label, query string) *dashboard.QueryVariableBuilder {
	return dashboard.NewQueryVariableBuilder(name).Label(label).Datasource(source).Definition(query).
		Query(dashboard.StringOrMap{String: &query}).Refresh(dashboard.VariableRefreshOnTimeRangeChanged).
		Sort(dashboard.VariableSortAlphabeticalAsc).Multi(true).IncludeAll(true).
		Current(dashboard.VariableOption{
			Text:  dashboard.StringOrArrayOfString{String: cog.ToPtr("All")},
			Value: dashboard.StringOrArrayOfString{String: cog.ToPtr("$__all")},
		})
}
