// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package rules reads the alerts on the operator, for tests of them.
package rules

import (
	"os"
	"path/filepath"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// File has the alerts, in the repository.
const File = "config/prometheus/prometheus_rule.yaml"

// Group is a group of alerts.
type Group struct {
	Name  string  `yaml:"name"`
	Rules []Alert `yaml:"rules"`
}

// Alert is an alerting rule.
type Alert struct {
	Name        string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for,omitempty"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

// Read reads the alerts of the repository in a folder.
func Read(repository string) ([]Group, error) {
	content, err := os.ReadFile(filepath.Join(repository, File))
	if err != nil {
		return nil, err
	}
	var rule struct {
		Spec struct {
			Groups []Group `yaml:"groups"`
		} `yaml:"spec"`
	}
	err = yaml.Unmarshal(content, &rule)
	return rule.Spec.Groups, err
}

// Alerts returns the alerts of all groups.
func Alerts(groups []Group) (alerts []Alert) {
	for _, group := range groups {
		alerts = append(alerts, group.Rules...)
	}
	return alerts
}

// metric finds the names of metrics: those of the operator, and those that its library controller-runtime adds.
var metric = regexp.MustCompile(`\b(?:cognigy_operator|controller_runtime)_[a-z_]+\b`)

// Metrics returns the names of the metrics that an alert's expression names.
func (a Alert) Metrics() []string { return metric.FindAllString(a.Expr, -1) }
