// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package orphan

import (
	"time"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// driftChecksPerScan is how many drift intervals lie between two scans.
const driftChecksPerScan = 6

// scanInterval is the time from the end of a scan to the start of the next, which so shares no list from before revocations of
// the first.
func (r *Reconciler) scanInterval(found v1alpha1.Connection) time.Duration {
	return plan.Spread(driftChecksPerScan*r.DriftInterval, string(found.GetUID()))
}

// nextScan is when the next scan of a connection is due. The first one does not begin at once, since many connections may have
// become ready at the same time.
func (r *Reconciler) nextScan(found v1alpha1.Connection) time.Time {
	status := found.GetConnectionStatus()
	// A time in the future is forged, or a clock was wrong: waiting for it could take for ever.
	if scan := status.OrphanScan; scan != nil && !scan.Time.After(r.Clock.Now()) {
		return scan.Time.Add(r.scanInterval(found))
	}
	ready := condition.Find(status.Conditions, v1alpha1.ConditionReady)
	return ready.LastTransitionTime.Add(plan.Spread(r.DriftInterval, string(found.GetUID())))
}
