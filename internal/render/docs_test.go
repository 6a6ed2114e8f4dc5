// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"go.yaml.in/yaml/v3"
)

var root = filepath.Join("..", "..")

// The templates that users find and copy work as they stand, and the page names all that there is.
func TestDocumentedTemplates(t *testing.T) {
	g := NewWithT(t)
	page, err := os.ReadFile(filepath.Join(root, "docs", "secret.md"))
	g.Expect(err).NotTo(HaveOccurred())
	sample, err := os.ReadFile(filepath.Join(root, "config", "samples", "cognigy-operator.io_v1alpha1_endpointapikey_template.yaml"))
	g.Expect(err).NotTo(HaveOccurred())
	texts := []string{string(sample)}
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		texts = append(texts, strings.Split(block[1], "---\n")...)
	}
	rendered := 0
	for _, text := range texts {
		var object struct {
			Spec struct {
				Secret struct {
					Template struct{ Data map[string]string }
				}
			}
		}
		g.Expect(yaml.Unmarshal([]byte(text), &object)).To(Succeed(), text)
		parsed, err := Parse(object.Spec.Secret.Template.Data)
		g.Expect(err).NotTo(HaveOccurred())
		data, err := parsed.Execute(fields)
		g.Expect(err).NotTo(HaveOccurred())
		rendered += len(data)
	}
	g.Expect(rendered).To(BeNumerically(">", 5))
	for field := range (Fields{}).values() {
		g.Expect(string(page)).To(ContainSubstring("`." + field + "`"))
	}
	names := slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(functions)), operators...)))
	last := len(names) - 1
	list := "`" + strings.Join(names[:last], "`, `") + "` and `" + names[last] + "`"
	g.Expect(strings.ReplaceAll(string(page), "\n", " ")).To(ContainSubstring(list))
}
