// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package delivery_test

import (
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

var (
	plaintext = "8a4f" + strings.Repeat("0", 56) + "7c2e"
	issuedAt  = time.Date(2026, 11, 22, 10, 0, 3, 123456000, time.UTC)
)

func owner() *v1alpha1.EndpointAPIKey {
	return &v1alpha1.EndpointAPIKey{
		ObjectMeta: metav1.ObjectMeta{Namespace: "crm", Name: "webhook", UID: "11111111-2222-3333-4444-555555555555"},
		Spec:       v1alpha1.EndpointAPIKeySpec{Endpoint: v1alpha1.EndpointReference{ID: "64f0c0ffee0123456789abcd"}},
	}
}

func record() delivery.Record {
	return delivery.Record{
		OwnerUID: string(owner().UID), KeyID: "65a1c0ffee0123456789abcd", Preview: "8a4f••••••••7c2e",
		EndpointID: "64f0c0ffee0123456789abcd", IssuedAt: issuedAt,
		Retiring: []plan.RetiringKey{{KeyID: "45a1c0ffee0123456789abcd", Preview: "1111••••••••2222", FormerUID: "former"}},
	}
}

func delivered() *corev1.Secret { return delivery.Compose(nil, owner(), record(), plaintext, issuedAt) }

// What is composed is read back, to the microsecond.
func TestRoundTrip(t *testing.T) {
	g := NewWithT(t)
	g.Expect(delivery.Read(delivered(), owner())).To(Equal(plan.Secret{
		State: plan.SecretOurs, Intact: true, KeyID: record().KeyID, EndpointID: record().EndpointID, IssuedAt: issuedAt,
		Head: "8a4f", Tail: "7c2e", Bound: true, Retiring: []plan.RetiringKey{{
			KeyID: "45a1c0ffee0123456789abcd", Preview: "1111••••••••2222", FormerUID: "former",
			ReplacedAt: time.Date(2026, 11, 22, 10, 0, 4, 0, time.UTC), // the next whole second
		}},
	}))
	g.Expect(delivery.Preview(delivered())).To(Equal(record().Preview))
	g.Expect(delivery.Read(nil, owner()).State).To(Equal(plan.SecretAbsent))
}

// The API server would refuse the status that reports such a record, although its checksum fits.
func TestRecordsThatNoStatusCanHold(t *testing.T) {
	for name, edit := range map[string]func(*delivery.Record){
		"preview":              func(r *delivery.Record) { r.Preview = strings.Repeat("8", 257) },
		"id":                   func(r *delivery.Record) { r.KeyID += "0" },
		"former owner":         func(r *delivery.Record) { r.FormerUID = strings.Repeat("8", 65) },
		"id of a replaced key": func(r *delivery.Record) { r.Retiring[0].KeyID += "0" },
		"number of replaced keys": func(r *delivery.Record) {
			for range plan.MaxRetiring {
				r.Retiring = append(r.Retiring, r.Retiring[0])
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			forged := record()
			edit(&forged)
			g.Expect(delivery.Read(delivery.Compose(nil, owner(), forged, plaintext, issuedAt), owner()).Intact).To(BeFalse())
		})
	}
}

// Any edit of the record or the value is noticed, also one that the preview does not show.
func TestAlterations(t *testing.T) {
	alterations := map[string]func(*corev1.Secret){
		"value":     func(s *corev1.Secret) { s.Data["api-key"][30]++ },
		"no value":  func(s *corev1.Secret) { delete(s.Data, "api-key") },
		"format":    func(s *corev1.Secret) { s.Annotations[v1alpha1.RecordFormatAnnotation] = "x" },
		"no format": func(s *corev1.Secret) { delete(s.Annotations, v1alpha1.RecordFormatAnnotation) },
		"a newline": func(s *corev1.Secret) { s.Data["api-key"] = append(s.Data["api-key"], '\n') },
	}
	for _, annotation := range []string{
		v1alpha1.OwnerUIDAnnotation, v1alpha1.KeyIDAnnotation, v1alpha1.KeyPreviewAnnotation, v1alpha1.EndpointIDAnnotation,
		v1alpha1.IssuedAtAnnotation, v1alpha1.RetiringAnnotation, v1alpha1.ChecksumAnnotation,
	} {
		alterations["another "+annotation] = func(s *corev1.Secret) { s.Annotations[annotation] += "0" }
		alterations["no "+annotation] = func(s *corev1.Secret) { delete(s.Annotations, annotation) }
	}
	for name, alter := range alterations {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			secret := delivered()
			alter(secret)
			read := delivery.Read(secret, owner())
			g.Expect(read.State).To(Equal(plan.SecretOurs), "the owner reference says whose it is")
			g.Expect(read.Intact).To(BeFalse())
		})
	}
}

// Whose a Secret is: its controller decides, and the annotation where there is none.
func TestOwnership(t *testing.T) {
	g := NewWithT(t)
	another := owner()
	another.UID = "99999999-2222-3333-4444-555555555555"
	g.Expect(delivery.Read(delivered(), another).State).To(Equal(plan.SecretForeign))

	copied := delivered()
	copied.OwnerReferences[0].UID = another.UID
	g.Expect(delivery.Read(copied, owner()).State).To(Equal(plan.SecretForeign), "another controller, whatever the annotation says")
	g.Expect(delivery.Read(copied, another).FormerUID).To(Equal(string(owner().UID)), "whose record it is")

	orphaned := delivered()
	orphaned.OwnerReferences = nil
	read := delivery.Read(orphaned, owner())
	g.Expect(read.State).To(Equal(plan.SecretOurs))
	g.Expect(read.Intact).To(BeTrue())
	g.Expect(read.Outdated).To(BeTrue(), "the owner reference is to be put back")
}

// A Secret from an earlier life has a record that is intact, the label, and no controller.
func TestFormerLife(t *testing.T) {
	g := NewWithT(t)
	next := owner()
	next.UID = "99999999-2222-3333-4444-555555555555"
	left := delivered()
	left.OwnerReferences = nil
	g.Expect(delivery.Read(left, next)).To(And(
		HaveField("State", plan.SecretOurs), HaveField("Intact", true), HaveField("FormerUID", string(owner().UID)), HaveField("Outdated", true)))
	g.Expect(delivery.FormerOwners(left, next)).To(Equal([]string{string(owner().UID), "former"}))

	replaced := []plan.RetiringKey{{KeyID: "45a1c0ffee0123456789abcd", ReplacedAt: issuedAt.Truncate(time.Second), FormerUID: "former"}}
	taken := delivery.Renew(left, next, replaced, false, issuedAt)
	read := delivery.Read(taken, next)
	g.Expect(read).To(And(HaveField("State", plan.SecretOurs), HaveField("Intact", true), HaveField("FormerUID", ""), HaveField("Outdated", false)))
	g.Expect(read.KeyID).To(Equal(record().KeyID))
	g.Expect(read.Retiring).To(Equal(replaced))
	g.Expect(taken.Data).To(Equal(left.Data))
	g.Expect(taken.Annotations).To(HaveKeyWithValue(v1alpha1.FormerOwnerUIDAnnotation, string(owner().UID)), "the name of the key has its marker")

	for name, edit := range map[string]func(*corev1.Secret){
		"value":   func(s *corev1.Secret) { s.Data["api-key"][30]++ },
		"label":   func(s *corev1.Secret) { delete(s.Labels, v1alpha1.SecretTypeLabel) },
		"another": func(s *corev1.Secret) { s.OwnerReferences = delivered().OwnerReferences },
	} {
		foreign := left.DeepCopy()
		edit(foreign)
		g.Expect(delivery.Read(foreign, next).State).To(Equal(plan.SecretForeign), name)
	}
}

// After a rollback, the operator does not touch what a later version wrote.
func TestNewerRecord(t *testing.T) {
	g := NewWithT(t)
	secret := delivered()
	secret.Annotations[v1alpha1.RecordFormatAnnotation] = "2"
	g.Expect(delivery.Read(secret, owner()).State).To(Equal(plan.SecretNewer))
}

// A repair moves the value to the wanted data key and puts metadata right, and is then content.
func TestRepair(t *testing.T) {
	g := NewWithT(t)
	moved := owner()
	moved.Spec.Secret = v1alpha1.SecretTarget{Key: "token", Labels: map[string]v1alpha1.LabelValue{"team": "crm"}}
	secret := delivered()
	secret.Data["other"] = []byte("somebody's")
	secret.Labels["other"] = "somebody's"
	g.Expect(delivery.Read(secret, moved).Outdated).To(BeTrue())
	repaired := delivery.Repair(secret, moved)
	g.Expect(repaired.Data).To(Equal(map[string][]byte{"token": []byte(plaintext), "other": []byte("somebody's")}))
	g.Expect(repaired.Labels).To(And(HaveKeyWithValue("team", "crm"), HaveKeyWithValue("other", "somebody's")))
	read := delivery.Read(repaired, moved)
	g.Expect(read.Intact).To(BeTrue())
	g.Expect(read.Outdated).To(BeFalse())
}

// A new key replaces the old value wherever that was, and leaves the data of others.
func TestCompose(t *testing.T) {
	g := NewWithT(t)
	moved := owner()
	moved.Spec.Secret.Key = "token"
	secret := delivered()
	secret.Data["other"] = []byte("somebody's")
	next := record()
	next.KeyID = "75a1c0ffee0123456789abcd"
	composed := delivery.Compose(secret, moved, next, "another", issuedAt)
	g.Expect(composed.Data).To(Equal(map[string][]byte{"token": []byte("another"), "other": []byte("somebody's")}))
	g.Expect(delivery.Read(composed, moved).KeyID).To(Equal(next.KeyID))
	g.Expect(secret).To(Equal(func() *corev1.Secret { s := delivered(); s.Data["other"] = []byte("somebody's"); return s }()),
		"what was read is not changed")
}

// A short value would be shown by its ends, so none are taken.
func TestEndsOfShortValues(t *testing.T) {
	g := NewWithT(t)
	read := delivery.Read(delivery.Compose(nil, owner(), record(), "short", issuedAt), owner())
	g.Expect(read.Intact).To(BeTrue())
	g.Expect(read.Head + read.Tail).To(BeEmpty())
}
