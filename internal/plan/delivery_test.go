// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"testing"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

func TestDelivery(t *testing.T) {
	for why, c := range map[string]struct {
		given plan.Write
		want  plan.Delivery
	}{
		"A confirmed write delivers.": {
			plan.Write{Confirmed: true}, plan.KeyDelivered,
		},
		"An answer that got lost is made up for by a read that shows the key.": {
			plan.Write{OutcomeUnknown: true, ReadBack: true, Recorded: true}, plan.KeyDelivered,
		},
		"A write in doubt may arrive after the read that does not show it.": {
			plan.Write{OutcomeUnknown: true, ReadBack: true}, plan.DeliveryUnknown,
		},
		"A Secret that cannot be read may hold the key.": {
			plan.Write{}, plan.DeliveryUnknown,
		},
		"Refused, and not there: no workload can have the key.": {
			plan.Write{ReadBack: true}, plan.KeyUndelivered,
		},
	} {
		t.Run(why, func(t *testing.T) {
			if got := c.given.Delivery(); got != c.want {
				t.Errorf("%+v is %q, want %q", c.given, got, c.want)
			}
		})
	}
}
