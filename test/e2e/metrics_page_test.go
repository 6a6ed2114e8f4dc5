// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	dto "github.com/prometheus/client_model/go"
)

var update = flag.Bool("update", false, "write the table of docs/metrics.md")

const (
	metricsFile = "../../docs/metrics.md"
	tableBegins = "<!-- metrics: this table is made from the metrics of a running operator -->\n"
	tableEnds   = "<!-- end of metrics -->\n"
)

// metricsPage returns the page as it is, and as it should be.
func metricsPage(families map[string]*dto.MetricFamily) (page, updated string) {
	GinkgoHelper()
	content, err := os.ReadFile(metricsFile)
	Expect(err).NotTo(HaveOccurred())
	before, rest, begins := strings.Cut(string(content), tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	Expect(begins && ends).To(BeTrue(), "docs/metrics.md has no place for the table")
	updated = before + tableBegins + "\n" + metricsTable(families) + "\n" + tableEnds + after
	if *update {
		Expect(os.WriteFile(metricsFile, []byte(updated), 0o600)).To(Succeed())
		return updated, updated
	}
	return string(content), updated
}

// metricsTable lists the operator's own metrics.
func metricsTable(families map[string]*dto.MetricFamily) string {
	var table strings.Builder
	table.WriteString("| name | type | labels | stability | meaning |\n| --- | --- | --- | --- | --- |\n")
	for _, name := range slices.Sorted(maps.Keys(families)) {
		if !strings.HasPrefix(name, "cognigy_operator_") {
			continue
		}
		family := families[name]
		stability, help, found := strings.Cut(strings.TrimPrefix(family.GetHelp(), "["), "] ")
		Expect(found).To(BeTrue(), "%s does not say how stable it is", name)
		labels := map[string]bool{}
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				labels[label.GetName()] = true
			}
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s | %s |\n", name, strings.ToLower(family.GetType().String()),
			quoted(slices.Sorted(maps.Keys(labels))), strings.ToLower(stability), help)
	}
	return table.String()
}

// quoted is a list of names as code.
func quoted(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "`" + strings.Join(names, "`, `") + "`"
}
