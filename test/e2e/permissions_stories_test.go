// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/internal/rollout"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// only are the namespaces with a name.
func only(namespace string) v1alpha1.AllowedNamespaces {
	labels := map[string]string{corev1.LabelMetadataName: namespace}
	return v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesFromSelector, Selector: &v1alpha1.NamespaceSelector{MatchLabels: labels}}
}

// inOperatorNamespace returns the metadata of an object that a ClusterCognigyConnection of the environment names.
func inOperatorNamespace(e *fixtures.Environment) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: installation.Namespace, Name: "of-" + e.Namespace}
}

// shareConnections makes ClusterCognigyConnections with the same credentials, and with certificate authorities from a ConfigMap.
func shareConnections(e *fixtures.Environment, names ...string) *corev1.Secret {
	GinkgoHelper()
	credentials := e.Credentials(e.Cognigy.APIKey())
	credentials.ObjectMeta = inOperatorNamespace(e)
	e.Create(credentials)
	authorities := &corev1.ConfigMap{ObjectMeta: inOperatorNamespace(e), Data: map[string]string{"ca.crt": string(e.Cognigy.CABundle())}}
	e.Create(authorities)
	DeferCleanup(e.Delete, authorities)
	for _, name := range names {
		spec := e.ConnectionSpec(func(spec *v1alpha1.ConnectionSpec) {
			spec.Auth.APIKey.SecretRef.Name, spec.CABundle = v1alpha1.ObjectName(credentials.Name), nil
			spec.CABundleRef = &v1alpha1.CABundleReference{Kind: v1alpha1.CABundleKindConfigMap, Name: v1alpha1.ObjectName(authorities.Name), Key: "ca.crt"}
		})
		made := &v1alpha1.ClusterCognigyConnection{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.ClusterCognigyConnectionSpec{
			ConnectionSpec: spec, AllowedNamespaces: only(e.Namespace),
		}}
		e.Create(made)
		e.AwaitReady(made)
	}
	return credentials
}

// throughShared returns a key resource of a ClusterCognigyConnection.
func throughShared(e *fixtures.Environment, connection string) *v1alpha1.EndpointAPIKey {
	return e.Key(fixtures.Named(connection), func(key *v1alpha1.EndpointAPIKey) {
		key.Spec.ConnectionRef = v1alpha1.ConnectionReference{Kind: v1alpha1.ConnectionKindCluster, Name: v1alpha1.ObjectName(connection)}
	})
}

// What the operator is permitted but seldom needs. That it needs no more, usesItsPermissions checks when all specs have run.
var _ = Describe("The operator's permissions suffice", Serial, func() {
	It("to restart workloads of each kind", func() {
		e := newEnvironment()
		e.PermitRestarts()
		start()
		workloads := map[v1alpha1.TargetKind]client.Object{
			v1alpha1.TargetKindDeployment: fixtures.Deployment(e.Namespace, 0),
			v1alpha1.TargetKindStatefulSet: &appsv1.StatefulSet{ObjectMeta: e.Meta(fixtures.WorkloadName), Spec: appsv1.StatefulSetSpec{
				Replicas: new(int32(0)), Selector: fixtures.Selector(), Template: fixtures.PodTemplate(),
			}},
			v1alpha1.TargetKindDaemonSet: &appsv1.DaemonSet{ObjectMeta: e.Meta(fixtures.WorkloadName), Spec: appsv1.DaemonSetSpec{
				Selector: fixtures.Selector(), Template: fixtures.PodTemplate(),
			}},
		}
		key := e.Key(retain)
		for kind, workload := range workloads {
			e.Create(workload)
			key.Spec.RolloutRestartTargets = append(key.Spec.RolloutRestartTargets, v1alpha1.RolloutRestartTarget{Kind: kind, Name: fixtures.WorkloadName})
		}
		e.Create(key)
		first := e.AwaitDelivered(key, 1).Status.KeyID
		e.Change(key, func() {
			at := metav1.NewTime(time.Now().Add(time.Second)).Rfc3339Copy()
			key.Spec.Rotation.NotBefore = &at
		})
		for kind, workload := range workloads {
			e.Await(func(g Gomega) {
				g.Expect(cluster.Get(e.Context, client.ObjectKeyFromObject(workload), workload)).To(Succeed())
				template, _ := rollout.Of(workload)
				g.Expect(template.Annotations).To(HaveKeyWithValue(key.RestartAnnotation(), And(Not(BeEmpty()), Not(Equal(first)))), string(kind))
			})
		}
		release(e, key)
	})

	// Both connections report the same of their Secret, so that the second report is a change of the first one's event. And this operator lists
	// what it then watches, as it does where the API server cannot stream lists: that is off by default in older versions.
	It("to serve ClusterCognigyConnections that share credentials", func() {
		GinkgoT().Setenv("KUBE_FEATURE_WatchListClient", "false")
		e := newEnvironment()
		start()
		names := []string{"one-" + e.Namespace, "another-" + e.Namespace}
		credentials := shareConnections(e, names...)
		for _, name := range names {
			key := throughShared(e, name)
			e.Create(key)
			e.AwaitDelivered(key, 1)
		}
		e.Delete(credentials)
		e.Await(func(g Gomega) {
			found := &eventsv1.EventList{}
			g.Expect(cluster.List(e.Context, found, client.InNamespace(credentials.Namespace))).To(Succeed())
			g.Expect(found.Items).To(ContainElement(And(
				HaveField("Regarding.Name", credentials.Name), HaveField("Reason", v1alpha1.EventCredentialsInUse),
				HaveField("Series", HaveValue(HaveField("Count", BeNumerically(">=", 2)))),
			)))
		})
		for _, name := range names {
			e.Delete(throughShared(e, name))
			e.AwaitAbsent(throughShared(e, name))
			connection := &v1alpha1.ClusterCognigyConnection{ObjectMeta: metav1.ObjectMeta{Name: name}}
			e.Delete(connection)
			e.AwaitAbsent(connection)
		}
		e.AwaitAbsent(credentials)
	})

	// A token without that permission shows that the API server asks for it, as OpenShift's does.
	It("to have a Secret hold up the deletion of its EndpointAPIKey", func() {
		e := newEnvironment()
		key := e.Key(retain)
		e.Create(key)
		DeferCleanup(e.Delete, key)
		owner := key.DeepCopy()
		owner.Spec.DeletionPolicy = v1alpha1.DeletionPolicyRevoke
		secret := delivery.Compose(nil, owner, delivery.Record{OwnerUID: string(key.UID), IssuedAt: time.Now()}, "plaintext", time.Now())

		limited := account("without-finalizers", "")
		permit(e, "secrets", "without-finalizers", rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"create", "delete"}})
		other := clientOf(limited)
		e.Await(func(g Gomega) {
			g.Expect(other.Create(e.Context, secret.DeepCopy(), client.DryRunAll)).To(MatchError(ContainSubstring("cannot set blockOwnerDeletion")))
		})
		permit(e, "finalizers", "without-finalizers", rbacv1.PolicyRule{
			APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{"endpointapikeys/finalizers"}, Verbs: []string{"update"},
		})
		e.Await(func(g Gomega) { g.Expect(other.Create(e.Context, secret.DeepCopy(), client.DryRunAll)).To(Succeed()) })
	})
})

// permit lets a ServiceAccount of the namespace default do something in the environment's namespace.
func permit(e *fixtures.Environment, name, serviceAccount string, rule rbacv1.PolicyRule) {
	GinkgoHelper()
	e.Create(&rbacv1.Role{ObjectMeta: e.Meta(name), Rules: []rbacv1.PolicyRule{rule}})
	e.Create(&rbacv1.RoleBinding{
		ObjectMeta: e.Meta(name), RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: "default", Name: serviceAccount}},
	})
}

// clientOf returns a client with the token of a ServiceAccount.
func clientOf(token string) client.Client {
	GinkgoHelper()
	config := rest.AnonymousClientConfig(bed.Config)
	config.BearerToken = token
	made, err := installation.NewClient(config)
	Expect(err).NotTo(HaveOccurred())
	return made
}
