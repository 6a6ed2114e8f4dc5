// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"crypto/fips140"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
)

// overdueAfter is how long a rotation may be due: issuance budget, retries and queues take less unless something is in the way.
const overdueAfter = time.Hour

// group is the EndpointAPIKeys of a namespace that refer to the same connection.
type group struct {
	namespace  string
	connection connectionID
}

// summary is what metrics say of a group.
type summary struct {
	states                      map[string]int
	retiring, due, overdue      int
	oldestUnready, oldestDelete time.Duration
}

func (m *Metrics) buildLabels() []string {
	return []string{m.version, runtime.Version(), strconv.FormatBool(fips140.Enabled())}
}

func (m *Metrics) collectObjects(collected chan<- prometheus.Metric, objects Objects, source *Source) {
	now := source.Now()
	exists := map[connectionID]bool{}
	for _, found := range objects.Connections {
		exists[idOf(found)] = true
		if id := idOf(found); m.connections.of(id) == id {
			collectConnection(collected, id, found, source.CredentialsChangedAt(found), now)
		}
	}
	for group, keys := range m.summarize(objects.Keys, exists, now) {
		labels := append([]string{group.namespace}, group.connection.labels()...)
		for state, count := range keys.states {
			collected <- gauge(keysByState, float64(count), append(labels[:len(labels):len(labels)], state)...)
		}
		collected <- gauge(retiring, float64(keys.retiring), labels...)
		collected <- gauge(rotationDue, float64(keys.due), labels...)
		collected <- gauge(rotationOverdue, float64(keys.overdue), labels...)
		collected <- gauge(oldestUnready, keys.oldestUnready.Seconds(), labels...)
		collected <- gauge(oldestDeleting, keys.oldestDelete.Seconds(), labels...)
	}
}

func collectConnection(collected chan<- prometheus.Metric, id connectionID, found v1alpha1.Connection, changedAt, now time.Time) {
	collected <- gauge(connectionUp, oneIf(connection.Usable(found) == nil), id.labels()...)
	if !changedAt.IsZero() {
		collected <- gauge(credentialsAge, max(0, now.Sub(changedAt).Seconds()), id.labels()...)
	}
	if scan := found.GetConnectionStatus().OrphanScan; scan != nil {
		collected <- gauge(orphans, float64(scan.Count), id.labels()...)
		collected <- gauge(otherIdentities, float64(scan.OtherIdentityCount), id.labels()...)
		collected <- gauge(lastScan, float64(scan.Time.Unix()), id.labels()...)
	}
}

// summarize sums EndpointAPIKeys up.
func (m *Metrics) summarize(keys []v1alpha1.EndpointAPIKey, exists map[connectionID]bool, now time.Time) map[group]*summary {
	summaries := map[group]*summary{}
	for i := range keys {
		key := &keys[i]
		of := referredBy(key)
		if exists[of] {
			of = m.connections.of(of)
		} else { // whoever creates the resource decides what it refers to
			of.name = missingConnections
		}
		at := group{key.Namespace, of}
		if summaries[at] == nil {
			summaries[at] = &summary{states: map[string]int{}}
		}
		summaries[at].add(key, now)
	}
	return summaries
}

func (s *summary) add(key *v1alpha1.EndpointAPIKey, now time.Time) {
	state := stateOf(key)
	s.states[state]++
	s.retiring += len(key.Status.Retiring)
	switch state {
	case "deleting":
		s.oldestDelete = max(s.oldestDelete, now.Sub(key.DeletionTimestamp.Time))
		return
	case "suspended":
		return
	case "reconciling", "stalled":
		s.oldestUnready = max(s.oldestUnready, now.Sub(unreadySince(key, now)))
	}
	if rotates := key.Status.RotatesAt; rotates != nil {
		s.due += int(oneIf(!now.Before(rotates.Time)))
		s.overdue += int(oneIf(now.After(rotates.Add(overdueAfter))))
	}
}

// stateOf is the one state that a resource counts for.
func stateOf(key *v1alpha1.EndpointAPIKey) string {
	conditions := key.Status.Conditions
	ready := condition.Find(conditions, v1alpha1.ConditionReady)
	switch {
	case !key.DeletionTimestamp.IsZero():
		return "deleting"
	case key.Spec.Suspend:
		return "suspended"
	case meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionStalled):
		return "stalled"
	case ready.Status != metav1.ConditionTrue:
		return "reconciling"
	case meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionRenewalBlocked):
		return "renewal_blocked"
	default:
		return "ready"
	}
}

// unreadySince is since when a resource has not been ready: since its creation if it never was.
func unreadySince(key *v1alpha1.EndpointAPIKey, now time.Time) time.Time {
	ready := condition.Find(key.Status.Conditions, v1alpha1.ConditionReady)
	if ready.Status == "" || ready.LastTransitionTime.After(now) {
		return key.CreationTimestamp.Time
	}
	return ready.LastTransitionTime.Time
}
