// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package rules_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"go.yaml.in/yaml/v3"

	"github.com/cognigy-operator/cognigy-operator/test/rules"
)

const (
	repository = "../.."
	runbooks   = repository + "/docs/runbooks"
	published  = "https://github.com/cognigy-operator/cognigy-operator/blob/main/docs/runbooks/"
)

// alerts returns all alerts.
func alerts(g *WithT) []rules.Alert {
	groups, err := rules.Read(repository)
	g.Expect(err).NotTo(HaveOccurred())
	found := rules.Alerts(groups)
	g.Expect(len(found)).To(BeNumerically(">", 10))
	return found
}

// Each alert says how bad it is, what it is, and where its runbook is, and is about metrics of this operator: another one's would raise it.
func TestAlerts(t *testing.T) {
	g := NewWithT(t)
	for _, alert := range alerts(g) {
		g.Expect(alert.Name).To(HavePrefix("CognigyOperator"))
		g.Expect(alert.Labels).To(HaveKeyWithValue("severity", BeElementOf("warning", "critical")), alert.Name)
		g.Expect(alert.Annotations).To(And(HaveLen(3), HaveKeyWithValue("summary", HaveSuffix(".")), HaveKeyWithValue("description", HaveSuffix(".")),
			HaveKeyWithValue("runbook_url", published+alert.Name+".md")), alert.Name)
		g.Expect(alert.Metrics()).To(ContainElement(HavePrefix("cognigy_operator_")), alert.Name)
	}
}

// Each alert has a page, with the parts that a person looks for who was woken by it, and each page an alert. The index lists them all.
func TestRunbooks(t *testing.T) {
	g := NewWithT(t)
	pages, err := filepath.Glob(filepath.Join(runbooks, "CognigyOperator*.md"))
	g.Expect(err).NotTo(HaveOccurred())
	var named []string
	for _, page := range pages {
		named = append(named, strings.TrimSuffix(filepath.Base(page), ".md"))
	}
	index, err := os.ReadFile(filepath.Join(runbooks, "README.md"))
	g.Expect(err).NotTo(HaveOccurred())
	var wanted []string
	for _, alert := range alerts(g) {
		wanted = append(wanted, alert.Name)
		g.Expect(string(index)).To(ContainSubstring("| ["+alert.Name+"]("+alert.Name+".md) | "+alert.Labels["severity"]+" | "+alert.Annotations["summary"]), alert.Name)
		page, err := os.ReadFile(filepath.Join(runbooks, alert.Name+".md"))
		g.Expect(err).NotTo(HaveOccurred())
		headings := regexp.MustCompile(`(?m)^##? .*$`).FindAllString(string(page), -1)
		g.Expect(headings).To(Equal([]string{"# " + alert.Name, "## Meaning", "## Impact", "## Diagnosis", "## Mitigation"}))
	}
	g.Expect(named).To(ConsistOf(wanted))
}

// Prometheus itself says of made-up series when each alert is raised, when not, and with which words.
func TestPromtool(t *testing.T) {
	g := NewWithT(t)
	groups, err := rules.Read(repository)
	g.Expect(err).NotTo(HaveOccurred())
	for _, group := range groups {
		for i := range group.Rules { // the tests repeat only what depends on series
			group.Rules[i].Annotations = map[string]string{"description": group.Rules[i].Annotations["description"]}
		}
	}
	content, err := yaml.Marshal(map[string]any{"groups": groups})
	g.Expect(err).NotTo(HaveOccurred())
	folder := t.TempDir()
	g.Expect(os.WriteFile(filepath.Join(folder, "rules.yaml"), content, 0o600)).To(Succeed())
	tests, err := filepath.Glob(filepath.Join("testdata", "*.yaml"))
	g.Expect(err).NotTo(HaveOccurred())
	var raised strings.Builder
	arguments := []string{"test", "rules"}
	for _, test := range tests {
		content, err := os.ReadFile(test)
		g.Expect(err).NotTo(HaveOccurred())
		raised.Write(content)
		copied := filepath.Join(folder, filepath.Base(test)) // beside the rules, where promtool looks for them
		g.Expect(os.WriteFile(copied, content, 0o600)).To(Succeed())
		arguments = append(arguments, copied)
	}
	for _, alert := range rules.Alerts(groups) {
		g.Expect(raised.String()).To(MatchRegexp(`(?m)^  - alertname: %s\n    eval_time: .*\n    exp_alerts:`, alert.Name), "no test raises %s", alert.Name)
	}
	promtool(t, "check", "rules", "--lint=all", "--lint-fatal", filepath.Join(folder, "rules.yaml"))
	promtool(t, arguments...)
}

// promtool runs it, with files by their absolute paths.
func promtool(t *testing.T, arguments ...string) {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), repository+"/hack/promtool.sh", arguments...).CombinedOutput()
	NewWithT(t).Expect(err).NotTo(HaveOccurred(), "%s", output)
}
