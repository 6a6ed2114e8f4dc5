// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Command chart generates what Helm charts would otherwise repeat by hand: from values.yaml the JSON schema and the table of values in
// README.md, and in Chart.yaml the version and, for a chart that installs CustomResourceDefinitions, what Artifact Hub shows.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// What charts are generated from, besides their own files, in the working directory.
const (
	samplesFolder = "config/samples"
	changelogFile = "CHANGELOG.md" // in the form of https://keepachangelog.com
	crdFolder     = "config/crd/bases"
)

// chart is the chart in a folder, and the release that it is made for.
type chart struct {
	folder  string
	version string // of the operator, and so of its charts
	image   string // without tag
}

func main() {
	var made chart
	flag.StringVar(&made.version, "version", "", "version of the operator")
	flag.StringVar(&made.image, "image", "", "image of the operator, without its tag")
	flag.Parse()
	for _, made.folder = range flag.Args() {
		if err := made.generate(); err != nil {
			fmt.Fprintf(os.Stderr, "chart: %s: %v\n", made.folder, err)
			os.Exit(1)
		}
	}
}

func (c chart) generate() error {
	annotated, err := os.ReadFile(filepath.Join(c.folder, "values.yaml"))
	if err != nil {
		return err
	}
	values, err := parseValues(annotated)
	if err != nil {
		return fmt.Errorf("values.yaml: %w", err)
	}
	schema, err := schemaOf(values)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(c.folder, "values.schema.json"), schema, 0o644); err != nil { //nolint:gosec // everyone may read a chart
		return err
	}
	if err := c.rewrite("README.md", func(readme []byte) ([]byte, error) { return withTable(readme, values) }); err != nil {
		return err
	}
	return c.rewrite("Chart.yaml", c.withMetadata)
}

// rewrite replaces the content of a file of the chart.
func (c chart) rewrite(name string, edit func([]byte) ([]byte, error)) error {
	name = filepath.Join(c.folder, name)
	content, err := os.ReadFile(name) //nolint:gosec // a file of the chart
	if err != nil {
		return err
	}
	if content, err = edit(content); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(name), err)
	}
	return os.WriteFile(name, content, 0o644) //nolint:gosec // everyone may read a chart
}
