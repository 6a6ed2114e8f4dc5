// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"
	"testing"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

const (
	// patience is how long a test waits for what is to happen: more than an attempt may take and the lag of a list, on a busy
	// machine.
	patience = 3 * time.Minute
	// quietTime is how long a test watches that nothing happens: more than a drift interval.
	quietTime = 2 * driftInterval

	// shortRequest and shortDelivery are for tests in which an attempt to issue a key has to end without a result.
	shortRequest  = time.Second
	shortDelivery = 2 * time.Second
	// listLag is how long a list may take to show what was done.
	listLag = 5 * time.Second
)

// shortTimeouts gives attempts up soon. A busy machine may miss them, so that no test that counts on an attempt's success uses
// them.
var shortTimeouts = fixtures.WithTimeouts(shortRequest, shortDelivery)

// environment is a namespace with a connection to a Cognigy of its own.
type environment struct {
	*fixtures.Environment
	t *testing.T
}

func newEnvironment(t *testing.T, edits ...func(*v1alpha1.ConnectionSpec)) *environment {
	t.Helper()
	return newEnvironmentWith(t, simulator.Options{TLS: true}, edits...)
}

func newEnvironmentWith(t *testing.T, cognigy simulator.Options, edits ...func(*v1alpha1.ConnectionSpec)) *environment {
	t.Helper()
	t.Parallel()
	e := &environment{t: t, Environment: fixtures.New(t, fixtures.Options{
		Cluster: cluster, Context: t.Context(), Patience: patience, Cognigy: cognigy, Connection: edits,
	})}
	t.Cleanup(e.searchPlaintexts)
	return e
}

// issued creates a resource and waits for its key.
func (e *environment) issued(edits ...func(*v1alpha1.EndpointAPIKey)) *v1alpha1.EndpointAPIKey {
	e.t.Helper()
	key := e.Key(edits...)
	e.Create(key)
	e.AwaitDelivered(key, 1)
	return key
}

// reports waits until an object reports why it is not ready, in words that contain those given, and until kstatus reads that
// as wanted. It returns the message.
func (e *environment) reports(object client.Object, reason string, want status.Status, says ...string) string {
	e.t.Helper()
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
	e.t.Helper()
	e.Consistently(check).WithTimeout(quietTime).WithPolling(200 * time.Millisecond).Should(Succeed())
}

// searchPlaintexts looks for plaintexts where they must not be: in logs, events, and objects beside the data of Secrets.
func (e *environment) searchPlaintexts() {
	ctx, cancel := context.WithTimeout(context.Background(), patience) // the test's own has ended
	defer cancel()
	places := e.ObjectTexts(ctx, fixtures.AnySecret)
	places["logs"] = logs.String()
	for _, finding := range e.FindPlaintexts(places) {
		e.t.Error(finding)
	}
}

func clientKey(object client.Object) client.ObjectKey { return client.ObjectKeyFromObject(object) }
