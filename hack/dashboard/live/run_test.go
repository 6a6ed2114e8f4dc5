// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package live_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

const (
	patience = 3 * time.Minute
	// phase is how long each thing lasts that happens.
	phase = 30 * time.Second
	// many is how many EndpointAPIKeys the larger of the two namespaces has.
	many = 60
)

// observe runs an operator for some minutes in which things happen, and returns what it told.
func observe(t *testing.T) *database {
	t.Helper()
	g, told := NewWithT(t), newDatabase(t)
	from := start(t)
	g.Eventually(func() error { _, _, err := from.scrape(t.Context()); return err }).WithTimeout(patience).Should(Succeed())
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- told.follow(ctx, from) }()
	happen(t, connected(t, "crm"), connected(t, "billing"))
	stop()
	g.Eventually(ended).WithTimeout(patience).Should(Receive(BeNil()))
	return told
}

// start runs the operator until the test ends, and returns where its metrics are.
func start(t *testing.T) target {
	t.Helper()
	g := NewWithT(t)
	file := filepath.Join(t.TempDir(), "kubeconfig")
	g.Expect(os.WriteFile(file, bed.Kubeconfig, 0o600)).To(Succeed())
	address, err := testbed.FreeAddress(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	operator, err := bed.Run(file, nil, &testbed.Output{}, "--namespace="+installation.Namespace, "--metrics-bind-address="+address,
		"--health-probe-bind-address=127.0.0.1:0", "--drift-interval=5s", "--host-rate-limits=*=10/20")
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(operator.Kill)
	token, err := bed.Account(t.Context(), "prometheus", testbed.MetricsReader)
	g.Expect(err).NotTo(HaveOccurred())
	return target{address, token}
}

// connected returns a namespace with a connection that is ready.
func connected(t *testing.T, name string) *fixtures.Environment {
	t.Helper()
	e := fixtures.New(t, fixtures.Options{
		Cluster: bed.Cluster, Namespaces: fixtures.NewNamespaces(name, 1), Context: context.Background(), Patience: patience,
		Cognigy:    simulator.Options{TLS: true},
		Connection: []func(*v1alpha1.ConnectionSpec){fixtures.WithTimeouts(5*time.Second, 5*time.Second)},
	})
	e.AwaitReady(e.Connection())
	return e
}

// happen lets one thing happen after the other, for as long as it takes to see it.
func happen(t *testing.T, crm, billing *fixtures.Environment) {
	t.Helper()
	deliver(crm, many, overlapping)
	deliver(billing, many/3)
	await(phase)

	crm.Cognigy.Inject(simulator.Fault{Delay: 400 * time.Millisecond, Rate: 0.3}) // from now on
	crm.Cognigy.SetRateLimit(2, 5)                                                // which is less than the operator believes
	for i := range many / 2 {
		key := crm.Read(crm.Key(named(i)))
		crm.Expect(fixtures.RequestRotation(crm.Context, bed.Cluster, key, time.Now().Add(time.Second))).To(Succeed())
	}
	await(phase)
	crm.Cognigy.SetRateLimit(0, 0)

	billing.Cognigy.Inject(simulator.Fault{Kind: simulator.FaultStatus, Status: http.StatusUnauthorized, Code: 1006})
	billing.Create(billing.Key(fixtures.Named("waits")))
	crm.Create(crm.Key(fixtures.Named("suspended"), func(key *v1alpha1.EndpointAPIKey) { key.Spec.Suspend = true }))
	crm.Create(crm.Key(fixtures.Named("stalled"), func(key *v1alpha1.EndpointAPIKey) { key.Spec.Endpoint.ID = strings.Repeat("0", 24) }))
	for range 3 {
		crm.AddKey(crm.Endpoint.ID, crm.Marker(types.UID(uuid.NewString())))
	}
	await(phase)
	billing.Cognigy.ClearFaults()

	crm.Cognigy.Inject(simulator.Fault{Kind: simulator.FaultRename, Method: http.MethodPost, Route: simulator.RouteKeys, Times: 1})
	crm.Create(crm.Key(fixtures.Named("renamed")))
	crm.Cognigy.Inject(simulator.Fault{Kind: simulator.FaultStatus, Method: http.MethodDelete, Status: http.StatusServiceUnavailable, Times: 20})
	for i := range many / 3 {
		crm.Delete(crm.Key(named(many - 1 - i)))
	}
	await(2 * phase)
}

// overlapping has replaced keys work for a while.
func overlapping(key *v1alpha1.EndpointAPIKey) { key.Spec.Rotation.Overlap.Duration = phase }

func named(i int) func(*v1alpha1.EndpointAPIKey) { return fixtures.Named(fmt.Sprintf("key-%d", i)) }

// deliver creates resources and waits for their keys.
func deliver(e *fixtures.Environment, keys int, edits ...func(*v1alpha1.EndpointAPIKey)) {
	for i := range keys {
		e.Create(e.Key(append(edits, named(i))...))
	}
	e.Eventually(func() []simulator.Entry { return e.Cognigy.Live("") }).WithTimeout(patience).Should(HaveLen(keys))
}

// await lets time pass, which is what the dashboard shows.
func await(length time.Duration) { <-time.After(length) }
