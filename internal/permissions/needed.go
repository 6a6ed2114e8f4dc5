// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package permissions

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/config/rbac"
	"github.com/cognigy-operator/cognigy-operator/internal/options"
)

// Needed returns what an operator with these settings has to be permitted, each once. The chart grants the same (templates/rbac.yaml).
func Needed(settings *options.Options) []Permission {
	namespaced, clusterWide := byScope(of(rbac.Manager))
	var needed []Permission
	if settings.ClusterConnections {
		needed = append(needed, clusterWide...)
	} else if settings.ClusterID == "" { // the UID of kube-system is it then
		needed = append(needed, Permission{Verb: "get", Resource: "namespaces"})
	}
	watched := settings.WatchNamespaces
	switch {
	case len(watched) == 0:
		watched = []string{metav1.NamespaceAll}
	case settings.ClusterConnections:
		needed = append(needed, forClusterConnections(settings.Namespace)...)
	}
	for _, namespace := range watched {
		needed = append(needed, in(namespace, namespaced)...)
	}
	if settings.LeaderElect {
		needed = append(needed, in(settings.Namespace, of(rbac.LeaderElection))...)
	}
	if settings.MetricsAddress != "0" {
		needed = append(needed, of(rbac.MetricsAuth)...)
	}
	slices.SortFunc(needed, compare)
	return slices.Compact(needed)
}

// byScope tells permissions on cluster-wide kinds from others.
func byScope(all []Permission) (namespaced, clusterWide []Permission) {
	for _, each := range all {
		if each.Resource == "namespaces" || strings.HasPrefix(each.Resource, "clustercognigyconnections") {
			clusterWide = append(clusterWide, each)
		} else {
			namespaced = append(namespaced, each)
		}
	}
	return namespaced, clusterWide
}

// forClusterConnections are permissions outside the watched namespaces that ClusterCognigyConnections take: to know which resources refer to
// them, to read and protect their credentials in the operator's own namespace, and to emit their events, which are in the namespace default.
func forClusterConnections(own string) []Permission {
	needed := []Permission{
		{Verb: "list", Group: v1alpha1.GroupVersion.Group, Resource: "endpointapikeys"},
		{Namespace: own, Verb: "list", Group: v1alpha1.GroupVersion.Group, Resource: "cognigyconnections"},
		{Namespace: own, Verb: "get", Group: corev1.GroupName, Resource: "configmaps"},
	}
	for _, verb := range []string{"get", "list", "patch", "watch"} {
		needed = append(needed, Permission{Namespace: own, Verb: verb, Group: corev1.GroupName, Resource: "secrets"})
	}
	for _, verb := range []string{"create", "patch"} {
		for _, namespace := range []string{own, metav1.NamespaceDefault} {
			needed = append(needed, Permission{Namespace: namespace, Verb: verb, Group: eventsv1.GroupName, Resource: "events"})
		}
	}
	return needed
}

// consequences say what does not work without a permission on a resource.
var consequences = map[string]string{
	"endpointapikeys":           "it issues and revokes no keys",
	"cognigyconnections":        "no CognigyConnection works",
	"clustercognigyconnections": "no ClusterCognigyConnection works",
	"secrets":                   "it delivers no keys, and reads no credentials",
	"configmaps":                "caBundleRef names no ConfigMap",
	"namespaces":                "ClusterCognigyConnections allow no namespace by its labels",
	"events":                    "it emits no events",
	"leases":                    "it becomes no leader, and so does nothing",
	"tokenreviews":              "nobody may read metrics",
	"subjectaccessreviews":      "nobody may read metrics",
}

// Consequence says what of the operator does not work without the permission.
func (p Permission) Consequence() string { return consequences[p.Resource] }
