// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

var fields = Fields{
	Key: strings.Repeat("8a4f", 16), KeyID: "65a1c0ffee0123456789abcd", KeyPreview: "8a4f••••••••8a4f",
	EndpointID: "64f0c0ffee0123456789abcd", EndpointName: "CRM \"webhook\"\nX=1", URLToken: "token", BaseURL: "https://api-trial.cognigy.ai",
	EndpointURL: "https://endpoint-trial.cognigy.ai/token", IssuedAt: time.Date(2026, 11, 22, 11, 0, 3, 123456000, time.FixedZone("", 3600)),
}

// one renders a single template.
func one(text string, fields Fields) (string, error) {
	parsed, err := Parse(map[string]string{"x": text})
	if err != nil {
		return "", err
	}
	data, err := parsed.Execute(fields)
	return string(data["x"]), err
}

func TestWhatTemplatesMakeOfFields(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"{{ .key }} {{ .keyID }} {{ .keyPreview }} {{ .issuedAt }}", fields.Key + " " + fields.KeyID + " 8a4f••••••••8a4f 2026-11-22T10:00:03Z"},
		{"{{ .endpointID }} {{ .urlToken }}", "64f0c0ffee0123456789abcd token"},
		{"{{ .baseURL }} {{ .endpointURL }}", "https://api-trial.cognigy.ai https://endpoint-trial.cognigy.ai/token"},
		{"NAME={{ .endpointName | quote }}", `NAME="CRM \"webhook\"\nX=1"`},
		{"{{ print .keyID \":\" .urlToken | b64enc }}", "NjVhMWMwZmZlZTAxMjM0NTY3ODlhYmNkOnRva2Vu"},
		{"{{ urlquery .endpointURL }}", "https%3A%2F%2Fendpoint-trial.cognigy.ai%2Ftoken"},
		{"{{ .baseURL | trimPrefix \"https://\" | trimSuffix \".ai\" | upper | lower }}", "api-trial.cognigy"},
		{"{{- $name := \"\" | default \"none\" -}}\n{{ if and (eq $name \"none\") (not false) }}a{{ else }}b{{ end }}", "a"},
		{"{{ if or (ne .keyID \"\") false }}a{{ else if true }}b{{ end }}{{/* a comment */}}", "a"},
	} {
		t.Run(c.text, func(t *testing.T) {
			g := NewWithT(t)
			g.Expect(one(c.text, fields)).To(Equal(c.want))
		})
	}
}

// What people make of a key: a JSON file is one whatever the names are.
func TestJSONFile(t *testing.T) {
	g := NewWithT(t)
	text, err := one(`{"name": {{ toJson .endpointName }}, "headers": {"x-cognigy-endpoint-key": {{ toJson .key }}}}`, fields)
	g.Expect(err).NotTo(HaveOccurred())
	var read struct {
		Name    string
		Headers map[string]string
	}
	g.Expect(json.Unmarshal([]byte(text), &read)).To(Succeed())
	g.Expect(read.Name).To(Equal(fields.EndpointName))
	g.Expect(read.Headers).To(Equal(map[string]string{"x-cognigy-endpoint-key": fields.Key}))
}

// What could read, wait, allocate, hide which fields it uses, or fail for one key and not for another is refused, at its place.
func TestWhatIsNotAvailable(t *testing.T) {
	for _, action := range []string{
		"{{ range .key }}{{ end }}", "{{ with .key }}{{ end }}", "{{ template \"x\" }}",
		"{{ . }}", "{{ $ }}", "{{ $.key }}", "{{ .key.keyID }}", "{{ (print .key).keyID }}", "{{ .kee }}", "{{ eq .key nil }}",
		"{{ $x := .key }}{{ $x.keyID }}",
		"{{ printf \"%1000000s\" .key }}", "{{ println .key }}", "{{ html .key }}", "{{ js .key }}", "{{ index . \"key\" }}", "{{ slice .key 9 }}",
		"{{ call .key }}", "{{ len .key }}", "{{ lt .key \"a\" }}",
	} {
		t.Run(action, func(t *testing.T) {
			g := NewWithT(t)
			_, err := one("first\n"+action, fields)
			g.Expect(err).To(MatchError(And(HavePrefix("x:2:"), ContainSubstring("is not available; a template may use the fields"))))
		})
	}
	for _, action := range []string{"{{ define \"y\" }}{{ end }}", "{{ block \"y\" .key }}{{ end }}"} {
		t.Run(action, func(t *testing.T) {
			g := NewWithT(t)
			_, err := one(action, fields)
			g.Expect(err).To(MatchError(HavePrefix("x: define and block are not available")))
		})
	}
	for _, function := range []string{
		"env", "expandenv", "getHostByName", "now", "date", "randInt", "repeat", "until", "untilStep", "seq", "indent", "nindent", "replace", "fail",
		"list", "dict", "regexMatch", "b64dec", "fromJson", "osBase", "hello", "nonsense",
	} {
		t.Run(function, func(t *testing.T) {
			g := NewWithT(t)
			_, err := one("{{ "+function+" .key }}", fields)
			g.Expect(err).To(MatchError(fmt.Sprintf("x:1: function %q not defined", function)))
		})
	}
}

// Whoever adds a function has to think about what it reads, how it fails, and how much it makes of a byte.
func TestAllowList(t *testing.T) {
	g := NewWithT(t)
	g.Expect(available).To(HaveSuffix(" and the functions and b64enc default eq lower ne not or print quote toJson trim trimPrefix trimSuffix upper urlquery"))
	for name, function := range functions {
		g.Expect(function).NotTo(BeNil(), name)
	}
}

func TestWhichFieldsAreUsed(t *testing.T) {
	g := NewWithT(t)
	parsed, err := Parse(map[string]string{
		"a": "{{ .key }}", "b": "{{ if false }}{{ $x := print (print .urlToken) }}{{ else if eq .endpointName \"\" }}{{ end }}",
	})
	g.Expect(err).NotTo(HaveOccurred())
	used := map[string]bool{}
	for field := range (Fields{}).values() {
		if parsed.Uses(field) {
			used[field] = true
		}
	}
	g.Expect(used).To(Equal(map[string]bool{"key": true, FieldURLToken: true, FieldEndpointName: true}))
}

// However a few bytes ask for many, they end with an error and not with the memory.
func TestBounds(t *testing.T) {
	double := `{{ $x := .key }}` + strings.Repeat(`{{ $x = print $x $x }}`, 100)
	for why, text := range map[string]string{
		"much output":               strings.Repeat("{{ .key }}", 5000),
		"doubling":                  double,
		"doubling that is not used": double + "{{ if false }}{{ $x }}{{ end }}",
		"encoding again and again":  "{{ .key" + strings.Repeat(" | b64enc", 200) + " }}",
		"quoting again and again":   "{{ .endpointName" + strings.Repeat(" | quote", 200) + " }}",
		"many arguments":            "{{ $x := print " + strings.Repeat(".key ", 5000) + " }}",
	} {
		t.Run(why, func(t *testing.T) {
			g := NewWithT(t)
			g.Expect(len(text)).To(BeNumerically("<", MaxTemplates))
			text, err := one(text, fields)
			g.Expect(err).To(MatchError(ContainSubstring("the templates make more than 256 KiB of text; shorten them")))
			g.Expect(text).To(BeEmpty())
		})
	}
	g := NewWithT(t)
	half := strings.Repeat("a", MaxTemplates/2)
	_, err := Parse(map[string]string{"a": half, "b": half})
	g.Expect(err).NotTo(HaveOccurred())
	_, err = Parse(map[string]string{"a": half, "b": half + "b"})
	g.Expect(err).To(MatchError(ContainSubstring("more than 64 KiB")))
	_, err = Parse(map[string]string{"a": "{{" + strings.Repeat("(", MaxTemplates-2)})
	g.Expect(err).To(HaveOccurred())
}

// The place of a failure is told, and never the key.
func TestFailures(t *testing.T) {
	g := NewWithT(t)
	_, err := one("first\n{{ .key", fields)
	g.Expect(err).To(MatchError("x:2: unclosed action"))
	_, err = one("first\n  {{ eq .key 1 }}", fields)
	g.Expect(err).To(MatchError(`x:2:5: executing "x" at <eq .key 1>: error calling eq: incompatible types for comparison: string and int`))
	functions["quoting"] = func(text string) (string, error) { return "", errors.New(text) }
	defer delete(functions, "quoting")
	_, err = one("{{ quoting .key }}", fields)
	g.Expect(err).To(MatchError(ContainSubstring("x:1:3")))
	g.Expect(err.Error()).NotTo(ContainSubstring(fields.Key))
	_, err = one(`{{ if ne .key "`+DummyKey+`" }}{{ quoting .key }}{{ end }}`, fields)
	g.Expect(err).To(MatchError(HavePrefix("a template fails with this key")))
}

// Whatever a tenant writes, it ends, in bounds, with data for every template or with an error that does not quote the key.
func FuzzTemplates(f *testing.F) {
	for _, seed := range []string{
		"{{ .key }}", "{{ if eq .key \"a\" }}b{{ else }}{{ print .key 1 | quote }}{{ end }}", "{{ range . }}", "{{ define \"x\" }}{{ end }}", "{{ $x := .key }}{{ $x }}",
		"{{ toJson .keyID | b64enc | default true }}", "{{- /* a */ -}} {{ trimPrefix \"8\" .key }}", "{{ ((((.key)))) }}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		g := NewWithT(t)
		rendered, err := one(text, fields)
		g.Expect(len(rendered)).To(BeNumerically("<=", maxWork))
		if err != nil && !strings.Contains(text, fields.Key) {
			g.Expect(err.Error()).NotTo(ContainSubstring(fields.Key))
		}
	})
}
