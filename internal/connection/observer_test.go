// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
)

// Credentials are as old as the latest write of whoever manages their data key. A write of anything else makes them no younger.
func TestChangedAt(t *testing.T) {
	created := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	managed := func(fields string, after time.Duration) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{Time: new(metav1.NewTime(created.Add(after))), FieldsV1: metav1.NewFieldsV1(fields)}
	}
	for _, test := range []struct {
		managers []metav1.ManagedFieldsEntry
		want     time.Duration
	}{
		{nil, 0},
		{[]metav1.ManagedFieldsEntry{managed(`{"f:metadata":{"f:labels":{"f:a":{}}}}`, time.Hour)}, 0},
		{[]metav1.ManagedFieldsEntry{managed(`{"f:data":{".":{},"f:api-key":{}}}`, time.Hour), managed(`{"f:data":{"f:other":{}}}`, 2*time.Hour)}, time.Hour},
		{[]metav1.ManagedFieldsEntry{managed(`{"f:data":{"f:api-key":{}}}`, time.Hour), managed(`{"f:data":{"f:api-key":{}}}`, 3*time.Hour)}, 3 * time.Hour},
		{[]metav1.ManagedFieldsEntry{{}}, 0},
	} {
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(created), ManagedFields: test.managers}}
		method := ofAPIKey(v1alpha1.SecretKeyReference{Name: "credentials", Key: "api-key"})
		NewWithT(t).Expect(changedAt(secret, method.data)).To(Equal(created.Add(test.want)))
	}
}

type observer struct{ connected []string }

func (o *observer) Connected(found v1alpha1.Connection) {
	o.connected = append(o.connected, found.GetNamespace())
}

func (*observer) Sent(context.Context, string, cognigy.Exchange) {}

// The age of credentials is that of those which the session uses, until the connection is gone.
func TestCredentialsChangedAt(t *testing.T) {
	g := NewWithT(t)
	r, told, found := newResolver(), &observer{}, in("crm")
	r.Observer = told
	g.Expect(r.CredentialsChangedAt(found)).To(BeZero())
	for i := range 2 {
		read := keyed("value")
		read.changedAt = time.Unix(int64(100+i), 0) // of the same value: somebody changed another data key
		_, err := r.sessionWith(found, read, time.Now())
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(r.CredentialsChangedAt(found)).To(Equal(time.Unix(100, 0)))
	}
	replaced := keyed("another")
	replaced.changedAt = time.Unix(200, 0)
	_, err := r.sessionWith(found, replaced, time.Now())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(r.CredentialsChangedAt(found)).To(Equal(time.Unix(200, 0)))
	g.Expect(told.connected).To(Equal([]string{"crm", "crm"}))
	r.Forget(NameOf(&v1alpha1.EndpointAPIKey{
		ObjectMeta: metav1.ObjectMeta{Namespace: "crm"},
		Spec:       v1alpha1.EndpointAPIKeySpec{ConnectionRef: v1alpha1.ConnectionReference{Name: "cognigy"}},
	}))
	g.Expect(r.CredentialsChangedAt(found)).To(BeZero())
}
