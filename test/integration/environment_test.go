// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
	"github.com/cognigy-operator/cognigy-operator/test/suite"
)

const (
	// patience is how long a test waits for what is to happen: more than an attempt may take and the lag of a list, on a busy
	// machine.
	patience = 3 * time.Minute
	// namespacesPerSpec is more than a spec needs.
	namespacesPerSpec = 3
	// quietTime is how long a test watches that nothing happens: more than a drift interval.
	quietTime = 2 * driftInterval

	// shortRequest and shortDelivery are for tests in which an attempt to issue a key has to end without a result.
	shortRequest  = time.Second
	shortDelivery = 2 * time.Second
)

// shortTimeouts gives attempts up soon. A busy machine may miss them, so that no test that counts on an attempt's success uses
// them.
var shortTimeouts = fixtures.WithTimeouts(shortRequest, shortDelivery)

// environment is a namespace with a connection to a Cognigy of its own.
type environment struct {
	*fixtures.Environment
	stopOperator func()
	watched      *fixtures.Namespaces
}

func newEnvironment(edits ...func(*v1alpha1.ConnectionSpec)) *environment {
	GinkgoHelper()
	return newEnvironmentWith(simulator.Options{TLS: true}, edits...)
}

func newEnvironmentWith(cognigy simulator.Options, edits ...func(*v1alpha1.ConnectionSpec)) *environment {
	GinkgoHelper()
	logged, namespaces := logs.Len(), suite.Namespaces(namespacesPerSpec)
	if limited {
		permitLimited(namespaces)
	}
	stop := runOperator(namespaces.Names(), serving()...)
	e := &environment{stopOperator: stop, watched: namespaces, Environment: fixtures.New(GinkgoT(), fixtures.Options{
		Cluster: cluster, Namespaces: namespaces, Context: context.Background(), Patience: patience, Cognigy: cognigy, Connection: edits,
	})}
	DeferCleanup(e.searchPlaintexts, logged)
	return e
}

// restartOperator replaces the operator by one with more flags.
func (e *environment) restartOperator(flags ...string) {
	GinkgoHelper()
	e.stopOperator()
	e.stopOperator = runOperator(e.watched.Names(), serving(flags...)...)
}

// serving are flags with which an operator serves ClusterCognigyConnections, too, if its permissions suffice.
func serving(flags ...string) []string {
	if limited {
		return flags
	}
	return append(flags, "--cluster-connections")
}

// issued creates a resource and waits for its key.
func (e *environment) issued(edits ...func(*v1alpha1.EndpointAPIKey)) *v1alpha1.EndpointAPIKey {
	GinkgoHelper()
	key := e.Key(edits...)
	e.Create(key)
	e.AwaitDelivered(key, 1)
	return key
}

// reports waits until an object reports why it is not ready, in words that contain those given, and until kstatus reads that
// as wanted. It returns the message.
func (e *environment) reports(object client.Object, reason string, want status.Status, says ...string) string {
	GinkgoHelper()
	var message string
	e.Await(func(g Gomega) {
		g.Expect(cluster.Get(e.Context, clientKey(object), object)).To(Succeed())
		found := fixtures.Conditions(object)
		ready := meta.FindStatusCondition(found, v1alpha1.ConditionReady)
		g.Expect(ready).NotTo(BeNil())
		g.Expect(ready.Reason).To(Equal(reason), "%s", ready.Message)
		g.Expect(ready.Status).To(Equal(metav1.ConditionFalse))
		g.Expect(fixtures.Kstatus(g, object)).To(Equal(want), "%v", found)
		for _, text := range says {
			g.Expect(ready.Message).To(ContainSubstring(text))
		}
		message = ready.Message
	})
	e.Expect(e.FindPlaintexts(map[string]string{"condition": message})).To(BeEmpty())
	return message
}

// remains checks that something stays true for longer than a drift interval.
func (e *environment) remains(check func(Gomega)) {
	GinkgoHelper()
	e.Consistently(check).WithTimeout(quietTime).WithPolling(200 * time.Millisecond).Should(Succeed())
}

// searchPlaintexts looks for plaintexts where they must not be: in what the operator logged since, in events, and in objects beside
// the data of Secrets. Of a spec that failed it keeps the log, which is too long for a terminal.
func (e *environment) searchPlaintexts(since int) {
	log := logs.From(since)
	if CurrentSpecReport().Failed() {
		AddReportEntry("the operator's log of this spec", keep(log))
	}
	e.Expect(log).To(ContainSubstring("Starting workers"), "the operator logs into what is searched")
	places := e.ObjectTexts(e.Context, fixtures.AnySecret)
	places["logs"] = log
	e.Expect(e.FindPlaintexts(places)).To(BeEmpty())
}

// keep writes a text into a file that outlives the test, and returns the file's name.
func keep(text string) (name string) {
	file, err := os.CreateTemp("", "cognigy-operator-test-*.log")
	Expect(err).NotTo(HaveOccurred())
	_, err = file.WriteString(text)
	Expect(errors.Join(err, file.Close())).To(Succeed())
	return file.Name()
}

func clientKey(object client.Object) client.ObjectKey { return client.ObjectKeyFromObject(object) }
