// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package dashboard_test checks the dashboard of config/grafana without a running operator. hack/dashboard/live answers its expressions
// with what one tells.
package dashboard_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"go.yaml.in/yaml/v3"
)

const repository = "../.."

// panel is a panel, or the heading of a row.
type panel struct {
	Type, Title, Description string

	Datasource  struct{ UID string }
	Targets     []struct{ Expr string }
	FieldConfig struct{ Defaults struct{ Unit string } }
}

// panels reads those that are no headings.
func panels(t *testing.T) (found []panel) {
	t.Helper()
	content, err := os.ReadFile(repository + "/config/grafana/dashboard.json")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	var dashboard struct{ Panels []panel }
	NewWithT(t).Expect(json.Unmarshal(content, &dashboard)).To(Succeed())
	for _, each := range dashboard.Panels {
		if each.Type != "row" {
			found = append(found, each)
		}
	}
	NewWithT(t).Expect(len(found)).To(BeNumerically(">", 20))
	return found
}

// Whoever reads a panel learns what it means, in which unit, and of the data source that they chose.
func TestPanels(t *testing.T) {
	g := NewWithT(t)
	for _, each := range panels(t) {
		g.Expect(each.Title).NotTo(BeEmpty())
		g.Expect(each.Description).To(HaveSuffix("."), each.Title)
		g.Expect(each.FieldConfig.Defaults.Unit).NotTo(BeEmpty(), each.Title)
		g.Expect(each.Datasource.UID).To(Equal("$datasource"), each.Title)
		g.Expect(each.Targets).NotTo(BeEmpty(), each.Title)
	}
}

// Each metric of the operator's own is one that docs/metrics.md lists, which is made from a running operator.
func TestMetrics(t *testing.T) {
	g := NewWithT(t)
	page, err := os.ReadFile(repository + "/docs/metrics.md")
	g.Expect(err).NotTo(HaveOccurred())
	parts := regexp.MustCompile(`_(bucket|count|sum)$`)
	for _, each := range panels(t) {
		for _, target := range each.Targets {
			for _, name := range regexp.MustCompile(`\bcognigy_operator_[a-z_]+`).FindAllString(target.Expr, -1) {
				g.Expect(string(page)).To(ContainSubstring("| `"+parts.ReplaceAllString(name, "")+"` |"), each.Title)
			}
		}
	}
}

// Prometheus' own parser reads every expression, here as that of a recording rule.
func TestExpressions(t *testing.T) {
	g := NewWithT(t)
	type rule struct{ Record, Expr string }
	var rules []rule
	for _, each := range panels(t) {
		for _, target := range each.Targets {
			expr := strings.ReplaceAll(target.Expr, "$__rate_interval", "5m")
			rules = append(rules, rule{fmt.Sprintf("dashboard:expression:%d", len(rules)), expr})
		}
	}
	content, err := yaml.Marshal(map[string]any{"groups": []any{map[string]any{"name": "dashboard", "rules": rules}}})
	g.Expect(err).NotTo(HaveOccurred())
	file := filepath.Join(t.TempDir(), "rules.yaml")
	g.Expect(os.WriteFile(file, content, 0o600)).To(Succeed())
	output, err := exec.CommandContext(t.Context(), repository+"/hack/promtool.sh", "check", "rules", "--lint=none", file).CombinedOutput()
	g.Expect(err).NotTo(HaveOccurred(), "%s", output)
	g.Expect(string(output)).To(ContainSubstring(fmt.Sprintf("%d rules found", len(rules))))
}
