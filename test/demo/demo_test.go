// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// A preview that shows most of a short value would be a plaintext.
func TestMask(t *testing.T) {
	g := NewWithT(t)
	g.Expect(mask("0123456789abcdef")).To(Equal("0123••••••••cdef"))
	g.Expect(mask("0123456789abcde")).To(Equal("••••••••"))
	g.Expect(mask("")).To(Equal("••••••••"))
	g.Expect(mask(strings.Repeat("é", 16))).To(Equal("éééé••••••••éééé"))
}

// Code that prints a key by mistake prints a preview.
func TestPlaintextPrintsMasked(t *testing.T) {
	const value = "0123456789abcdef"
	for _, format := range []string{"%s", "%v", "%+v", "%#v", "%q"} {
		NewWithT(t).Expect(fmt.Sprintf(format, plaintext(value))).NotTo(ContainSubstring(value), "%s", format)
	}
}

// Columns of priority 1 are for -o wide; previews are wider in bytes than on the screen.
func TestTable(t *testing.T) {
	table := &metav1.Table{
		ColumnDefinitions: []metav1.TableColumnDefinition{{Name: "Name"}, {Name: "Preview"}, {Name: "Key", Priority: 1}, {Name: "Age"}},
		Rows: []metav1.TableRow{
			{Cells: []any{"a-long-name", "8a4f••••••••7c2e", "hidden", "2s"}},
			{Cells: []any{"short", nil, "hidden", "10m"}},
		},
	}
	NewWithT(t).Expect(align(rowsOf(table))).To(Equal(strings.Join([]string{
		"NAME          PREVIEW            AGE",
		"a-long-name   8a4f••••••••7c2e   2s",
		"short         <none>             10m",
	}, "\n")))
}

// What the demo says that it changes is all that it changes.
func TestSamplesAreAppliedAsTheyAreBesideTheChanges(t *testing.T) {
	g := NewWithT(t)
	found, err := readSamples(filepath.Join("..", "..", "config", "samples"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found.credentials.object.GetNamespace()).To(Equal(found.key.object.GetNamespace()))

	adapted, said, err := found.connection.adapted([]change{
		{field: "spec.baseURL", value: "https://127.0.0.1"}, {field: "spec.caBundle", value: "PEM", shown: "a certificate"},
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(said).To(Equal([]string{
		"spec.baseURL = https://127.0.0.1, not https://api-trial.cognigy.ai", "spec.caBundle = a certificate",
	}))
	spec := adapted.Object["spec"].(map[string]any)
	original := found.connection.object.Object["spec"].(map[string]any)
	g.Expect(original).NotTo(HaveKey("caBundle"))
	g.Expect(spec).To(HaveKeyWithValue("caBundle", "PEM"))
	g.Expect(spec["auth"]).To(Equal(original["auth"]))
}

// An interruption is not a claim that did not hold.
func TestAwaitTellsInterruptionsFromFailures(t *testing.T) {
	g := NewWithT(t)
	why := errors.New("the operator ended")
	ctx, cancel := context.WithCancelCause(t.Context())
	err := await(ctx, "something", func(context.Context) (string, bool, error) {
		cancel(why)
		return "", false, nil
	})
	g.Expect(err).To(MatchError(why))
}

// A claim that does not hold says what was expected and what was found, and nothing after it is said to hold.
func TestClaims(t *testing.T) {
	g := NewWithT(t)
	printed := &bytes.Buffer{}
	d := &demo{out: &output{to: printed}}
	err := d.claims(claim{says: "water is wet", holds: true}, claim{says: "one key", observed: "two keys"}, claim{says: "never", holds: true})
	d.out.failure(err)
	g.Expect(printed.String()).To(Equal("    ✓ water is wet\n    ✗ does not hold\n      expected: one key\n      observed: two keys\n"))
}

// The demo calls an Endpoint of any channel, as the commands that it prints do.
func TestCall(t *testing.T) {
	g := NewWithT(t)
	cognigy, err := simulator.Start(simulator.Options{TLS: true})
	g.Expect(err).NotTo(HaveOccurred())
	defer cognigy.Close()
	d := &demo{cognigy: cognigy, shown: &shown{endpoint: cognigy.AddEndpoint("64f0c0ffee00000000000001", "CRM")}}
	_, key := cognigy.AddKey(d.endpoint.ID, "a key")
	for _, channel := range []string{simulator.ChannelWebhook, simulator.ChannelREST} {
		cognigy.EditEndpoint(d.endpoint.ID, func(e *simulator.Endpoint) { e.Channel = channel })
		g.Expect(d.call(t.Context(), plaintext(key))).To(Equal(http.StatusOK), channel)
		g.Expect(d.call(t.Context(), "")).To(Equal(http.StatusUnauthorized), channel)
	}
	g.Expect(d.invitation()).To(ContainSubstring(`-H "x-cognigy-endpoint-key: $KEY"`))
}

func TestTail(t *testing.T) {
	g := NewWithT(t)
	g.Expect(tail("a\nb\nc\n", 2)).To(Equal("b\nc"))
	g.Expect(tail("a\n", 2)).To(Equal("a"))
	g.Expect(tail("", 2)).To(BeEmpty())
}
