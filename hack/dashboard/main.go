// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Command dashboard writes the Grafana dashboard of the operator's metrics into a file.
//
//   - dashboard.go: the whole, and its variables;
//   - keys.go, cognigy.go, process.go: the panels;
//   - panel.go: what panels have in common;
//   - live: answers every expression with data of a running operator, and draws them.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "dashboard:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) != 1 {
		return fmt.Errorf("usage: dashboard <file>")
	}
	built, err := operator().Build()
	if err != nil {
		return err
	}
	content, err := json.MarshalIndent(built, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(arguments[0], append(content, '\n'), 0o644) //nolint:gosec // everyone may read a dashboard
}
