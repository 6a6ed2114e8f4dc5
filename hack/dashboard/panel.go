// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// Widths and heights in Grafana's grid, which has 24 columns.
const (
	numberWidth, numberHeight = 4, 4
	graphWidth, graphHeight   = 8, 8
)

// number is a panel with the latest value of a line. It is green below the first of the limits, then orange, then red.
func number(title, description, unit string, of line, limits ...float64) *stat.PanelBuilder {
	colours := []string{"orange", "red"}
	if len(limits) == 1 {
		colours = []string{"red"}
	}
	steps := []dashboard.Threshold{{Color: "green"}}
	for i := range limits {
		steps = append(steps, dashboard.Threshold{Color: colours[i], Value: &limits[i]})
	}
	return stat.NewPanelBuilder().Title(title).Description(description).Datasource(source).Unit(unit).Span(numberWidth).Height(numberHeight).
		ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"})).
		Thresholds(dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).Steps(steps)).
		ColorMode(common.BigValueColorModeValue).GraphMode(common.BigValueGraphModeNone).
		WithTarget(query("A", of.expr, of.legend))
}

// graph is a panel with lines over time.
func graph(title, description, unit string, lines ...line) *timeseries.PanelBuilder {
	made := timeseries.NewPanelBuilder().Title(title).Description(description).Datasource(source).Unit(unit).Min(0).Span(graphWidth).Height(graphHeight).
		LineWidth(1).FillOpacity(8).ShowPoints(common.VisibilityModeNever).
		Legend(common.NewVizLegendOptionsBuilder().DisplayMode(common.LegendDisplayModeList).Placement(common.LegendPlacementBottom).ShowLegend(true)).
		Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).Sort(common.SortOrderDescending))
	for i, each := range lines {
		made.WithTarget(query(string(rune('A'+i)), each.expr, each.legend))
	}
	return made
}

// line is an expression, each of whose series is a line, and what the legend says of them.
type line struct{ expr, legend string }

// stacked is a graph whose lines add up.
func stacked(of *timeseries.PanelBuilder) *timeseries.PanelBuilder {
	return of.FillOpacity(50).Stacking(common.NewStackingConfigBuilder().Mode(common.StackingModeNormal).Group("A"))
}

func query(id, expr, legend string) *prometheus.DataqueryBuilder {
	return prometheus.NewDataqueryBuilder().Datasource(source).RefId(id).Expr(expr).LegendFormat(legend).Range()
}
