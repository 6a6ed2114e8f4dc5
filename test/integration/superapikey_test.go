// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// superAPIKeyRequests counts the requests for super API keys that Cognigy got.
func (e *environment) superAPIKeyRequests() int {
	return e.Cognigy.Count(http.MethodPost, simulator.RouteSuperAPIKeys)
}

// A super API key can be neither listed nor revoked.
var _ = Describe("Super API keys are few:", Label("connection"), func() {
	It("one is for all the resources of a connection, however many wait for it", func() {
		const resources = 120
		e := newEnvironmentBy(ways["super API keys"])
		var keys []*v1alpha1.EndpointAPIKey
		for i := range resources {
			key := e.Key(fixtures.Named(fmt.Sprintf("key-%d", i)))
			e.Create(key)
			keys = append(keys, key)
		}
		before := time.Now().Truncate(time.Microsecond)
		e.Create(e.login(firstLogin))
		for _, key := range keys {
			e.AwaitDelivered(key, 1)
		}
		e.Expect(e.superAPIKeyRequests()).To(Equal(1))
		noted := e.Connection()
		e.Expect(cluster.Get(e.Context, clientKey(noted), noted)).To(Succeed())
		e.Expect(noted.Status.SuperKeyMintedAt.Time).To(And(
			BeTemporally(">=", before), BeTemporally("<=", e.Cognigy.Tokens()[0].MadeAt),
		))
	})

	It("an operator that starts keeps the time since the one before asked, and the connection stays ready", func() {
		e := connectedBy(ways["super API keys"])
		key, found := e.issued(), e.Connection()
		e.stopOperator()
		asked := time.Now().Truncate(time.Microsecond)
		e.Expect(cluster.Get(e.Context, clientKey(found), found)).To(Succeed())
		found.Status.SuperKeyMintedAt = new(metav1.NewMicroTime(asked)) // as the operator before may have written just before its end
		e.Expect(cluster.Status().Update(e.Context, found)).To(Succeed())
		e.restartOperator()
		for e.superAPIKeyRequests() == 1 {
			e.Expect(cluster.Get(e.Context, clientKey(found), found)).To(Succeed())
			e.Expect(found.Status.Conditions).To(ConsistOf(HaveField("Reason", v1alpha1.ReasonConnected)))
			e.Expect(time.Since(asked)).To(BeNumerically("<", patience))
			<-time.After(50 * time.Millisecond)
		}
		e.Expect(e.Cognigy.Tokens()[1].MadeAt).To(BeTemporally(">=", asked.Add(superKeyInterval)))
		e.AwaitReady(found)
		e.AwaitDelivered(key, 1)
		e.Expect(e.Posts()).To(Equal(1))
	})

	It("a standby asks for none", Serial, func() { // there is one Lease
		e := newEnvironmentBy(ways["super API keys"])
		e.stopOperator()
		for range 2 {
			runOperator(e.watched.Names(), "--cluster-connections", "--leader-elect")
		}
		e.Create(e.login(firstLogin))
		e.issued()
		e.remains(func(g Gomega) { g.Expect(e.superAPIKeyRequests()).To(Equal(1)) })
	})

	It("of several processes one asks", func() {
		e := connectedBy(ways["super API keys"])
		e.stopOperator()
		found := e.Connection()
		e.Expect(cluster.Get(e.Context, clientKey(found), found)).To(Succeed())
		found.Status.SuperKeyMintedAt = nil
		e.Expect(cluster.Status().Update(e.Context, found)).To(Succeed())
		before := e.superAPIKeyRequests()
		var processes sync.WaitGroup
		for range 10 {
			processes.Go(func() {
				defer GinkgoRecover()
				resolver := &connection.Resolver{
					Client: cluster, APIReader: cluster, Clock: clock.RealClock{}, Hosts: ratelimit.NewHosts(nil), SuperKeyInterval: time.Hour,
				}
				session, _, err := resolver.Session(e.Context, found)
				e.Expect(err).NotTo(HaveOccurred())
				_ = session.Probe(e.Context) // one succeeds
			})
		}
		processes.Wait()
		e.Expect(e.superAPIKeyRequests()).To(Equal(before + 1))
	})

	It("a connection that got none says when the operator asks again", func() {
		e := newEnvironmentBy(ways["super API keys"])
		e.Cognigy.Inject(simulator.Fault{Route: simulator.RouteSuperAPIKeys, Kind: simulator.FaultCommitThenDrop})
		e.Create(e.login(firstLogin))
		e.reports(e.Connection(), v1alpha1.ReasonTokenPending, status.InProgressStatus, "it asks for the next at")
		e.Cognigy.ClearFaults()
		e.AwaitReady(e.Connection())
	})

	It("a connection that keeps failing asks no more often", func() {
		e := connectedBy(ways["super API keys"])
		e.Cognigy.Inject(simulator.Fault{Route: simulator.RouteSuperAPIKeys, Kind: simulator.FaultCommitThenDrop})
		e.Cognigy.ExpireTokens()
		e.Eventually(e.superAPIKeyRequests).WithTimeout(patience).Should(BeNumerically(">=", 4))
		made := e.Cognigy.Tokens()
		for i := 1; i < len(made); i++ {
			e.Expect(made[i].MadeAt.Sub(made[i-1].MadeAt)).To(BeNumerically(">", superKeyInterval/2))
		}
		e.Cognigy.ClearFaults()
		e.AwaitReady(e.Connection())
	})
})
