// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// forgery is an edit of a resource's Secret or status that aims the operator at a key.
type forgery func(e *environment, attacker *v1alpha1.EndpointAPIKey, aim simulator.Entry)

// forgeries are of records, most of which are consistent, and of reports.
var forgeries = []TableEntry{
	Entry("a key id", forgery(func(e *environment, attacker *v1alpha1.EndpointAPIKey, aim simulator.Entry) {
		secret := e.Secret(attacker)
		e.Change(secret, func() { secret.Annotations[v1alpha1.KeyIDAnnotation] = aim.ID })
	})),
	Entry("a record of its own value", forgedRecord(0, ownValue)),
	Entry("a record of a value that fits", forgedRecord(0, fittingValue)),
	Entry("a record from an hour ago", forgedRecord(-time.Hour, fittingValue)),
	Entry("a record from the future", forgedRecord(time.Hour, fittingValue)),
	Entry("a report from an hour ago", forgedReport(issued(-time.Hour))),
	Entry("a report from the future", forgedReport(issued(time.Hour))),
	Entry("an attempt that has just begun", forgedReport(attempted(0))),
	Entry("an attempt in the future", forgedReport(attempted(time.Hour))),
	Entry("an attempt that was interrupted", forgedReport(attempted(-time.Hour))),
}

// forgedRecord is an intact record of a key that is not the resource's.
func forgedRecord(offset time.Duration, value func(*corev1.Secret, simulator.Entry) string) forgery {
	return func(e *environment, attacker *v1alpha1.EndpointAPIKey, aim simulator.Entry) {
		secret := e.Secret(attacker)
		e.forgeRecord(secret, attacker, value(secret, aim), func(record *delivery.Record) {
			record.KeyID, record.Preview, record.EndpointID = aim.ID, aim.Preview, aim.EndpointID
			record.IssuedAt = time.Now().Add(offset).Truncate(time.Microsecond)
		})
	}
}

// forgeRecord writes a value and its record, changed by the edit, into the Secret of a resource. The checksum fits.
func (e *environment) forgeRecord(secret *corev1.Secret, key *v1alpha1.EndpointAPIKey, value string, edit func(*delivery.Record)) {
	GinkgoHelper()
	e.Change(secret, func() {
		read := delivery.Read(secret, key)
		record := delivery.Record{
			OwnerUID: string(key.UID), KeyID: read.KeyID, Preview: delivery.Preview(secret), EndpointID: read.EndpointID, IssuedAt: read.IssuedAt,
		}
		edit(&record)
		*secret = *delivery.Compose(secret, key, record, value, time.Now())
	})
}

func ownValue(secret *corev1.Secret, _ simulator.Entry) string { return string(secret.Data["api-key"]) }

// fittingValue has the ends that the preview of the key shows.
func fittingValue(_ *corev1.Secret, aim simulator.Entry) string {
	return aim.Preview[:4] + strings.Repeat("0", 56) + aim.Preview[len(aim.Preview)-4:]
}

// forgedReport is a status that calls the key the resource's own, and due to be revoked.
func forgedReport(edit func(*v1alpha1.EndpointAPIKeyStatus)) forgery {
	return func(e *environment, attacker *v1alpha1.EndpointAPIKey, aim simulator.Entry) {
		e.Eventually(func() error {
			if err := cluster.Get(e.Context, clientKey(attacker), attacker); err != nil {
				return err
			}
			attacker.Status.KeyID, attacker.Status.KeyPreview = aim.ID, aim.Preview
			attacker.Status.Retiring = []v1alpha1.RetiringKey{{
				KeyID: aim.ID, KeyPreview: aim.Preview, ReplacedAt: metav1.NewTime(time.Now().Add(-time.Hour)), RevokeAt: metav1.Now(),
			}}
			edit(&attacker.Status)
			return cluster.Status().Update(e.Context, attacker)
		}).WithTimeout(patience).Should(Succeed())
	}
}

func issued(offset time.Duration) func(*v1alpha1.EndpointAPIKeyStatus) {
	return func(status *v1alpha1.EndpointAPIKeyStatus) {
		at := metav1.NewTime(time.Now().Add(offset))
		status.IssuedAt = &at
	}
}

func attempted(offset time.Duration) func(*v1alpha1.EndpointAPIKeyStatus) {
	return func(status *v1alpha1.EndpointAPIKeyStatus) {
		status.Issuance = &v1alpha1.Issuance{StartedAt: metav1.NewMicroTime(time.Now().Add(offset))}
	}
}

// attackers issues keys to resources, and says at which key each of them aims. None of those is its own.
func (e *environment) attackers() map[*v1alpha1.EndpointAPIKey]simulator.Entry {
	GinkgoHelper()
	var keys []*v1alpha1.EndpointAPIKey
	for _, name := range []string{"victim", "at-hand-made", "at-another-tenant", "at-another-cluster"} {
		keys = append(keys, e.Key(fixtures.Named(name)))
		e.Create(keys[len(keys)-1])
	}
	for _, key := range keys {
		e.AwaitDelivered(key, 1)
	}
	handMade, _ := e.Cognigy.AddKey(e.Endpoint.ID, "made by hand")
	elsewhere, _ := e.AddKey(e.Endpoint.ID, plan.Marker("another", plan.Owner{Namespace: e.Namespace, UID: string(keys[3].UID)}))
	return map[*v1alpha1.EndpointAPIKey]simulator.Entry{keys[1]: handMade, keys[2]: e.LiveKeys(keys[0])[0], keys[3]: elsewhere}
}

var _ = Describe("A forged record or report", Label("security"), func() {
	DescribeTable("aims the operator at no key but the resource's own, which gets back to one key:", func(forge forgery) {
		e := newEnvironment(shortTimeouts) // forged attempts have to end
		attackers := e.attackers()
		for attacker, aim := range attackers {
			forge(e, attacker, aim)
		}
		for attacker, aim := range attackers {
			e.Await(func(g Gomega) {
				found, secret := e.Read(attacker), e.Secret(attacker)
				g.Expect(secret).NotTo(BeNil())
				g.Expect(secret.Annotations[v1alpha1.KeyIDAnnotation]).NotTo(Equal(aim.ID))
				g.Expect(found.Status.Retiring).To(BeEmpty())
				g.Expect(found.Status.IssuedAt).NotTo(BeNil())
				g.Expect(found.Status.IssuedAt.Time).To(BeTemporally("==", delivery.Read(secret, found).IssuedAt.Truncate(time.Second)))
			})
			e.AwaitDelivered(attacker, 1)
		}
		e.remains(func(g Gomega) {
			for attacker, aim := range attackers {
				g.Expect(e.isLive(aim.ID)).To(BeTrue(), attacker.Name)
				g.Expect(e.LiveKeys(attacker)).To(HaveLen(1), attacker.Name)
			}
		})
	}, forgeries)

	// The deletion sees what was forged, since nothing was put right. It revokes the resource's own key all the same.
	DescribeTable("that is made while the resource is suspended aims its deletion at no key but its own:", func(forge forgery) {
		e := newEnvironment(shortTimeouts) // forged attempts have to end
		attackers := e.attackers()
		for attacker := range attackers {
			e.Change(attacker, func() { attacker.Spec.Suspend = true })
		}
		for attacker, aim := range attackers {
			e.Await(func(g Gomega) {
				g.Expect(fixtures.Conditions(e.Read(attacker))).To(ContainElement(HaveField("Reason", v1alpha1.ReasonSuspended)))
			})
			forge(e, attacker, aim)
			e.Delete(attacker)
		}
		for attacker, aim := range attackers {
			e.AwaitGone(attacker)
			e.Expect(e.isLive(aim.ID)).To(BeTrue(), attacker.Name)
		}
	}, forgeries)
})
