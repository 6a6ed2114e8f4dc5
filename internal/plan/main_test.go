// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"flag"
	"os"
	"testing"
	"time"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

const (
	endpointID = "64f0c0ffee0123456789abcd"
	// mostLag leaves what the clocks of operators may differ by: ListLag has to cover both.
	mostLag = 4 * time.Second
)

var (
	start  = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	timing = plan.Timing{
		RequestTimeout: 20 * time.Second, DeliveryTimeout: 10 * time.Second, ListLag: 5 * time.Second, DriftInterval: 10 * time.Minute,
	}
	marker = markerFor("cluster", "owner")
)

func markerFor(cluster, uid string) string {
	return plan.Marker(cluster, plan.Owner{Namespace: "crm", UID: uid})
}

// The command line has the last word on how long rapid tries.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{"rapid.checks": "1000", "rapid.nofailfile": "true"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
