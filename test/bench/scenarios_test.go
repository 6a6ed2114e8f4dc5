// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package bench_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
)

// plan is what a run measures.
type plan struct {
	storms        []int
	kept          int // keys of the steady state and of the restart
	driftInterval time.Duration
}

var samples = map[fixtures.Sample]plan{
	fixtures.SmallSample: {storms: []int{50}, kept: 50, driftInterval: 3 * time.Second},
	fixtures.LargeSample: {storms: []int{500, 2000, 5000}, kept: 2000, driftInterval: 20 * time.Second},
}

// The targets, per key.
const (
	mostReads   = 8
	mostWrites  = 4
	mostDryRuns = 1
	mostEvents  = 1
)

func TestBench(t *testing.T) {
	sample := samples[fixtures.ChosenSample()]
	b := newBench(t)
	for _, keys := range sample.storms {
		b.floor(keys)
		b.start()
		b.checkStorm(b.storm("storm", keys, byID))
		b.checkDeletion(b.deletion(keys))
		b.stop()
	}
	b.stormByName(sample.storms[0])
	b.keep(sample)
	b.print(t)
}

// checkStorm asserts what a key may cost. A write that meets a conflict is repeated, which is rare.
func (b *bench) checkStorm(f figures) {
	b.t.Helper()
	most := func(perKey int) int { return perKey*f.Keys + f.Keys/20 + 5 }
	b.Expect(f.reads).To(BeNumerically("<=", most(mostReads)), "reads: %v", f.Kubernetes)
	b.Expect(f.writes).To(BeNumerically("<=", most(mostWrites)), "writes: %v", f.Kubernetes)
	b.Expect(f.dryRuns).To(BeNumerically("<=", most(mostDryRuns)), "dry runs: %v", f.Kubernetes)
	b.Expect(f.eventWrites).To(BeNumerically("<=", most(mostEvents)), "events: %v", f.Kubernetes)
	b.Expect(f.Cognigy["POST key"]).To(Equal(f.Keys))
	// What is tried again after a conflict costs a LIST, since it is no first issue any more.
	b.Expect(f.Cognigy["GET key"]).To(BeNumerically("<=", f.Keys/20), "no LIST before the drift interval")
}

// stormByName measures what it costs more to find the Endpoints by their names. They are in one project, whose list all resources share.
func (b *bench) stormByName(keys int) {
	b.t.Helper()
	b.start()
	storm := b.storm("storm by name", keys, fixtures.ReferenceByName)
	b.checkStorm(storm)
	b.Expect(storm.Cognigy["GET endpoints"]).To(BeNumerically("<=", 1+int(storm.Seconds)/60), "one list of the project in a minute")
	b.checkDeletion(b.deletion(keys))
	b.stop()
}

// checkDeletion asserts that each key is revoked once, and that nothing is left.
func (b *bench) checkDeletion(f figures) {
	b.t.Helper()
	b.Expect(f.Cognigy["DELETE key"]).To(Equal(f.Keys))
	secrets := &corev1.SecretList{}
	b.Expect(bed.Cluster.List(b.Context, secrets, client.InNamespace(b.Namespace), client.HasLabels{v1alpha1.SecretTypeLabel})).To(Succeed())
	b.Expect(secrets.Items).To(ConsistOf(HaveField("Name", fixtures.CredentialsName)))
}

// keep measures the steady state and a restart.
func (b *bench) keep(sample plan) {
	b.t.Helper()
	b.start()
	b.storm("storm", sample.kept, byID)
	b.stop()

	b.start("--drift-interval=" + sample.driftInterval.String())
	restart := b.passes("restart", sample.kept, sample.driftInterval/2)
	b.Expect(restart.writes).To(BeZero(), "%v", restart.Kubernetes)
	b.Expect(restart.Cognigy[http.MethodPost+" key"]).To(BeZero())
	b.Expect(restart.Cognigy[http.MethodDelete+" key"]).To(BeZero())

	steady := b.passes("steady state", sample.kept, 3*sample.driftInterval)
	b.Expect(steady.writes).To(BeZero(), "%v", steady.Kubernetes)
	b.Expect(steady.Cognigy["GET key"]).To(BeNumerically("~", 3*endpoints, 2*endpoints), "one LIST per Endpoint and interval")
	b.stop()
}

// print prints the table, and writes it as JSON where FIGURES says.
func (b *bench) print(t *testing.T) {
	t.Helper()
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(w, "scenario\tkeys\tseconds\tp50\tp99\treads\twrites\tdry runs\tevents\tPOST\tLIST\tDELETE\tCPU s\tpeak MiB\t")
	for _, f := range b.rows {
		_, _ = fmt.Fprintf(w, "%s\t%d\t%.1f\t%.2f\t%.2f\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%.1f\t%.0f\t\n", f.Scenario, f.Keys, f.Seconds, f.P50, f.P99,
			f.reads, f.writes, f.dryRuns, f.eventWrites, f.Cognigy["POST key"], f.Cognigy["GET key"], f.Cognigy["DELETE key"], f.CPUSeconds, f.PeakMiB)
	}
	_ = w.Flush()
	t.Logf("what it cost:\n%s", &table)
	folder := os.Getenv("FIGURES")
	if folder == "" {
		return
	}
	encoded, err := json.MarshalIndent(b.rows, "", "  ")
	b.Expect(err).NotTo(HaveOccurred())
	b.Expect(os.WriteFile(filepath.Join(folder, "bench.json"), encoded, 0o600)).To(Succeed())
	b.Expect(os.WriteFile(filepath.Join(folder, "bench.txt"), []byte(table.String()), 0o600)).To(Succeed())
}
