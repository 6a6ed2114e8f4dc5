// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	. "github.com/onsi/gomega"
)

const annotated = `# What the whole file is for.

# How many.
# It spans lines.
# @schema {minimum: 1}
replicas: 2
image:
  # Which one | or another.
  tag: ""
# Of nodes.
# @schema {additionalProperties: {type: string}}
labels:
  os: linux
`

func TestSchema(t *testing.T) {
	g := NewWithT(t)
	values, err := parseValues([]byte(annotated))
	g.Expect(err).NotTo(HaveOccurred())
	schema, err := schemaOf(values)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(schema).To(MatchJSON(`{
		"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "additionalProperties": false, "properties": {
			"replicas": {"type": "integer", "minimum": 1, "description": "How many. It spans lines."},
			"image": {"type": "object", "additionalProperties": false, "properties": {
				"tag": {"type": "string", "description": "Which one | or another."}
			}},
			"labels": {"type": "object", "additionalProperties": {"type": "string"}, "description": "Of nodes."},
			"global": {"type": "object"}, "enabled": {"type": "boolean"}
		}}`))
}

func TestTable(t *testing.T) {
	g := NewWithT(t)
	values, err := parseValues([]byte(annotated))
	g.Expect(err).NotTo(HaveOccurred())
	const before, after = "# Title\n\n" + tableBegins, tableEnds + "\nMore.\n"
	const table = "\n| value | default | meaning |\n| --- | --- | --- |\n| `replicas` | `2` | How many. It spans lines. |\n" +
		"| `image.tag` | `\"\"` | Which one \\| or another. |\n| `labels` | `{\"os\":\"linux\"}` | Of nodes. |\n\n"
	for _, stale := range []string{before + after, before + table + after, before + "old\n" + after} {
		readme, err := withTable([]byte(stale), values)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(string(readme)).To(Equal(before + table + after))
	}
	_, err = withTable([]byte("# Title\n"), values)
	g.Expect(err).To(MatchError(ContainSubstring("no place for the table")))
}

// A value that says nothing of itself is a mistake of whoever added it.
func TestIncompleteValues(t *testing.T) {
	for yaml, says := range map[string]string{
		"a: 1\n":                               "a: a comment has to say what it is for",
		"a:\n  b: 1\n":                         "a.b: a comment has to say what it is for",
		"# A.\na: []\n":                        "a: add what the list holds",
		"# A.\na: {}\n":                        "a: add what the map holds",
		"# A.\na: null\n":                      "a: the default does not tell the type",
		"# A.\n# @schema {type: [}\na: null\n": "a: @schema {type: [}",
	} {
		values, err := parseValues([]byte(yaml))
		if err == nil {
			_, err = schemaOf(values)
		}
		NewWithT(t).Expect(err).To(MatchError(ContainSubstring(says)), yaml)
	}
}

func TestChanges(t *testing.T) {
	g := NewWithT(t)
	changelog := []byte("# Changelog\n\n* No change.\n\n## [Unreleased]\n\n### Added\n\n* One\n  on two lines.\n\n- Two.\n\nWords.\n\n## 0.1.0 - 2026-11-01\n\n" +
		"### Security\n\n* Three.\n")
	unreleased := []change{{"added", "One on two lines."}, {"added", "Two."}}
	g.Expect(changesOf(changelog, "0.1.0")).To(Equal([]change{{"security", "Three."}}))
	g.Expect(changesOf(changelog, "0.2.0")).To(Equal(unreleased))
	g.Expect(changesOf(nil, "0.2.0")).To(BeEmpty())
}
