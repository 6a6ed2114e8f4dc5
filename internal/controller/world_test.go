// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

const (
	// patience is how long a test waits for what is to happen: more than a request timeout and the lag of a list, on a busy
	// machine.
	patience = 60 * time.Second
	// calm is how long a test watches that nothing happens: more than a drift interval.
	calm = 2 * driftInterval

	requestTimeout = time.Second
	// listLag is how long a list may take to show what was done.
	listLag = 5 * time.Second
)

// world is a namespace with a connection to a Cognigy of its own.
type world struct {
	Gomega
	t         *testing.T
	ctx       context.Context
	namespace string
	cognigy   *simulator.Simulator
	endpoint  simulator.Endpoint
	// canaries are the plaintexts that were seen. They must not be found anywhere else.
	canaries map[string]bool
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldWith(t, simulator.Options{TLS: true})
}

func newWorldWith(t *testing.T, options simulator.Options) *world {
	t.Helper()
	t.Parallel()
	w := &world{Gomega: NewWithT(t), t: t, ctx: t.Context(), canaries: map[string]bool{}}
	var err error
	w.cognigy, err = simulator.Start(options)
	w.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(w.cognigy.Close)
	w.endpoint = w.cognigy.AddEndpoint("project", "Webhook")
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	w.create(namespace)
	w.namespace = namespace.Name
	w.canaries[w.cognigy.APIKey()] = true
	w.create(w.credentials(w.cognigy.APIKey()))
	w.create(w.connection())
	t.Cleanup(w.searchCanaries)
	return w
}

func (w *world) credentials(value string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "cognigy-credentials"},
		Data:       map[string][]byte{"api-key": []byte(value)},
	}
}

func (w *world) connection() *v1alpha1.CognigyConnection {
	return &v1alpha1.CognigyConnection{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "cognigy"},
		Spec:       w.connectionSpec(),
	}
}

func (w *world) connectionSpec() v1alpha1.ConnectionSpec {
	return v1alpha1.ConnectionSpec{
		BaseURL:        w.cognigy.URL(),
		CABundle:       w.cognigy.CABundle(),
		RequestTimeout: &metav1.Duration{Duration: requestTimeout},
		Auth:           v1alpha1.Auth{APIKey: &v1alpha1.APIKeyAuth{SecretRef: v1alpha1.SecretKeyReference{Name: "cognigy-credentials"}}},
	}
}

// key returns the smallest useful resource, changed by the edits.
func (w *world) key(edits ...func(*v1alpha1.EndpointAPIKey)) *v1alpha1.EndpointAPIKey {
	key := &v1alpha1.EndpointAPIKey{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "crm"},
		Spec: v1alpha1.EndpointAPIKeySpec{
			ConnectionRef: v1alpha1.ConnectionReference{Name: "cognigy"},
			Endpoint:      v1alpha1.EndpointReference{ID: w.endpoint.ID},
		},
	}
	for _, edit := range edits {
		edit(key)
	}
	return key
}

// issued creates a resource and waits for its key.
func (w *world) issued(edits ...func(*v1alpha1.EndpointAPIKey)) *v1alpha1.EndpointAPIKey {
	w.t.Helper()
	key := w.key(edits...)
	w.create(key)
	w.settles(key, 1)
	return key
}

func (w *world) create(object client.Object) {
	w.t.Helper()
	w.Expect(cluster.Create(w.ctx, object)).To(Succeed())
}

// change edits an object as a person would, again if somebody else was faster.
func (w *world) change(object client.Object, edit func()) {
	w.t.Helper()
	w.Eventually(func() error {
		if err := cluster.Get(w.ctx, clientKey(object), object); err != nil {
			return err
		}
		edit()
		return cluster.Update(w.ctx, object)
	}).WithTimeout(patience).Should(Succeed())
}

func (w *world) delete(object client.Object) {
	w.t.Helper()
	w.Expect(client.IgnoreNotFound(cluster.Delete(w.ctx, object))).To(Succeed())
}

// read returns the resource as it is now.
func (w *world) read(key *v1alpha1.EndpointAPIKey) *v1alpha1.EndpointAPIKey {
	w.t.Helper()
	found := &v1alpha1.EndpointAPIKey{}
	w.Expect(cluster.Get(w.ctx, clientKey(key), found)).To(Succeed())
	return found
}

// secret returns the Secret of a resource, or nil. What it holds becomes a canary.
func (w *world) secret(key *v1alpha1.EndpointAPIKey) *corev1.Secret {
	w.t.Helper()
	found := &corev1.Secret{}
	err := cluster.Get(w.ctx, key.SecretName(), found)
	if apierrors.IsNotFound(err) {
		return nil
	}
	w.Expect(err).NotTo(HaveOccurred())
	if value := found.Data[key.SecretKey()]; len(value) == 64 {
		w.canaries[string(value)] = true
	}
	return found
}

// settles waits for the liveness property: the Secret's value opens the Endpoint, the status says so and nothing else, and as
// many owned keys live as expected.
func (w *world) settles(key *v1alpha1.EndpointAPIKey, live int) *v1alpha1.EndpointAPIKey {
	w.t.Helper()
	var found *v1alpha1.EndpointAPIKey
	w.eventually(func(g Gomega) {
		found = &v1alpha1.EndpointAPIKey{}
		g.Expect(cluster.Get(w.ctx, clientKey(key), found)).To(Succeed())
		g.Expect(kstatus(g, found)).To(Equal(status.CurrentStatus), "%s", conditionsOf(found))
		secret := w.secret(key)
		g.Expect(secret).NotTo(BeNil())
		g.Expect(w.cognigy.Works(found.Spec.Endpoint.ID, string(secret.Data[key.SecretKey()]))).To(BeTrue())
		g.Expect(secret.Annotations[v1alpha1.KeyIDAnnotation]).To(Equal(found.Status.KeyID))
		g.Expect(found.Status.KeyPreview).To(HavePrefix(string(secret.Data[key.SecretKey()][:4])))
		g.Expect(found.Status.SecretName).To(Equal(secret.Name))
		g.Expect(found.Status.Issuance).To(BeNil())
		g.Expect(found.Status.ObservedGeneration).To(Equal(found.Generation))
		g.Expect(w.liveKeys(found)).To(HaveLen(live))
	})
	return found
}

// liveKeys returns the keys of the resource that work.
func (w *world) liveKeys(key *v1alpha1.EndpointAPIKey) []simulator.Entry {
	var live []simulator.Entry
	for _, entry := range w.cognigy.Live(key.Spec.Endpoint.ID) {
		if plan.HasMarker(entry.Name, plan.Marker(clusterUID(w), string(key.UID))) {
			live = append(live, entry)
		}
	}
	return live
}

// reports waits for a resource to say why it is not ready, and what kstatus makes of that.
func (w *world) reports(key client.Object, reason string, want status.Status) string {
	w.t.Helper()
	var message string
	w.eventually(func(g Gomega) {
		g.Expect(cluster.Get(w.ctx, clientKey(key), key)).To(Succeed())
		found := conditionsOf(key)
		ready := meta.FindStatusCondition(found, v1alpha1.ConditionReady)
		g.Expect(ready).NotTo(BeNil())
		g.Expect(ready.Reason).To(Equal(reason), "%s", ready.Message)
		g.Expect(ready.Status).To(Equal(metav1.ConditionFalse))
		g.Expect(kstatus(g, key)).To(Equal(want), "%v", found)
		message = ready.Message
	})
	w.Expect(w.cognigy.Leaked(message)).To(BeFalse(), "a plaintext is found in a condition")
	return message
}

// gone waits for the resource to be deleted, with its Secret and every key.
func (w *world) gone(key *v1alpha1.EndpointAPIKey) {
	w.t.Helper()
	w.eventually(func(g Gomega) {
		err := cluster.Get(w.ctx, clientKey(key), &v1alpha1.EndpointAPIKey{})
		g.Expect(apierrors.IsNotFound(err)).To(BeTrue(), "%v", err)
	})
	w.Expect(w.liveKeys(key)).To(BeEmpty())
	w.Expect(w.secret(key)).To(BeNil())
}

func (w *world) posts() int { return w.cognigy.Count(http.MethodPost, simulator.RouteKeys) }

func (w *world) eventually(check func(Gomega)) {
	w.t.Helper()
	w.Eventually(check).WithTimeout(patience).WithPolling(100 * time.Millisecond).Should(Succeed())
}

// remains checks that something stays true for longer than a drift interval.
func (w *world) remains(check func(Gomega)) {
	w.t.Helper()
	w.Consistently(check).WithTimeout(calm).WithPolling(200 * time.Millisecond).Should(Succeed())
}

// searchCanaries looks for plaintexts where they must not be: logs, events, and objects beside the Secrets that hold them. Those
// that were never delivered are known by their hashes.
func (w *world) searchCanaries() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	places := map[string]string{"logs": logs.String()}
	for _, list := range []client.ObjectList{
		&v1alpha1.EndpointAPIKeyList{}, &v1alpha1.CognigyConnectionList{}, &corev1.EventList{}, &corev1.SecretList{},
	} {
		w.Expect(cluster.List(ctx, list, client.InNamespace(w.namespace))).To(Succeed())
		if secrets, ok := list.(*corev1.SecretList); ok {
			for i := range secrets.Items {
				secrets.Items[i].Data = nil
			}
		}
		encoded, err := json.Marshal(list)
		w.Expect(err).NotTo(HaveOccurred())
		places[strings.TrimPrefix(strings.TrimSuffix(typeName(list), "List"), "*")] = string(encoded)
	}
	for place, text := range places {
		if w.cognigy.Leaked(text) {
			w.t.Errorf("the plaintext of a key that was made is found in %s", place)
		}
	}
	for canary := range w.canaries {
		encoded := base64.StdEncoding.EncodeToString([]byte(canary))
		for place, text := range places {
			if strings.Contains(text, canary) || strings.Contains(text, encoded) {
				w.t.Errorf("a plaintext is found in %s", place)
			}
		}
	}
}

func typeName(list client.ObjectList) string {
	kinds, _, err := cluster.Scheme().ObjectKinds(list)
	if err != nil {
		return "an unknown kind"
	}
	return kinds[0].Kind
}

// kstatus is what Flux, Argo CD and `kubectl wait` make of an object.
func kstatus(g Gomega, object client.Object) status.Status {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	g.Expect(err).NotTo(HaveOccurred())
	result, err := status.Compute(&unstructured.Unstructured{Object: content})
	g.Expect(err).NotTo(HaveOccurred())
	return result.Status
}

func conditionsOf(object client.Object) []metav1.Condition {
	if connection, ok := object.(v1alpha1.Connection); ok {
		return connection.GetConnectionStatus().Conditions
	}
	return object.(*v1alpha1.EndpointAPIKey).Status.Conditions
}

func clusterUID(w *world) string {
	system := &corev1.Namespace{}
	w.Expect(cluster.Get(w.ctx, types.NamespacedName{Name: "kube-system"}, system)).To(Succeed())
	return string(system.UID)
}

func clientKey(object client.Object) client.ObjectKey { return client.ObjectKeyFromObject(object) }
