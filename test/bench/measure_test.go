// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package bench_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/gomega"
	"github.com/prometheus/procfs"
	corev1 "k8s.io/api/core/v1"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// figures are what one scenario cost.
type figures struct {
	Scenario    string         `json:"scenario"`
	Keys        int            `json:"keys"`
	Seconds     float64        `json:"seconds"`
	P50, P99    float64        // seconds from the resource's creation to Delivered; 0 where nothing is delivered
	Kubernetes  map[string]int `json:"kubernetes"` // requests by verb and resource
	Cognigy     map[string]int `json:"cognigy"`    // requests by method and route
	CPUSeconds  float64        `json:"cpuSeconds"` // of the operator; 0 for the floor
	PeakMiB     float64        `json:"peakMiB"`
	reads       int
	writes      int
	dryRuns     int
	eventWrites int
}

// measure measures what happens while a function runs.
func (b *bench) measure(scenario string, keys int, do func() []time.Duration) figures {
	b.t.Helper()
	b.t.Logf("%s of %d keys", scenario, keys)
	before, sent := b.audited(), len(b.Cognigy.Requests())
	cpu, _ := b.process()
	began := time.Now()
	latencies := do()
	f := figures{Scenario: scenario, Keys: keys, Seconds: time.Since(began).Seconds(), Cognigy: map[string]int{}, Kubernetes: map[string]int{}}
	f.CPUSeconds, f.PeakMiB = b.process()
	f.CPUSeconds -= cpu
	f.P50, f.P99 = quantile(latencies, 0.5), quantile(latencies, 0.99)
	for _, request := range b.Cognigy.Requests()[sent:] {
		f.Cognigy[request.Method+" "+route(request)]++
	}
	for request, count := range b.audited().Since(before) {
		f.add(request, count)
	}
	b.t.Logf("  %.1f s, reads %d, writes %d, dry runs %d, events %d, Cognigy %v", f.Seconds, f.reads, f.writes, f.dryRuns, f.eventWrites, f.Cognigy)
	b.rows = append(b.rows, f)
	return f
}

func route(request simulator.Request) string {
	switch request.Route {
	case simulator.RouteKeys, simulator.RouteKey:
		return "key"
	case simulator.RouteEndpoints:
		return "endpoints" // the lists of projects, and the probes of connections
	default:
		return "probe"
	}
}

// add counts a kind of request. Leader election and the watches of caches belong to no key.
func (f *figures) add(request controlplane.Request, count int) {
	// The floor has the operator's ServiceAccount.
	if request.User != installation.User || request.Resource == "leases" || request.Verb == "watch" || request.Verb == "list" || request.Resource == "" {
		return
	}
	name := strings.TrimSuffix(request.Verb+" "+request.Resource+"/"+request.Subresource, "/")
	switch {
	case request.DryRun:
		name += " (dry run)"
		f.dryRuns += count
	case request.Resource == "events":
		f.eventWrites += count
	case request.Write():
		f.writes += count
	default:
		f.reads += count
	}
	f.Kubernetes[name] += count
}

// audited counts the requests to the API server so far. A line may appear a moment after its answer: that of a last request of
// the bench's own comes after those of all earlier ones.
func (b *bench) audited() controlplane.Counts {
	b.marks++
	name := fmt.Sprintf("mark-%d", b.marks)
	b.Expect(client.IgnoreNotFound(bed.Cluster.Get(b.Context, client.ObjectKey{Namespace: b.Namespace, Name: name}, &corev1.ConfigMap{}))).To(Succeed())
	var events []auditv1.Event
	b.Eventually(func(g Gomega) {
		var err error
		events, err = controlplane.ReadAuditLog(bed.AuditLog)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(slices.ContainsFunc(events, func(event auditv1.Event) bool {
			return event.ObjectRef != nil && event.ObjectRef.Namespace == b.Namespace && event.ObjectRef.Name == name
		})).To(BeTrue())
	}).WithTimeout(time.Minute).WithPolling(time.Second).Should(Succeed())
	return controlplane.Count(events)
}

// process returns how many seconds the operator computed, and how much memory it held at most, in MiB; zeros if none runs, or
// where there is no /proc.
func (b *bench) process() (cpuSeconds, peakMiB float64) {
	if b.operator == nil {
		return 0, 0
	}
	process, err := procfs.NewProc(b.operator.PID())
	if err != nil {
		return 0, 0
	}
	stat, statErr := process.Stat()
	status, statusErr := process.NewStatus()
	if statErr != nil || statusErr != nil {
		return 0, 0
	}
	return stat.CPUTime(), float64(status.VmHWM) / (1 << 20)
}

func quantile(latencies []time.Duration, share float64) float64 {
	if len(latencies) == 0 {
		return 0
	}
	slices.Sort(latencies)
	return latencies[int(share*float64(len(latencies)-1))].Seconds()
}
