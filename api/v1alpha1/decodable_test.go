// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"encoding/json"
	"fmt"
	"testing"

	. "github.com/onsi/gomega"
)

// Templates write null where a value is not set. It means the same as leaving the field out, or it is refused.
func TestNullIsLikeAbsent(t *testing.T) {
	optional := map[string][]string{
		keys.kind: {
			"spec.connectionRef.kind", "spec.displayName", "spec.secret", "spec.secret.name", "spec.secret.key", "spec.secret.labels",
			"spec.secret.annotations", "spec.rotation", "spec.rotation.every", "spec.rotation.overlap", "spec.rotation.notBefore",
			"spec.deletionPolicy", "spec.suspend", "status",
		},
		connections.kind: {
			"spec.auth.apiKey.secretRef.key", "spec.caBundle", "spec.allowInsecureHTTP", "spec.requestTimeout", "spec.deliveryTimeout",
			"spec.orphanPolicy", "status",
		},
		clusterConnections.kind: {
			"spec.auth.apiKey.secretRef.key", "spec.caBundle", "spec.allowInsecureHTTP", "spec.requestTimeout", "spec.deliveryTimeout",
			"spec.orphanPolicy", "status", "spec.allowedNamespaces.selector", "spec.grants",
		},
	}
	for _, k := range kinds {
		for _, field := range optional[k.kind] {
			testAdmission(t, k, []admission{{why: "null in " + field, with: fields{field: nil}}})
		}
	}
	required := map[string][]string{
		keys.kind:               {"spec", "spec.connectionRef", "spec.connectionRef.name", "spec.endpoint"},
		connections.kind:        {"spec", "spec.baseURL", "spec.auth", "spec.auth.apiKey.secretRef", "spec.auth.apiKey.secretRef.name"},
		clusterConnections.kind: {"spec", "spec.allowedNamespaces", "spec.allowedNamespaces.from"},
	}
	for _, k := range kinds {
		for _, field := range required[k.kind] {
			testAdmission(t, k, []admission{{why: "null in " + field, with: fields{field: nil}, refused: field + ": Required value"}})
		}
	}
	testAdmission(t, keys, []admission{
		{why: "null instead of the only way to name the Endpoint", with: fields{"spec.endpoint.id": nil}, refused: endpointMessage},
		{why: "null as a label's value", with: fields{"spec.secret.labels": map[string]any{"a": nil}}},
		{why: "null as an annotation's value", with: fields{"spec.secret.annotations": map[string]any{"a": nil}}},
	})
	for _, k := range connectionKinds {
		testAdmission(t, k, []admission{{why: "null instead of the only way to authenticate", with: fields{"spec.auth.apiKey": nil}, refused: authMessage}})
	}
	testAdmission(t, clusterConnections, []admission{
		{why: "null instead of a selector", with: fields{"spec.allowedNamespaces": map[string]any{"from": "Selector", "selector": nil}}, refused: fromMessage},
		{why: "null in a selector", with: fields{"spec.allowedNamespaces": map[string]any{"from": "Selector", "selector": map[string]any{"matchLabels": nil, "matchExpressions": nil}}}},
	})
}

// A newer operator's resource, or a misspelt field, must not stop an older one; kubectl warns or refuses by itself.
func TestUnknownFieldsArePruned(t *testing.T) {
	for _, k := range kinds {
		g := NewWithT(t)
		body := k.manifest(t, newName(), fields{"spec.future": map[string]any{"a": []any{1, nil, "b"}}, "future": true, "status.future": 1})
		created, err := k.create(t, body)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(created.Object).NotTo(HaveKey("future"))
		g.Expect(created.Object["spec"]).NotTo(HaveKey("future"))
		expectReadable(t, k, created.GetName())

		_, err = raw.Discovery().RESTClient().Post().AbsPath(k.path()).Param("fieldValidation", "Strict").
			SetHeader("Content-Type", "application/json").Body(k.manifest(t, newName(), fields{"spec.future": 1})).Do(t.Context()).Raw()
		g.Expect(err).To(HaveOccurred(), "strict, as kubectl asks by default")
	}
}

// JSON has one kind of number; Go has many, and takes none of these for another.
func TestNumbers(t *testing.T) {
	for _, k := range kinds {
		for number, accepted := range map[string]bool{
			"1": true, "-1": true, "1e3": true, "1.0": true, "9223372036854775807": true,
			"9223372036854775808": false, "1e30": false, "1.5": false, `"1"`: false, "true": false,
		} {
			refused := ""
			if !accepted {
				refused = "status.observedGeneration: Invalid value"
			}
			testStatus(t, k, []admission{{
				why: fmt.Sprintf("observedGeneration %s", number), with: fields{"status.observedGeneration": json.RawMessage(number)}, refused: refused,
			}})
		}
	}
	for _, k := range connectionKinds {
		for number, refused := range map[string]string{
			"0": "", "1000": "", "1e3": "", "1.0": "",
			"-1": "should be greater than or equal to 0", "1001": "should be less than or equal to 1000",
			"2147483648": "status.orphanScan.count", "1e30": "status.orphanScan.count", "1.5": "status.orphanScan.count: Invalid value",
			`"1"`: "status.orphanScan.count: Invalid value",
		} {
			testStatus(t, k, []admission{{
				why:     fmt.Sprintf("%s orphans", number),
				with:    fields{"status.orphanScan": fields{"time": "2026-11-22T10:00:00Z", "count": json.RawMessage(number)}},
				refused: refused,
			}})
		}
	}
}

// Text is bytes to etcd, and whatever JSON makes of it is read again.
func TestStrangeText(t *testing.T) {
	for _, text := range []string{`"\u0000\u001b[31m\n"`, `"\ud800"`, `"\u202egnp.exe"`, "\"\xff\xfe\"", `"\ufeff"`} {
		testAdmission(t, keys, []admission{{
			why: fmt.Sprintf("a display name of %+q", text), with: fields{"spec.displayName": json.RawMessage(text)},
		}})
	}
}
