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

// askedInterval is the time from the end of a scan to the start of the next while a person waits for it: whoever may change the annotation
// could have a connection scanned without end.
func (r *Reconciler) askedInterval() time.Duration { return r.DriftInterval / 10 }

// nextScan is when the next scan of a connection is due. The first one does not begin at once, since many connections may have
// become ready at the same time.
func (r *Reconciler) nextScan(found v1alpha1.Connection) time.Time {
	status := found.GetConnectionStatus()
	// A time in the future is forged, or a clock was wrong: waiting for it could take for ever.
	scan, asked := status.OrphanScan, openRequest(found).isOpen()
	switch known := scan != nil && !scan.Time.After(r.Clock.Now()); {
	case known && asked:
		return scan.Time.Add(r.askedInterval())
	case known:
		return scan.Time.Add(r.scanInterval(found))
	case asked:
		return r.Clock.Now()
	}
	ready := condition.Find(status.Conditions, v1alpha1.ConditionReady)
	return ready.LastTransitionTime.Add(plan.Spread(r.DriftInterval, string(found.GetUID())))
}
