// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"strings"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

const allowAnotherHost = "--allowed-hosts=api-trial.cognigy.ai,*.cognigy.cloud"

var _ = Describe("The hosts that --allowed-hosts names", Label("connection"), func() {
	It("are the only ones to which a CognigyConnection sends anything, and it says so", func() {
		e := newEnvironment()
		connection, key := e.Connection(), e.issued()
		e.restartOperator(allowAnotherHost)
		sent := len(e.Cognigy.Requests())
		host := strings.TrimPrefix(e.Cognigy.URL(), "https://")
		e.reports(connection, v1alpha1.ReasonHostNotAllowed, status.FailedStatus, "add the host to --allowed-hosts", host)
		e.remains(func(g Gomega) {
			g.Expect(e.Cognigy.Works(e.Endpoint.ID, string(e.Secret(key).Data["api-key"]))).To(BeTrue())
			g.Expect(e.Cognigy.Requests()).To(HaveLen(sent))
		})
		e.restartOperator("--allowed-hosts=" + host)
		e.AwaitReady(connection)
		e.AwaitDelivered(key, 1)
		e.Expect(e.Posts()).To(Equal(1))
	})

	It("do not restrict a ClusterCognigyConnection", Serial, func() {
		e := newEnvironment()
		e.restartOperator(allowAnotherHost)
		connection, _ := e.clusterConnection()
		e.issued(through(connection))
	})
})

// What a neighbour can find out of the operator's network by the status of a connection.
var _ = Describe("Of an address that does not answer", Serial, Label("connection"), func() {
	It("a CognigyConnection does not tell why; a ClusterCognigyConnection and the operator's log do", func() {
		e := newEnvironment()
		since := logs.Len()
		untrusted := e.Connection()
		untrusted.Name, untrusted.Spec.CABundle = "untrusted", nil
		e.Create(untrusted)
		closed := e.recreateConnection("https://127.0.0.1:1")
		message := e.reports(closed, v1alpha1.ReasonUnavailable, status.InProgressStatus, "gives no complete answer")
		e.Expect(e.reports(untrusted, v1alpha1.ReasonUnavailable, status.InProgressStatus)).To(Equal(message))
		e.Await(func(g Gomega) {
			g.Expect(logs.From(since)).To(And(ContainSubstring("connection refused"), ContainSubstring("does not trust the server's certificate")))
		})
		shared, _ := e.clusterConnection()
		e.Change(shared, func() { shared.Spec.CABundle = nil })
		e.reports(shared, v1alpha1.ReasonUnavailable, status.InProgressStatus, "does not trust the server's certificate")
	})
})
