// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package live_test

import (
	"regexp"
	"slices"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/hack/dashboard/draw"
)

const repository = "../../.."

// never matches what the run does not bring about: a rotation that is overdue takes an hour, keys under another identity another identity,
// and reconciles fail on account of Kubernetes alone.
var never = regexp.MustCompile(`overdue|other_identity|reconcile_errors`)

// Every expression has an answer in a run in which everything happens that the dashboard shows: a number, and at some time another one than 0.
func TestDashboard(t *testing.T) {
	g := NewWithT(t)
	told, asked := observe(t), engine()
	var drawn []draw.Panel
	for _, panel := range readPanels(t) {
		for _, target := range panel.Targets {
			answer, err := told.query(t.Context(), asked, target.Expr)
			g.Expect(err).NotTo(HaveOccurred(), target.Expr)
			var values []float64
			for _, series := range answer {
				line := told.lineOf(series, legend(target.LegendFormat, series.Metric))
				for _, point := range line.Points {
					values = append(values, point.Y)
				}
				panel.Lines = append(panel.Lines, line)
			}
			if g.Expect(values).NotTo(BeEmpty(), target.Expr); !never.MatchString(target.Expr) {
				g.Expect(slices.ContainsFunc(values, func(value float64) bool { return value != 0 })).To(BeTrue(), "always 0: %s", target.Expr)
			}
		}
		drawn = append(drawn, panel.Panel)
	}
	g.Expect(len(drawn)).To(BeNumerically(">", 30))
	if *update {
		g.Expect(draw.Rows(drawn, repository+"/docs/images/dashboard-keys.png", "Overview", "Keys")).To(Succeed())
		g.Expect(draw.Rows(drawn, repository+"/docs/images/dashboard-cognigy.png", "Cognigy")).To(Succeed())
	}
}
