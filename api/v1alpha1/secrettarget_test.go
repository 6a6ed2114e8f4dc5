// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"fmt"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	labelsMessage = "labels take keys of the form [prefix/]name, where prefix is a DNS name, and name and values are at most 63 " +
		"letters, digits, '-', '_' and '.' that begin and end with a letter or digit"
	annotationsMessage = "annotations take keys of the form [prefix/]name, where prefix is a DNS name, and name is at most 63 " +
		"letters, digits, '-', '_' and '.' that begin and end with a letter or digit"
	templateKeysMessage = "a Secret's data key has at most 253 letters, digits, '-', '_' and '.', is not '.' and does not begin with '..'; " +
		"write for example webhook.env"
	templateSizeMessage   = "the templates have more than 64 KiB together; shorten them"
	templateCopyMessage   = "template.data has a template for secret.key, which holds the plaintext as it is; choose another data key for one of the two"
	reservedTypeMessage   = "Kubernetes takes Secrets of this type for credentials of its own; choose another secret.type"
	ownLabelsMessage      = "labels that begin with cognigy-operator.io/ are the operator's own; choose another prefix"
	ownAnnotationsMessage = "annotations that begin with cognigy-operator.io/ are the operator's own; choose another prefix"
)

// Values at the edges of what a name, a data key, a label or an annotation may be.
var (
	long  = func(n int) string { return strings.Repeat("a", n) }
	edges = []string{
		"a", "A", "0", "a-b", "-a", "a-", "a.b", "a..b", ".a", "a.", ".", "..", "..a", "...", "_", "a_b", "_a", "a_", "", " ", "a b", "a\n", "\n", "ä", "🔑", "%", "\x00",
		"a/b", "/a", "a/", "a/b/c", "A/b", "a/B", "a.b/c", "a..b/c", ".a/b", "a./b", "a-/b", "-a/b", "a_b/c", "1/2", "a/-b", "a/b-", "app.kubernetes.io/instance", "a.-b/c",
		long(63), long(64), "a/" + long(63), "a/" + long(64), long(253), long(254), long(253) + "/" + long(63), long(254) + "/a", long(300) + "/a", long(64) + "/a",
	}
)

// The Secret is written once the key exists, so what Kubernetes refuses there is refused here, and nothing else. The
// API server judges both: an EndpointAPIKey, and the Secret that would come of it.
func TestSecretTargetIsJudgedLikeASecret(t *testing.T) {
	places := []struct {
		field, message string
		value          func(edge string) any
		secret         func(edge string) *corev1.Secret
		// stricter says what we refuse although Kubernetes would not, and why.
		stricter func(edge string) bool
	}{
		{
			field: "name", message: nameMessage,
			value:  func(edge string) any { return edge },
			secret: func(edge string) *corev1.Secret { return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: edge}} },
		},
		{
			field: "key", message: dataKeyMessage,
			value:  func(edge string) any { return edge },
			secret: func(edge string) *corev1.Secret { return &corev1.Secret{StringData: map[string]string{edge: "x"}} },
		},
		{
			field: "template.data", message: templateKeysMessage,
			value:  func(edge string) any { return map[string]any{edge: "x"} },
			secret: func(edge string) *corev1.Secret { return &corev1.Secret{StringData: map[string]string{edge: "x"}} },
		},
		{
			field: "labels", message: labelsMessage,
			value: func(edge string) any { return map[string]any{edge: "x"} },
			secret: func(edge string) *corev1.Secret {
				return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{edge: "x"}}}
			},
		},
		{
			field: "labels", message: labelsMessage,
			value: func(edge string) any { return map[string]any{"x": edge} },
			secret: func(edge string) *corev1.Secret {
				return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"x": edge}}}
			},
		},
		{
			field: "annotations", message: annotationsMessage,
			value: func(edge string) any { return map[string]any{edge: "x"} },
			secret: func(edge string) *corev1.Secret {
				return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{edge: "x"}}}
			},
			// Kubernetes lowers the case of annotations before it judges them; one rule for both is easier to remember.
			stricter: func(edge string) bool { return edge == "A/b" },
		},
	}
	for _, place := range places {
		for _, edge := range edges {
			t.Run(fmt.Sprintf("%s/%.70q", place.field, edge), func(t *testing.T) {
				g := NewWithT(t)
				created, err := keys.create(t, keys.manifest(t, newName(), fields{"spec.secret." + place.field: place.value(edge)}))
				secret := place.secret(edge)
				secret.Namespace = "default"
				if secret.Name == "" && place.field != "name" {
					secret.Name = newName()
				}
				possible := typed.Create(t.Context(), secret, client.DryRunAll) == nil
				if place.stricter != nil && place.stricter(edge) {
					possible = false
				}
				if possible {
					g.Expect(err).NotTo(HaveOccurred(), "a Secret could have it")
					expectReadable(t, keys, created.GetName())
					return
				}
				g.Expect(err).To(HaveOccurred(), "no Secret can have it")
				if len(edge) < 64 {
					expectRefusal(t, err, place.message)
				}
			})
		}
	}
}

func TestSecretTargetAdmission(t *testing.T) {
	many := func(n int) map[string]any {
		result := map[string]any{}
		for i := range n {
			result[fmt.Sprintf("a%d", i)] = "b"
		}
		return result
	}
	testAdmission(t, keys, []admission{
		{why: "a label without a value marks something", with: fields{"spec.secret.labels": map[string]any{"a": ""}}},
		{why: "32 labels are enough", with: fields{"spec.secret.labels": many(32)}},
		{why: "more are refused, for the sake of the rules' cost", with: fields{"spec.secret.labels": many(33)}, refused: "spec.secret.labels: Too many: 33: must have at most 32 items"},
		{why: "32 annotations are enough", with: fields{"spec.secret.annotations": many(32)}},
		{why: "more annotations are refused", with: fields{"spec.secret.annotations": many(33)}, refused: "spec.secret.annotations: Too many: 33: must have at most 32 items"},
		{why: "annotations hold JSON", with: fields{"spec.secret.annotations": map[string]any{"a": `{"b": ["c"]}` + long(4084)}}},
		{why: "but no documents", with: fields{"spec.secret.annotations": map[string]any{"a": long(4097)}}, refused: "spec.secret.annotations.a: Too long"},
		{why: "whoever sets the operator's label hides the Secret from it", with: fields{"spec.secret.labels": map[string]any{"cognigy-operator.io/secret-type": "x"}}, refused: ownLabelsMessage},
		{why: "the operator's annotations are the record of the delivery", with: fields{"spec.secret.annotations": map[string]any{"cognigy-operator.io/key-id": "x"}}, refused: ownAnnotationsMessage},
		{why: "another prefix that merely ends alike is somebody else's", with: fields{"spec.secret.labels": map[string]any{"x.cognigy-operator.io/a": "b"}, "spec.secret.annotations": map[string]any{"x.cognigy-operator.io/a": "b"}}},
		{why: "templates are for files", with: fields{"spec.secret.template.data": map[string]any{"webhook.env": "KEY={{ .key }}\n", "headers": ""}}},
		{why: "an empty template, as in the design's example, makes nothing", with: fields{"spec.secret.template": map[string]any{}}},
		{why: "16 templates are enough", with: fields{"spec.secret.template.data": many(16)}},
		{why: "more templates are refused", with: fields{"spec.secret.template.data": many(17)}, refused: "spec.secret.template.data: Too many: 17: must have at most 16 items"},
		{why: "64 KiB are more than a Secret should hold", with: fields{"spec.secret.template.data": map[string]any{"a": long(32768), "b": long(32768)}}},
		{why: "more are refused", with: fields{"spec.secret.template.data": map[string]any{"a": long(32768), "b": long(32769)}}, refused: templateSizeMessage},
		{why: "also in one template", with: fields{"spec.secret.template.data": map[string]any{"a": long(65537)}}, refused: "spec.secret.template.data.a: Too long"},
		{why: "the plaintext's own data key is none for a template", with: fields{"spec.secret.template.data": map[string]any{"api-key": "x"}}, refused: templateCopyMessage},
		{why: "nor with a name of one's own", with: fields{"spec.secret.key": "token", "spec.secret.template.data": map[string]any{"token": "x"}}, refused: templateCopyMessage},
		{why: "the default is free then", with: fields{"spec.secret.key": "token", "spec.secret.template.data": map[string]any{"api-key": "x"}}},
		{why: "a Secret may have a type that wants certain data", with: fields{"spec.secret.type": "kubernetes.io/basic-auth", "spec.secret.key": "password"}},
		{why: "or one of anybody's own", with: fields{"spec.secret.type": "servicebinding.io/cognigy"}},
		{why: "an empty type is none", with: fields{"spec.secret.type": ""}, refused: "spec.secret.type: Invalid value"},
		{why: "a token of a ServiceAccount is Kubernetes' own", with: fields{"spec.secret.type": "kubernetes.io/service-account-token"}, refused: reservedTypeMessage},
		{why: "so is a token by which nodes join", with: fields{"spec.secret.type": "bootstrap.kubernetes.io/token"}, refused: reservedTypeMessage},
		{why: "a number is not a label's value; YAML needs quotes", with: fields{"spec.secret.labels": map[string]any{"a": 1}}, refused: "spec.secret.labels.a: Invalid value"},
	})
}
