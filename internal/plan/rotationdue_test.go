// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// The cause is that of the earliest rotation. Windows decide nothing about it.
func TestRotationDue(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	soon, later := start.Add(time.Minute), start.Add(time.Hour)
	closed := []plan.Window{{Days: []time.Weekday{start.AddDate(0, 0, 2).Weekday()}, Start: time.Hour, End: 2 * time.Hour, Zone: time.UTC}}
	for _, c := range []struct {
		rotation plan.Rotation
		due      time.Time
		cause    plan.RotationCause
	}{
		{plan.Rotation{}, time.Time{}, ""},
		{plan.Rotation{NotBefore: start.Add(-2 * time.Hour)}, time.Time{}, ""},
		{plan.Rotation{NotBefore: soon, Requested: later, Every: 100 * time.Hour}, soon, plan.RotationNotBefore},
		{plan.Rotation{NotBefore: later, Requested: soon, Every: 100 * time.Hour}, soon, plan.RotationRequested},
		{plan.Rotation{NotBefore: soon, Requested: soon, Windows: closed}, soon, plan.RotationRequested},
	} {
		due, cause := plan.Observed{Secret: plan.Secret{KeyID: "k1", IssuedAt: start.Add(-time.Hour)}, Rotation: c.rotation}.RotationDue()
		g.Expect(due).To(BeTemporally("==", c.due), "%+v", c.rotation)
		g.Expect(cause).To(Equal(c.cause), "%+v", c.rotation)
	}
	due, cause := plan.Observed{Secret: plan.Secret{KeyID: "k1", IssuedAt: start}, Rotation: plan.Rotation{Every: 100 * time.Hour, NotBefore: start.Add(95 * 24 * time.Hour)}}.RotationDue()
	g.Expect(due).To(BeTemporally("~", start.Add(95*time.Hour), 5*time.Hour), "up to a tenth earlier")
	g.Expect(cause).To(Equal(plan.RotationByAge))
}
