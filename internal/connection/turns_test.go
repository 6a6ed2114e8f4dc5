// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection_test

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
)

func paced(perSecond, burst int32) *connection.Link {
	return connection.NewLink(nil, &v1alpha1.RateLimit{RequestsPerSecond: perSecond, Burst: burst})
}

func somebody(i int) types.UID { return types.UID(fmt.Sprintf("uid-%d", i)) }

// The burst goes at once; everybody else is told a time of their own, and is let through then.
func TestTurns(t *testing.T) {
	g := NewWithT(t)
	link := paced(5, 2)
	for i := range 2 {
		g.Expect(link.Turn(somebody(i), 1, start)).To(BeZero())
	}
	for i := 2; i < 12; i++ {
		wait := link.Turn(somebody(i), 1, start)
		g.Expect(wait).To(BeNumerically("~", time.Duration(i-1)*200*time.Millisecond, time.Millisecond))
		g.Expect(link.Turn(somebody(i), 1, start.Add(wait/2))).To(BeNumerically("~", wait-wait/2, time.Millisecond), "coming early changes nothing")
		g.Expect(link.Turn(somebody(i), 1, start.Add(wait+time.Millisecond))).To(BeZero())
	}
}

// What takes several requests takes as many turns; more than the burst can never be had at once.
func TestTurnsForSeveralRequests(t *testing.T) {
	g := NewWithT(t)
	link := paced(1, 4)
	g.Expect(link.Turn(somebody(1), 2, start)).To(BeZero())
	g.Expect(link.Turn(somebody(2), 2, start)).To(BeZero())
	g.Expect(link.Turn(somebody(3), 99, start)).To(BeNumerically("~", 4*time.Second, time.Millisecond))
}

// Retry-After holds for the whole connection, and not everybody comes back at the same moment.
func TestPause(t *testing.T) {
	g := NewWithT(t)
	link := paced(1000, 1000)
	link.Pause(start.Add(10 * time.Second))
	link.Pause(start.Add(5 * time.Second))
	waits := map[time.Duration]bool{}
	for i := range 20 {
		wait := link.Turn(somebody(i), 1, start)
		g.Expect(wait).To(And(BeNumerically(">=", 10*time.Second), BeNumerically("<=", 12*time.Second)))
		waits[wait] = true
	}
	g.Expect(len(waits)).To(BeNumerically(">", 15))
	g.Expect(link.Turn(somebody(1), 1, start.Add(10*time.Second))).To(BeZero())
}
