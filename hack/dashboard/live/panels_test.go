// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package live_test

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/cognigy-operator/cognigy-operator/hack/dashboard/draw"
)

// rateInterval takes the place of $__rate_interval.
const rateInterval = 15 * time.Second

// panel is a panel of the dashboard.
type panel struct {
	draw.Panel

	Targets []struct {
		Expr         string `json:"expr"`
		LegendFormat string `json:"legendFormat"`
	} `json:"targets"`
}

// readPanels reads the panels, with what takes the place of variables in expressions.
func readPanels(t *testing.T) (panels []panel) {
	t.Helper()
	content, err := os.ReadFile(repository + "/config/grafana/dashboard.json")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	var read struct{ Panels []panel }
	NewWithT(t).Expect(json.Unmarshal(content, &read)).To(Succeed())
	filled := strings.NewReplacer("$job", ".*", "$namespace", ".*", "$connection", ".*", "$host", ".*", "$__rate_interval", rateInterval.String())
	for i := range read.Panels {
		for j := range read.Panels[i].Targets {
			read.Panels[i].Targets[j].Expr = filled.Replace(read.Panels[i].Targets[j].Expr)
		}
	}
	return read.Panels
}

// engine answers queries.
func engine() *promql.Engine {
	return promql.NewEngine(promql.EngineOpts{MaxSamples: 10_000_000, Timeout: time.Minute, Parser: parser.NewParser(parser.Options{})})
}

// query answers an expression over the whole time.
func (d *database) query(ctx context.Context, engine *promql.Engine, expr string) (promql.Matrix, error) {
	query, err := engine.NewRangeQuery(ctx, d, nil, expr, d.began, d.ended, scrapeInterval)
	if err != nil {
		return nil, err
	}
	defer query.Close()
	return query.Exec(ctx).Matrix()
}

// placeholder is a label in the text of a legend.
var placeholder = regexp.MustCompile(`\{\{\s*(\w+)\s*\}\}`)

// legend names a series.
func legend(format string, of labels.Labels) string {
	return placeholder.ReplaceAllStringFunc(format, func(found string) string { return of.Get(strings.Trim(found, "{ }")) })
}

// lineOf returns the points of a series, as seconds since the beginning. What is no number is a gap.
func (d *database) lineOf(series promql.Series, name string) (line draw.Line) {
	line.Name = name
	for _, point := range series.Floats {
		if !math.IsNaN(point.F) && !math.IsInf(point.F, 0) {
			line.Points = append(line.Points, draw.Point{X: time.UnixMilli(point.T).Sub(d.began).Seconds(), Y: point.F})
		}
	}
	return line
}
