// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package states

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// chance is what differs between two runs of the same spec, and what is written instead. A number in it tells one value from another.
var chance = []struct {
	found   *regexp.Regexp
	written string
}{
	{regexp.MustCompile(`\btest-\d+-\d+-\d+\b`), "team"},
	{regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`), "00000000-0000-4000-8000-%012d"},
	{regexp.MustCompile(`\b[0-9a-f]{24}\b`), "64f0c0ffee%014d"},
	{regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)`), "2026-11-22T10:00:00Z"},
	{regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|[+-]\d\d:\d\d)`), "2026-11-22T10:00:00.000000Z"},
	{regexp.MustCompile(`\b127\.0\.0\.1:\d+`), "127.0.0.1:8443"},
	{regexp.MustCompile(`"keyPreview":"[^"]*"`), `"keyPreview":"0123••••••••cdef"`},
	{regexp.MustCompile(`"secretVersion":"[1-9]\d*"`), `"secretVersion":"1"`},
}

// normalise returns an object as YAML without what chance decided: times, UIDs, ids, generated names, ports.
func normalise(object *unstructured.Unstructured) (string, error) {
	object = object.DeepCopy()
	object.SetManagedFields(nil)
	object.SetResourceVersion("")
	unstructured.RemoveNestedField(object.Object, "spec", "caBundle")
	data, err := object.MarshalJSON() // in YAML, a value may be broken into lines
	if err != nil {
		return "", err
	}
	data, err = yaml.JSONToYAML([]byte(WithoutChance(string(data))))
	return string(data), err
}

// WithoutChance replaces in a text what differs between two runs of the same spec.
func WithoutChance(text string) string {
	for _, c := range chance {
		var seen []string
		text = c.found.ReplaceAllStringFunc(text, func(value string) string {
			if !strings.Contains(c.written, "%") {
				return c.written
			}
			if !slices.Contains(seen, value) {
				seen = append(seen, value)
			}
			return fmt.Sprintf(c.written, slices.Index(seen, value)+1)
		})
	}
	return text
}
