// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package render renders the templates of spec.secret.template into data of a Secret. Tenants write them, so that a template reaches
// nothing but its fields, always ends, and takes little memory. The package knows nothing of Kubernetes and of Cognigy.
package render

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"
	"time"
)

// MaxTemplates is how many bytes all templates of a Secret may have together.
const MaxTemplates = 64 << 10

// Fields are what a template may use.
type Fields struct {
	Key          string // the plaintext
	KeyID        string
	KeyPreview   string
	EndpointID   string
	EndpointName string
	URLToken     string
	BaseURL      string // of Cognigy's API, as the connection has it
	EndpointURL  string // to which callers send the key
	IssuedAt     time.Time
}

// Names of fields that not every caller can fill in.
const (
	FieldEndpointName = "endpointName"
	FieldURLToken     = "urlToken"
	FieldBaseURL      = "baseURL"
	FieldEndpointURL  = "endpointURL"
)

// values are the fields by the names that templates use.
func (f Fields) values() map[string]string {
	return map[string]string{
		"key": f.Key, "keyID": f.KeyID, "keyPreview": f.KeyPreview, "issuedAt": f.IssuedAt.UTC().Format(time.RFC3339),
		"endpointID": f.EndpointID, FieldEndpointName: f.EndpointName, FieldURLToken: f.URLToken,
		FieldBaseURL: f.BaseURL, FieldEndpointURL: f.EndpointURL,
	}
}

// Templates are the templates of one Secret.
type Templates struct {
	parsed []*template.Template // named after their data keys, in order
	used   map[string]bool      // names of fields
}

// Parse parses templates by their data keys. Its error says which template is wrong, and where.
func Parse(texts map[string]string) (*Templates, error) {
	size, t := 0, &Templates{used: map[string]bool{}}
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		// mutation: render-templates-of-any-size
		if size += len(texts[key]); size > MaxTemplates {
			return nil, fmt.Errorf("the templates have more than %d KiB together; shorten them", MaxTemplates>>10)
		}
		parsed, err := template.New(key).Option("missingkey=error").Funcs(functions).Parse(texts[key])
		if err != nil {
			return nil, place(err)
		}
		if err := t.check(parsed); err != nil {
			return nil, err
		}
		t.parsed = append(t.parsed, parsed)
	}
	return t, nil
}

// check refuses what a template may not contain: whatever allows does not name.
func (t *Templates) check(parsed *template.Template) error {
	if len(parsed.Templates()) > 1 {
		return fmt.Errorf("%s: define and block are not available; %s", parsed.Name(), available)
	}
	return t.walk(parsed.Tree, parsed.Root)
}

// Uses reports whether a template uses a field, by the name that templates use.
func (t *Templates) Uses(field string) bool { return t.used[field] }

// Execute returns the data of the Secret. Its error says where a template fails, and never quotes the key.
func (t *Templates) Execute(fields Fields) (map[string][]byte, error) {
	data, err := t.execute(fields)
	if err == nil {
		return data, nil
	}
	// An error may quote a value: one that never saw the key cannot quote it.
	// mutation: template-error-quotes-key
	fields.Key = DummyKey
	if _, told := t.execute(fields); told != nil {
		return nil, told
	}
	return nil, errors.New("a template fails with this key, and not with one of the form that Cognigy documents: have it depend less on the key")
}

// DummyKey has the form of a key: 64 hexadecimal characters.
var DummyKey = strings.Repeat("0", 64)

func (t *Templates) execute(fields Fields) (map[string][]byte, error) {
	data, spent := map[string][]byte{}, &budget{left: maxWork}
	for _, parsed := range t.parsed {
		bounded, err := parsed.Clone()
		if err != nil {
			return nil, place(err)
		}
		output := &output{budget: spent}
		if err := bounded.Funcs(spent.bound(functions)).Execute(output, fields.values()); err != nil {
			return nil, place(err)
		}
		data[parsed.Name()] = output.Bytes()
	}
	return data, nil
}

// place removes the word that text/template puts before the place of an error: the data key, the line and the column.
func place(err error) error { return errors.New(strings.TrimPrefix(err.Error(), "template: ")) }
