// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// TestCost applies many resources at once, and counts. The figures are promises of the design: per key one POST and no LIST,
// four writes to the API server (finalizer, intent, Secret, status; events come on top) and one dry run; then nothing.
func TestCost(t *testing.T) {
	const keys, endpoints = 100, 10
	start(t, "--leader-elect")
	e := newEnvironment(t)
	e.AwaitReady(e.Connection())
	var ids []string
	for i := range endpoints {
		ids = append(ids, e.Cognigy.AddEndpoint("project", fmt.Sprintf("Endpoint %d", i)).ID)
	}
	// The first key of a connection makes it and its credentials carry a finalizer, once.
	first := e.Key(fixtures.Named("first"))
	e.Create(first)
	e.Eventually(func() []simulator.Entry { return e.Cognigy.Live("") }).WithTimeout(patience).Should(HaveLen(1))
	release(t, e, first)
	posts, lists := e.Posts(), e.Lists()
	deletes := e.Cognigy.Count(http.MethodDelete, simulator.RouteKey)
	before, err := controlplane.CountRequests(bed.AuditLog)
	e.Expect(err).NotTo(HaveOccurred())
	for i := range keys {
		e.Create(e.Key(fixtures.Named(fmt.Sprintf("key-%d", i)), func(key *v1alpha1.EndpointAPIKey) { key.Spec.Endpoint.ID = ids[i%endpoints] }))
	}
	found := &v1alpha1.EndpointAPIKeyList{}
	e.Eventually(func(g Gomega) {
		g.Expect(cluster.List(e.Context, found, client.InNamespace(e.Namespace))).To(Succeed())
		for i := range found.Items {
			g.Expect(fixtures.Kstatus(g, &found.Items[i])).To(Equal(status.CurrentStatus))
		}
	}).WithTimeout(patience).Should(Succeed())
	e.Expect(found.Items).To(HaveLen(keys))

	e.Expect(e.Cognigy.Live("")).To(HaveLen(keys))
	posts = e.Posts() - posts
	e.Expect(posts).To(Equal(keys))
	writes, dryRuns := operatorWrites(e, before)
	repeated := conflicts(e)
	t.Logf("%d keys: %d writes, %d dry runs, %d POSTs, %d LISTs, %d conflicts", keys, writes, dryRuns, posts, e.Lists()-lists, repeated)
	// The API server may answer a write with a conflict. What is tried again then costs a LIST, since it is no first issue any more.
	e.Expect(repeated).To(BeNumerically("<=", keys/20))
	e.Expect(e.Lists()).To(BeNumerically("<=", lists+repeated), "no LIST before the drift interval")
	e.Expect(writes).To(BeNumerically("<=", 4*(keys+repeated)))
	e.Expect(dryRuns).To(BeNumerically("~", keys, repeated))

	for i := range found.Items {
		e.Expect(cluster.Delete(e.Context, &found.Items[i])).To(Succeed())
	}
	e.Eventually(func(g Gomega) {
		g.Expect(cluster.List(e.Context, found, client.InNamespace(e.Namespace))).To(Succeed())
		g.Expect(found.Items).To(BeEmpty())
	}).WithTimeout(patience).Should(Succeed())
	e.Expect(e.Cognigy.Live("")).To(BeEmpty())
	secrets := &corev1.SecretList{}
	e.Expect(cluster.List(e.Context, secrets, client.InNamespace(e.Namespace), client.HasLabels{v1alpha1.SecretTypeLabel})).To(Succeed())
	e.Expect(secrets.Items).To(ConsistOf(HaveField("Name", fixtures.CredentialsName)))
	deletes = e.Cognigy.Count(http.MethodDelete, simulator.RouteKey) - deletes
	t.Logf("deleted: %d DELETEs, %d LISTs", deletes, e.Lists()-lists)
	e.Expect(deletes).To(Equal(keys))
}

// conflicts counts the operator's writes in the environment that the API server refused since an object had changed.
func conflicts(e *fixtures.Environment) int {
	events, err := controlplane.ReadAuditLog(bed.AuditLog)
	e.Expect(err).NotTo(HaveOccurred())
	count := 0
	for i := range events {
		if event := &events[i]; event.User.Username == operatorUser && event.ObjectRef != nil && event.ObjectRef.Namespace == e.Namespace &&
			event.ObjectRef.Resource == "endpointapikeys" && event.ResponseStatus.Code == http.StatusConflict {
			count++
		}
	}
	return count
}

// operatorUser is the operator's ServiceAccount.
const operatorUser = "system:serviceaccount:" + installation.Namespace + ":" + installation.ServiceAccount

// operatorWrites counts what the operator did to resources and Secrets: writes, and dry runs.
func operatorWrites(g Gomega, before controlplane.Counts) (writes, dryRuns int) {
	after, err := controlplane.CountRequests(bed.AuditLog)
	g.Expect(err).NotTo(HaveOccurred())
	counts := after.Since(before)
	counted := func(r controlplane.Request) bool {
		return r.User == operatorUser && (r.Resource == "endpointapikeys" || r.Resource == "secrets")
	}
	writes = counts.Sum(func(r controlplane.Request) bool { return counted(r) && r.Write() })
	dryRuns = counts.Sum(func(r controlplane.Request) bool { return counted(r) && r.DryRun })
	return writes, dryRuns
}
