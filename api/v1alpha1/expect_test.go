// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"testing"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// admission is one thing that a user may write.
type admission struct {
	// why the case exists.
	why string
	// with is what is written, beside the least that must be.
	with fields
	// refused is what the refusal says; the object is accepted if empty.
	refused string
}

func testAdmission(t *testing.T, k kindUnderTest, cases []admission) {
	t.Helper()
	for _, c := range cases {
		t.Run(k.kind+"/"+c.why, func(t *testing.T) {
			created, err := k.create(t, k.manifest(t, newName(), c.with))
			if c.refused != "" {
				expectRefusal(t, err, c.refused)
				return
			}
			NewWithT(t).Expect(err).NotTo(HaveOccurred())
			expectReadable(t, k, created.GetName())
		})
	}
}

// change is what a user does to an object that exists already.
type change struct {
	why      string
	from, to fields
	refused  string
}

func testChanges(t *testing.T, k kindUnderTest, cases []change) {
	t.Helper()
	for _, c := range cases {
		t.Run(k.kind+"/"+c.why, func(t *testing.T) {
			name := newName()
			created, err := k.create(t, k.manifest(t, name, named(name, c.from)))
			NewWithT(t).Expect(err).NotTo(HaveOccurred())
			to := named(name, c.to)
			to["metadata.resourceVersion"] = created.GetResourceVersion()
			_, err = k.update(t, name, k.manifest(t, name, to))
			if c.refused != "" {
				expectRefusal(t, err, c.refused)
				return
			}
			NewWithT(t).Expect(err).NotTo(HaveOccurred())
			expectReadable(t, k, name)
		})
	}
}

// itsOwnName stands for the object's metadata.name, which a table cannot know.
type itsOwnName struct{}

func named(name string, with fields) fields {
	result := fields{}
	for path, value := range with {
		if _, own := value.(itsOwnName); own {
			value = name
		}
		result[path] = value
	}
	return result
}

// testStatus writes status, as the operator or a restored backup does.
func testStatus(t *testing.T, k kindUnderTest, cases []admission) {
	t.Helper()
	for _, c := range cases {
		t.Run(k.kind+"/"+c.why, func(t *testing.T) {
			_, err := writeStatus(t, k, c.with)
			if c.refused != "" {
				expectRefusal(t, err, c.refused)
				return
			}
			NewWithT(t).Expect(err).NotTo(HaveOccurred())
		})
	}
}

func writeStatus(t *testing.T, k kindUnderTest, with fields) (*unstructured.Unstructured, error) {
	t.Helper()
	name := newName()
	created, err := k.create(t, k.manifest(t, name, nil))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	with = named(name, with)
	with["metadata.resourceVersion"] = created.GetResourceVersion()
	updated, err := k.update(t, name, k.manifest(t, name, with), "status")
	if err == nil {
		expectReadable(t, k, name)
	}
	return updated, err
}

func expectRefusal(t *testing.T, err error, message string) {
	t.Helper()
	g := NewWithT(t)
	g.Expect(err).To(HaveOccurred(), "it was accepted")
	g.Expect(apierrors.IsInvalid(err)).To(BeTrue(), "%v", err)
	g.Expect(err.Error()).To(ContainSubstring(message))
}

// expectReadable reads an object through its Go type, and writes back what was read: a value that Go prints differently
// must not be one that the API server refuses, or a client that adds a finalizer could not.
func expectReadable(t *testing.T, k kindUnderTest, name string) {
	t.Helper()
	g := NewWithT(t)
	o := k.get(t, name)
	g.Expect(typed.Update(t.Context(), o.DeepCopyObject().(client.Object), client.DryRunAll)).To(Succeed(), "it cannot be written back")
	g.Expect(typed.Status().Update(t.Context(), o, client.DryRunAll)).To(Succeed(), "its status cannot be written back")
}

func (k kindUnderTest) get(t *testing.T, name string) client.Object {
	t.Helper()
	o := k.newObject()
	key := client.ObjectKey{Name: name}
	if k.namespaced {
		key.Namespace = "default"
	}
	NewWithT(t).Expect(typed.Get(t.Context(), key, o)).To(Succeed(), "accepted, but it cannot be decoded")
	return o
}

func expectNoWord(t *testing.T, err error, word string) {
	t.Helper()
	NewWithT(t).Expect(err.Error()).NotTo(ContainSubstring(word))
}
