// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"go.yaml.in/yaml/v3"

	"github.com/cognigy-operator/cognigy-operator/test/rules"
)

// scraper lets the ServiceAccount that the pages name read metrics, as docs/metrics.md says.
const scraper = `kubectl create clusterrolebinding prometheus-cognigy-operator --clusterrole=cognigy-operator-metrics-reader \
	--serviceaccount=monitoring:prometheus-k8s --dry-run=client -o yaml | kubectl apply -f -`

// scrape returns the operator's metrics, as Prometheus reads them.
func (s *site) scrape(t *testing.T) string {
	t.Helper()
	s.execute(t, scraper, "")
	token := s.execute(t, "kubectl create token prometheus-k8s -n monitoring", "")
	// The operator's certificate is its own.
	insecure := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer insecure.CloseIdleConnections()
	var metrics []byte
	NewWithT(t).Eventually(func(g Gomega, ctx context.Context) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+s.kubelet.Metrics()+"/metrics", nil)
		g.Expect(err).NotTo(HaveOccurred())
		request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(token))
		response, err := insecure.Do(request)
		g.Expect(err).NotTo(HaveOccurred())
		defer response.Body.Close() //nolint:errcheck // read only
		metrics, err = io.ReadAll(response.Body)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(response.StatusCode).To(Equal(http.StatusOK), "%s", metrics)
	}).WithContext(t.Context()).WithTimeout(patience).Should(Succeed())
	return string(metrics)
}

// raises has Prometheus say whether it raises an alert if what the operator's metrics are now lasts. The page shows the alert's expression.
func (s *site) raises(t *testing.T, name, shown string) {
	t.Helper()
	g := NewWithT(t)
	groups, err := rules.Read(repository)
	g.Expect(err).NotTo(HaveOccurred())
	for _, alert := range rules.Alerts(groups) {
		if alert.Name == name {
			g.Expect(strings.Fields(shown)).To(Equal(strings.Fields(alert.Expr)))
			g.Eventually(func() error { return s.raised(t, alert) }).WithTimeout(time.Minute).WithPolling(time.Second).Should(Succeed())
			return
		}
	}
	t.Errorf("there is no alert %s", name)
}

func (s *site) raised(t *testing.T, alert rules.Alert) error {
	t.Helper()
	type object = map[string]any
	var series []object
	for line := range strings.Lines(s.scrape(t)) {
		name, value, found := strings.Cut(strings.TrimSpace(line), "} ")
		for _, metric := range alert.Metrics() {
			if found && strings.HasPrefix(name, metric+"{") {
				series = append(series, object{"series": name + `,job="cognigy-operator"}`, "values": value + "x120"})
			}
		}
	}
	alert.Labels, alert.Annotations = nil, nil
	alert.Expr = "count(" + alert.Expr + ") > 0" // so that it has no labels, which are not what the page is about
	alerting := object{"groups": []object{{"name": "docs", "rules": []rules.Alert{alert}}}}
	wanted := object{"rule_files": []string{"rules.yaml"}, "evaluation_interval": "1m", "tests": []object{{
		"interval": "1m", "input_series": series,
		"alert_rule_test": []object{{"eval_time": "2h", "alertname": alert.Name, "exp_alerts": []object{{}}}},
	}}}
	return promtool(t, map[string]any{"rules.yaml": alerting, "test.yaml": wanted}, "test", "rules", "test.yaml")
}

// understands has Prometheus check expressions, each of which has to be about metrics that the operator has.
func (s *site) understands(t *testing.T, expressions []string) {
	t.Helper()
	metrics := s.scrape(t)
	var recorded []map[string]any
	for _, expression := range expressions {
		names := rules.Alert{Expr: expression}.Metrics()
		for _, name := range names {
			base := strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_count")
			NewWithT(t).Expect(metrics).To(ContainSubstring("# TYPE "+base+" "), expression)
		}
		recorded = append(recorded, map[string]any{"record": "page", "expr": expression})
	}
	groups := map[string]any{"groups": []map[string]any{{"name": "docs", "rules": recorded}}}
	NewWithT(t).Expect(promtool(t, map[string]any{"rules.yaml": groups}, "check", "rules", "--lint=none", "rules.yaml")).To(Succeed())
}

// promtool runs it in a folder that has some files.
func promtool(t *testing.T, files map[string]any, arguments ...string) error {
	t.Helper()
	g := NewWithT(t)
	folder := t.TempDir()
	for name, content := range files {
		text, err := yaml.Marshal(content)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(os.WriteFile(filepath.Join(folder, name), text, 0o600)).To(Succeed())
	}
	last := len(arguments) - 1
	arguments[last] = filepath.Join(folder, arguments[last])
	output, err := exec.CommandContext(t.Context(), filepath.Join(repository, "hack", "promtool.sh"), arguments...).CombinedOutput()
	if err != nil {
		t.Logf("%s", output)
	}
	return err
}
