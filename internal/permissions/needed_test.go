// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package permissions_test

import (
	"slices"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/options"
	"github.com/cognigy-operator/cognigy-operator/internal/permissions"
)

// names are what an operator with some settings needs.
func names(settings options.Options) (needed []string) {
	for _, each := range permissions.Needed(&settings) {
		needed = append(needed, each.String())
	}
	return needed
}

func TestNeeded(t *testing.T) {
	g := NewWithT(t)
	whole := names(options.Options{ClusterConnections: true, LeaderElect: true, Namespace: "own", MetricsAddress: ":8443"})
	g.Expect(whole).To(ContainElements(
		"get configmaps", "delete secrets", "watch namespaces", "patch clustercognigyconnections.cognigy-operator.io/status",
		"update endpointapikeys.cognigy-operator.io/finalizers", `update leases.coordination.k8s.io in namespace "own"`,
		"create tokenreviews.authentication.k8s.io",
	))

	one := names(options.Options{WatchNamespaces: []string{"crm"}, ClusterID: "some", Namespace: "own", MetricsAddress: "0"})
	g.Expect(one).To(HaveEach(HaveSuffix(` in namespace "crm"`)))
	g.Expect(one).To(ContainElement(`delete secrets in namespace "crm"`))
	g.Expect(one).NotTo(ContainElement(ContainSubstring("clustercognigyconnections")))

	both := names(options.Options{WatchNamespaces: []string{"crm", "own"}, ClusterConnections: true, Namespace: "own", MetricsAddress: "0"})
	g.Expect(both).To(ContainElements(
		"get namespaces", "list endpointapikeys.cognigy-operator.io", `create events.events.k8s.io in namespace "default"`, `get secrets in namespace "own"`,
	))
	g.Expect(both).NotTo(ContainElement("delete secrets"))
	g.Expect(slices.Compact(slices.Sorted(slices.Values(both)))).To(HaveLen(len(both)), "each once")

	g.Expect(names(options.Options{MetricsAddress: "0"})).To(ContainElement("get namespaces"), "the UID of kube-system identifies the cluster")
}

// Whoever lacks a permission wants to know why it matters.
func TestConsequences(t *testing.T) {
	g := NewWithT(t)
	for _, each := range permissions.Needed(&options.Options{ClusterConnections: true, LeaderElect: true, Namespace: "own"}) {
		g.Expect(each.Consequence()).NotTo(BeEmpty(), each.String())
	}
}
