// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/audit"
)

// revocationReasons are why keys are revoked.
var revocationReasons = []audit.Reason{audit.ReasonReplaced, audit.ReasonUndelivered, audit.ReasonDeleted, audit.ReasonOrphan}

// Issued counts a key that Cognigy made for a resource.
func (m *Metrics) Issued(key *v1alpha1.EndpointAPIKey) { m.count(m.counters.issued, referredBy(key)) }

// Delivered counts a key that the operator wrote into the Secret of a resource.
func (m *Metrics) Delivered(key *v1alpha1.EndpointAPIKey) {
	m.count(m.counters.delivered, referredBy(key))
}

// FirstDelivered notes how long it took from the creation of a resource to its first key.
func (m *Metrics) FirstDelivered(after time.Duration) {
	m.counters.firstDelivery.Observe(max(0, after.Seconds()))
}

// Revoked counts a key that the operator revoked, for one of revocationReasons.
func (m *Metrics) Revoked(key *v1alpha1.EndpointAPIKey, reason audit.Reason) {
	m.count(m.counters.revoked, referredBy(key), string(reason))
}

// OrphanRevoked counts a key that a scan through a connection found, and that had no resource any more.
func (m *Metrics) OrphanRevoked(found v1alpha1.Connection) {
	m.count(m.counters.revoked, idOf(found), string(audit.ReasonOrphan))
}

// IssuanceDeferred counts an issuance that the issuance budget put off.
func (m *Metrics) IssuanceDeferred(key *v1alpha1.EndpointAPIKey) {
	m.count(m.counters.deferred, referredBy(key))
}

func (m *Metrics) count(counter *prometheus.CounterVec, id connectionID, more ...string) {
	counter.WithLabelValues(m.connections.of(id).labels(more...)...).Inc()
}
