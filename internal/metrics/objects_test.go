// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

const ofCRM = " connection=crm connection_kind=CognigyConnection connection_namespace=a key_namespace=a"

// with sets conditions, and since when.
func with(kind string, status metav1.ConditionStatus, since time.Duration) func(*v1alpha1.EndpointAPIKey) {
	return func(key *v1alpha1.EndpointAPIKey) {
		key.Status.Conditions = append([]metav1.Condition{{
			Type: kind, Status: status, LastTransitionTime: metav1.NewTime(now.Add(-since)),
		}}, key.Status.Conditions...)
		if kind != "Ready" {
			return
		}
		key.Status.Conditions = key.Status.Conditions[:1]
	}
}

// Each EndpointAPIKey counts for one state, and only those that may need somebody for the ages.
func TestStates(t *testing.T) {
	unready := with("Ready", metav1.ConditionFalse, 10*time.Minute)
	isDeleted := func(key *v1alpha1.EndpointAPIKey) {
		key.DeletionTimestamp = new(metav1.NewTime(now.Add(-3 * time.Minute)))
	}
	suspended := func(key *v1alpha1.EndpointAPIKey) { key.Spec.Suspend = true }
	for _, test := range []struct {
		state            string
		edits            []func(*v1alpha1.EndpointAPIKey)
		unready, deleted float64
	}{
		{"ready", nil, 0, 0},
		{"renewal_blocked", []func(*v1alpha1.EndpointAPIKey){with("RenewalBlocked", metav1.ConditionTrue, 0)}, 0, 0},
		{"reconciling", []func(*v1alpha1.EndpointAPIKey){unready}, 600, 0},
		{"reconciling", []func(*v1alpha1.EndpointAPIKey){func(key *v1alpha1.EndpointAPIKey) { key.Status.Conditions = nil }}, 7200, 0},
		{"stalled", []func(*v1alpha1.EndpointAPIKey){unready, with("Stalled", metav1.ConditionTrue, 0)}, 600, 0},
		{"suspended", []func(*v1alpha1.EndpointAPIKey){unready, suspended}, 0, 0},
		{"deleting", []func(*v1alpha1.EndpointAPIKey){unready, suspended, isDeleted}, 0, 180},
	} {
		d := of(t, []v1alpha1.Connection{connectionTo("x", "a", "crm")}, keyOf("a", "crm", "one", test.edits...))
		d.Expect(d.series()).To(And(
			HaveKeyWithValue("keys"+ofCRM+" state="+test.state, 1.0),
			HaveKeyWithValue("oldest_unready_key_age_seconds"+ofCRM, test.unready),
			HaveKeyWithValue("oldest_deleting_key_age_seconds"+ofCRM, test.deleted),
		), test.state)
	}
}

// Rotations count once they are due, and from an hour later on as overdue. A suspended one is not due.
func TestRotations(t *testing.T) {
	rotates := func(in time.Duration) func(*v1alpha1.EndpointAPIKey) {
		return func(key *v1alpha1.EndpointAPIKey) { key.Status.RotatesAt = new(metav1.NewTime(now.Add(in))) }
	}
	d := of(t, []v1alpha1.Connection{connectionTo("x", "a", "crm")},
		keyOf("a", "crm", "later", rotates(time.Minute)),
		keyOf("a", "crm", "due", rotates(-time.Minute), func(key *v1alpha1.EndpointAPIKey) { key.Status.Retiring = make([]v1alpha1.RetiringKey, 2) }),
		keyOf("a", "crm", "overdue", rotates(-2*time.Hour)),
		keyOf("a", "crm", "suspended", rotates(-2*time.Hour), func(key *v1alpha1.EndpointAPIKey) { key.Spec.Suspend = true }),
	)
	d.Expect(d.series()).To(And(
		HaveKeyWithValue("keys_rotation_due"+ofCRM, 2.0), HaveKeyWithValue("keys_rotation_overdue"+ofCRM, 1.0),
		HaveKeyWithValue("keys_retiring"+ofCRM, 2.0), HaveKeyWithValue("keys"+ofCRM+" state=ready", 3.0),
	))
}

func TestConnections(t *testing.T) {
	down := connectionTo("x", "", "production")
	down.SetGeneration(2) // which nobody has probed yet
	up := connectionTo("x", "a", "crm")
	up.GetConnectionStatus().OrphanScan = &v1alpha1.OrphanScan{Count: 3, OtherIdentityCount: 2, Time: metav1.NewTime(now)}
	d := of(t, []v1alpha1.Connection{up, down}, keyOf("a", "absent", "one"))
	const crm = " connection=crm connection_kind=CognigyConnection connection_namespace=a"
	const production = " connection=production connection_kind=ClusterCognigyConnection connection_namespace="
	series := d.series()
	d.Expect(series).To(And(
		HaveKeyWithValue("connection_up"+crm, 1.0), HaveKeyWithValue("connection_up"+production, 0.0),
		HaveKeyWithValue("connection_credentials_age_seconds"+crm, 3600.0),
		HaveKeyWithValue("connection_orphans"+crm, 3.0), HaveKeyWithValue("connection_other_identity_keys"+crm, 2.0),
		HaveKeyWithValue("connection_last_orphan_scan_timestamp_seconds"+crm, float64(now.Unix())),
		HaveKeyWithValue("keys connection=_missing connection_kind=CognigyConnection connection_namespace=a key_namespace=a state=ready", 1.0),
	))
	d.Expect(series).NotTo(HaveKey("connection_orphans" + production))
}

// A standby describes no objects and no hosts: the leader does, so that nothing counts twice.
func TestStandby(t *testing.T) {
	d := of(t, []v1alpha1.Connection{connectionTo("x", "a", "crm")}, keyOf("a", "crm", "one"))
	elected := make(chan struct{})
	d.follow(t, elected)
	d.Expect(d.series()).To(And(HaveLen(3), HaveKeyWithValue("leader", 0.0), HaveKey(HavePrefix("build_info")), HaveKey("key_delivery_duration_seconds")))
	close(elected)
	d.Expect(d.series()).To(And(HaveKeyWithValue("leader", 1.0), HaveKey(HavePrefix("connection_up")), HaveKey("keys"+ofCRM+" state=ready")))
}
