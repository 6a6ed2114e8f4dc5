// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package mutations_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/onsi/ginkgo/v2/types"
	. "github.com/onsi/gomega"
)

// isSuite reports whether the tests in a folder are a Ginkgo suite.
func isSuite(folder string) bool { return folder == controller || folder == endToEnd }

// listed are the texts of a suite's specs, by its folder.
var listed = map[string][]string{}

// specsOf returns the texts of a suite's specs. It runs none of them.
func specsOf(t *testing.T, folder string) []string {
	t.Helper()
	if listed[folder] != nil {
		return listed[folder]
	}
	g := NewWithT(t)
	file := filepath.Join(t.TempDir(), "report.json")
	output, err := goCommand(t.Context(), "test", "./"+folder, "-ginkgo.dry-run", "-ginkgo.json-report="+file).CombinedOutput()
	g.Expect(err).NotTo(HaveOccurred(), "%s", output)
	written, err := os.ReadFile(file)
	g.Expect(err).NotTo(HaveOccurred())
	var reports []types.Report
	g.Expect(json.Unmarshal(written, &reports)).To(Succeed())
	for _, report := range reports {
		for _, spec := range report.SpecReports {
			listed[folder] = append(listed[folder], spec.FullText())
		}
	}
	return listed[folder]
}
