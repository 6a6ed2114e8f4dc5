// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package crash_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

const (
	requestTimeout = time.Second
	// driftInterval is short, so that what only a look tells is found soon.
	driftInterval = 2 * time.Second
)

// world is what a case happens in: a namespace with a connection, a Cognigy, and an operator behind proxies.
type world struct {
	Gomega
	t         *testing.T
	ctx       context.Context // also for what happens in proxies, beside the test
	story     *story
	namespace string
	cognigy   *simulator.Simulator
	endpoint  simulator.Endpoint
	gate      *gate
	court     *court
	front     *proxy // of Cognigy
	settings  string // the operator's kubeconfig
	operator  atomic.Pointer[process]
	crashed   bool
	output    output

	key     *v1alpha1.EndpointAPIKey // as it was created
	first   simulator.Entry          // the key that was there when the story began
	foreign *corev1.Secret           // somebody else's
	strange []string                 // ids of keys that are not the resource's
}

func newWorld(t *testing.T, story *story) *world {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	w := &world{Gomega: NewWithT(t), t: t, ctx: ctx, story: story}
	w.court = &court{w: w, plaintexts: map[string]bool{}}
	w.gate = newGate(w.court)
	w.gate.kill = func() { w.operator.Load().kill() }
	w.startCognigy()
	w.startKubernetesProxy()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "crash-"}}
	w.create(namespace)
	w.namespace = namespace.Name
	credentials := w.credentials()
	credentials.Data = map[string][]byte{"api-key": []byte(w.cognigy.APIKey())}
	w.create(credentials)
	w.foreign = &corev1.Secret{ObjectMeta: w.meta("foreign"), Data: map[string][]byte{"api-key": []byte("somebody's")}}
	w.create(w.foreign)
	connection := w.connection()
	connection.Spec = v1alpha1.ConnectionSpec{
		BaseURL: w.front.url, CABundle: identity.ca, RequestTimeout: &metav1.Duration{Duration: requestTimeout},
		Auth: v1alpha1.Auth{APIKey: &v1alpha1.APIKeyAuth{SecretRef: v1alpha1.SecretKeyReference{Name: credentials.Name}}},
	}
	w.create(connection)
	w.createKey()
	return w
}

func (w *world) startCognigy() {
	var err error
	w.cognigy, err = simulator.Start(simulator.Options{})
	w.Expect(err).NotTo(HaveOccurred())
	w.t.Cleanup(w.cognigy.Close)
	w.endpoint = w.cognigy.AddEndpoint("project", "Webhook")
	w.court.hears(w.cognigy.APIKey())
	w.front, err = startProxy(w.cognigy.URL(), nil, cognigyEffect, w.gate)
	w.Expect(err).NotTo(HaveOccurred())
	w.t.Cleanup(w.front.close)
}

func (w *world) startKubernetesProxy() {
	config := plane.Config()
	front, err := startProxy(config.Host, config.CAData, kubernetesEffect, w.gate)
	w.Expect(err).NotTo(HaveOccurred())
	w.t.Cleanup(front.close)
	w.settings, err = writeKubeconfig(w.t.TempDir(), front)
	w.Expect(err).NotTo(HaveOccurred())
}

// createKey makes the resource, and keys that look like its own to whoever does not look closely.
func (w *world) createKey() {
	w.key = &v1alpha1.EndpointAPIKey{ObjectMeta: w.meta("crm"), Spec: v1alpha1.EndpointAPIKeySpec{
		ConnectionRef: v1alpha1.ConnectionReference{Name: "cognigy"}, Endpoint: v1alpha1.EndpointReference{ID: w.endpoint.ID},
	}}
	if w.story.spec != nil {
		w.story.spec(&w.key.Spec)
	}
	w.create(w.key)
	uid := string(w.key.UID)
	for _, name := range []string{
		"made by hand",
		plan.DefaultDisplayName(w.namespace, "crm"),
		plan.KeyName("another cluster's", plan.Marker("another cluster", uid)),
		plan.KeyName("another resource's", plan.Marker(clusterUID, "another resource")),
		plan.KeyName("not at the end", w.marker()) + " copy",
	} {
		entry, plaintext := w.cognigy.AddKey(w.endpoint.ID, name)
		w.strange = append(w.strange, entry.ID)
		w.court.hears(plaintext)
	}
}

// start runs the operator until the test ends, or dies here.
func (w *world) start() {
	w.gate.revive()
	operator, err := startProcess(w.settings, w.namespace, &w.output)
	w.Expect(err).NotTo(HaveOccurred())
	w.operator.Store(operator)
	w.t.Cleanup(operator.kill)
}

func (w *world) create(object client.Object) {
	w.t.Helper()
	w.Expect(cluster.Create(w.ctx, object)).To(Succeed())
}

func (w *world) meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: w.namespace, Name: name}
}

func (w *world) connection() *v1alpha1.CognigyConnection {
	return &v1alpha1.CognigyConnection{ObjectMeta: w.meta("cognigy")}
}

func (w *world) credentials() *corev1.Secret {
	return &corev1.Secret{ObjectMeta: w.meta("credentials")}
}

func (w *world) marker() string { return plan.Marker(clusterUID, string(w.key.UID)) }

func (w *world) read() (*v1alpha1.EndpointAPIKey, error) {
	key := &v1alpha1.EndpointAPIKey{}
	return key, cluster.Get(w.ctx, client.ObjectKeyFromObject(w.key), key)
}

// target is the Secret that the key is delivered into.
func (w *world) target() *corev1.Secret {
	name := w.key.SecretName()
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: name.Namespace, Name: name.Name}}
}

func (w *world) readSecret() (*corev1.Secret, error) {
	secret := &corev1.Secret{}
	return secret, cluster.Get(w.ctx, w.key.SecretName(), secret)
}

// owned returns the resource's keys of a list of the ledger's.
func (w *world) owned(entries []simulator.Entry) []simulator.Entry {
	var owned []simulator.Entry
	for _, entry := range entries {
		if plan.HasMarker(entry.Name, w.marker()) {
			owned = append(owned, entry)
		}
	}
	return owned
}

func (w *world) live() []simulator.Entry { return w.owned(w.cognigy.Live(w.endpoint.ID)) }
