// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// newEnvironment makes a connection, changed by the edits. It becomes ready once an operator runs.
func newEnvironment(edits ...func(*v1alpha1.ConnectionSpec)) *fixtures.Environment {
	GinkgoHelper()
	return fixtures.New(GinkgoT(), fixtures.Options{
		Cluster: cluster, Namespaces: namespaces, Context: context.Background(), Patience: patience, Cognigy: simulator.Options{TLS: true}, Connection: edits,
	})
}

// retain has the operator leave a resource at once when it is deleted: its keys' end is not what is tested.
func retain(key *v1alpha1.EndpointAPIKey) { key.Spec.DeletionPolicy = v1alpha1.DeletionPolicyRetain }

// release deletes a resource and waits for it to go.
func release(e *fixtures.Environment, key *v1alpha1.EndpointAPIKey) {
	GinkgoHelper()
	e.Expect(cluster.Delete(e.Context, key)).To(Succeed())
	e.AwaitAbsent(key)
}
