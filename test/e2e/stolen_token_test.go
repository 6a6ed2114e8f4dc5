// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"cmp"
	"encoding/json"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// foreignFinalizer is somebody's.
const foreignFinalizer = "example.com/foreign"

// stolen is what someone finds who has the token of the operator's ServiceAccount. The operator does not run.
type stolen struct {
	*fixtures.Environment
	thief client.Client

	key                    *v1alpha1.EndpointAPIKey
	cluster                *v1alpha1.ClusterCognigyConnection
	foreign, delivered     *corev1.Secret // one that is somebody's, and one with a key
	retained, token        *corev1.Secret // one that outlived its resource, and one of a ServiceAccount
	deployment, set, agent client.Object
}

// newStolen makes all of it, as administrator.
func newStolen() *stolen {
	GinkgoHelper()
	config, err := clientcmd.RESTConfigFromKubeConfig(bed.Kubeconfig)
	Expect(err).NotTo(HaveOccurred())
	s := &stolen{Environment: newEnvironment()}
	s.thief, err = installation.NewClient(config)
	s.Expect(err).NotTo(HaveOccurred())
	s.PermitRestarts()
	s.key = s.Key()
	s.key.Finalizers = []string{v1alpha1.Finalizer, foreignFinalizer}
	s.Create(s.key)
	s.foreign = &corev1.Secret{ObjectMeta: s.Meta("database"), Data: map[string][]byte{"password": []byte("foreign")}}
	s.foreign.Labels, s.foreign.Annotations = map[string]string{"team": "crm"}, map[string]string{"note": "keep"}
	s.delivered = s.compose(s.key)
	s.retained = s.compose(s.Key(retain, fixtures.Named("retained")))
	s.token = &corev1.Secret{ObjectMeta: s.Meta("token"), Type: corev1.SecretTypeServiceAccountToken}
	s.token.Annotations = map[string]string{corev1.ServiceAccountNameKey: "default"}
	s.cluster = &v1alpha1.ClusterCognigyConnection{ObjectMeta: metav1.ObjectMeta{Name: s.Namespace}, Spec: v1alpha1.ClusterCognigyConnectionSpec{
		ConnectionSpec: s.ConnectionSpec(), AllowedNamespaces: only(s.Namespace),
	}}
	s.deployment = fixtures.Deployment(s.Namespace, 0)
	s.set = &appsv1.StatefulSet{ObjectMeta: s.Meta("set"), Spec: appsv1.StatefulSetSpec{Selector: fixtures.Selector(), Template: fixtures.PodTemplate()}}
	s.agent = &appsv1.DaemonSet{ObjectMeta: s.Meta("agent"), Spec: appsv1.DaemonSetSpec{Selector: fixtures.Selector(), Template: fixtures.PodTemplate()}}
	for _, made := range []client.Object{s.foreign, s.delivered, s.retained, s.token, s.cluster, s.deployment, s.set, s.agent} {
		s.Create(made)
	}
	DeferCleanup(func() {
		s.Change(s.key, func() { s.key.Finalizers = nil })
		s.Delete(s.key)
		s.Delete(s.cluster)
	})
	return s
}

// compose returns the Secret that delivers a made-up key, as the operator writes it.
func (s *stolen) compose(key *v1alpha1.EndpointAPIKey) *corev1.Secret {
	record := delivery.Record{OwnerUID: cmp.Or(string(key.UID), "earlier"), KeyID: "65a1c0ffee0123456789abcd", EndpointID: s.Endpoint.ID, IssuedAt: time.Now()}
	return delivery.Compose(nil, key, record, "plaintext", time.Now())
}

// creates has the thief create a Secret: one with a key, but for the edits.
func creates(edits ...func(*corev1.Secret)) func(*stolen) error {
	return func(s *stolen) error {
		made := s.delivered.DeepCopy()
		made.ObjectMeta = metav1.ObjectMeta{
			Namespace: s.Namespace, Name: "new", Labels: made.Labels, Annotations: made.Annotations, OwnerReferences: made.OwnerReferences,
		}
		made.Annotations[v1alpha1.OwnerUIDAnnotation] = string(s.key.UID)
		for _, edit := range edits {
			edit(made)
		}
		return s.thief.Create(s.Context, made, client.DryRunAll)
	}
}

// changes has the thief change an object. Where something else does so meanwhile, it is changed as it is then.
func changes[T client.Object](which func(*stolen) T, edit func(T)) func(*stolen) error {
	return func(s *stolen) error {
		found := which(s)
		if err := cluster.Get(s.Context, client.ObjectKeyFromObject(found), found); err != nil {
			return err
		}
		changed := found.DeepCopyObject().(T)
		edit(changed)
		return s.thief.Patch(s.Context, changed, client.MergeFrom(found), client.DryRunAll)
	}
}

// updates is changes for Secrets, as a whole.
func updates(which func(*stolen) *corev1.Secret, edit func(*corev1.Secret)) func(*stolen) error {
	return func(s *stolen) error {
		changed := which(s).DeepCopy()
		edit(changed)
		return s.thief.Update(s.Context, changed, client.DryRunAll)
	}
}

func deletes(which func(*stolen) *corev1.Secret) func(*stolen) error {
	return func(s *stolen) error { return s.thief.Delete(s.Context, which(s), client.DryRunAll) }
}

// sets has the thief set a field of a workload's spec.
func sets(which func(*stolen) client.Object, patch map[string]any) func(*stolen) error {
	return func(s *stolen) error {
		data, err := json.Marshal(patch)
		s.Expect(err).NotTo(HaveOccurred())
		return s.thief.Patch(s.Context, which(s).DeepCopyObject().(client.Object), client.RawPatch(types.StrategicMergePatchType, data), client.DryRunAll)
	}
}

func inSpec(field string, value any) map[string]any {
	return map[string]any{"spec": map[string]any{field: value}}
}

func annotated(name string) map[string]any {
	annotations := map[string]any{"annotations": map[string]any{name: "65a1c0ffee0123456789abcd"}}
	both := inSpec("template", map[string]any{"metadata": annotations})
	both["metadata"] = annotations
	return both
}

var (
	foreign    = func(s *stolen) *corev1.Secret { return s.foreign }
	delivered  = func(s *stolen) *corev1.Secret { return s.delivered }
	retained   = func(s *stolen) *corev1.Secret { return s.retained }
	token      = func(s *stolen) *corev1.Secret { return s.token }
	resource   = func(s *stolen) *v1alpha1.EndpointAPIKey { return s.key }
	connection = func(s *stolen) *v1alpha1.CognigyConnection { return s.Connection() }
	shared     = func(s *stolen) *v1alpha1.ClusterCognigyConnection { return s.cluster }
	credential = func(s *stolen) *corev1.Secret { return s.Credentials("") }
	deployment = func(s *stolen) client.Object { return s.deployment }
	set        = func(s *stolen) client.Object { return s.set }
	agent      = func(s *stolen) client.Object { return s.agent }

	restart  = annotated("cognigy-operator.io/key-0123456789abcdef01234567")
	newImage = inSpec("template", inSpec("containers", []any{map[string]any{"name": "crm", "image": "registry.invalid/evil"}}))
)

func setData(secret *corev1.Secret) { secret.Data = map[string][]byte{"api-key": []byte("stolen")} }
func setType(of corev1.SecretType) func(*corev1.Secret) {
	return func(secret *corev1.Secret) { secret.Type = of }
}

// claim makes a Secret look like one with a key.
func claim(secret *corev1.Secret) {
	metav1.SetMetaDataLabel(&secret.ObjectMeta, v1alpha1.SecretTypeLabel, v1alpha1.SecretTypeAPIKey)
	metav1.SetMetaDataAnnotation(&secret.ObjectMeta, v1alpha1.OwnerUIDAnnotation, "owner")
	secret.OwnerReferences = []metav1.OwnerReference{{
		APIVersion: v1alpha1.GroupVersion.String(), Kind: "EndpointAPIKey", Name: "crm", UID: "owner", Controller: new(true),
	}}
}

func protect(secret *corev1.Secret) {
	metav1.SetMetaDataLabel(&secret.ObjectMeta, v1alpha1.SecretTypeLabel, v1alpha1.SecretTypeCredentials)
	controllerutil.AddFinalizer(secret, v1alpha1.InUseFinalizer)
}

func ownedBy(kind, apiVersion string) func(*corev1.Secret) {
	return func(secret *corev1.Secret) {
		secret.OwnerReferences = []metav1.OwnerReference{{APIVersion: apiVersion, Kind: kind, Name: "x", UID: "x"}}
	}
}
