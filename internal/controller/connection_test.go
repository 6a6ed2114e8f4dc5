// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller_test

import (
	"testing"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// becomesReady waits for a connection to be usable.
func (w *world) becomesReady(connection v1alpha1.Connection) {
	w.t.Helper()
	w.eventually(func(g Gomega) {
		g.Expect(cluster.Get(w.ctx, clientKey(connection), connection)).To(Succeed())
		g.Expect(kstatus(g, connection)).To(Equal(status.CurrentStatus))
		g.Expect(conditionsOf(connection)).To(ConsistOf(HaveField("Reason", v1alpha1.ReasonConnected)))
	})
}

// Each fault of a connection is said on the connection and on the resources that need it, and both recover by themselves.
func TestConnectionFails(t *testing.T) {
	const failed, inProgress = status.FailedStatus, status.InProgressStatus
	credentials := func(w *world) *corev1.Secret { return w.credentials("") }
	cases := map[string]struct {
		harm   func(w *world, connection *v1alpha1.CognigyConnection)
		reason string
		want   status.Status
		says   string
		mend   func(w *world, connection *v1alpha1.CognigyConnection, apiKey string)
	}{
		"the credentials Secret is missing": {
			harm:   func(w *world, _ *v1alpha1.CognigyConnection) { w.delete(credentials(w)) },
			reason: v1alpha1.ReasonCredentialsNotFound, want: inProgress, says: "create it",
			mend: func(w *world, _ *v1alpha1.CognigyConnection, apiKey string) { w.create(w.credentials(apiKey)) },
		},
		"its data key is missing": {
			harm:   setCredentials(func(s *corev1.Secret) { s.Data = nil }),
			reason: v1alpha1.ReasonCredentialsNotFound, want: inProgress, says: `no data key "api-key"`,
			mend: mendCredentials,
		},
		"the API key is empty": {
			harm:   setCredentials(func(s *corev1.Secret) { s.Data = map[string][]byte{"api-key": []byte("\n")} }),
			reason: v1alpha1.ReasonCredentialsInvalid, want: failed, says: "is empty", mend: mendCredentials,
		},
		"the API key is two lines": {
			harm:   setCredentials(func(s *corev1.Secret) { s.Data = map[string][]byte{"api-key": []byte("a\nb")} }),
			reason: v1alpha1.ReasonCredentialsInvalid, want: failed, says: "white space", mend: mendCredentials,
		},
		"the API key is wrong": {
			harm:   setCredentials(func(s *corev1.Secret) { s.Data = map[string][]byte{"api-key": []byte("wrong")} }),
			reason: v1alpha1.ReasonUnauthorized, want: failed, says: "valid API key", mend: mendCredentials,
		},
		"another authority signed the certificate": {
			harm: func(w *world, c *v1alpha1.CognigyConnection) {
				w.change(c, func() { c.Spec.CABundle = nil })
			},
			reason: v1alpha1.ReasonUnavailable, want: inProgress, says: "certificate",
			mend: func(w *world, c *v1alpha1.CognigyConnection, _ string) {
				w.change(c, func() { c.Spec.CABundle = w.cognigy.CABundle() })
			},
		},
		"caBundle is no certificate": {
			harm: func(w *world, c *v1alpha1.CognigyConnection) {
				w.change(c, func() { c.Spec.CABundle = []byte("certificate") })
			},
			reason: v1alpha1.ReasonInvalidSpec, want: failed, says: "caBundle holds no PEM certificate",
			mend: func(w *world, c *v1alpha1.CognigyConnection, _ string) {
				w.change(c, func() { c.Spec.CABundle = w.cognigy.CABundle() })
			},
		},
		"nobody listens": {
			harm:   func(w *world, _ *v1alpha1.CognigyConnection) { w.recreateConnection("https://127.0.0.1:1") },
			reason: v1alpha1.ReasonUnavailable, want: inProgress, says: "connection refused", mend: mendURL,
		},
		"the base URL is redirected": {
			harm: func(w *world, _ *v1alpha1.CognigyConnection) {
				w.cognigy.Inject(simulator.Fault{Kind: simulator.FaultRedirect, Body: "https://127.0.0.1:1/"})
			},
			reason: v1alpha1.ReasonUnexpectedAnswer, want: failed, says: "redirects are not followed", mend: mendCognigy,
		},
		"something else answers": {
			harm: func(w *world, _ *v1alpha1.CognigyConnection) {
				w.cognigy.Inject(simulator.Fault{Kind: simulator.FaultStatus, Status: 200, Body: "<html>welcome</html>"})
			},
			reason: v1alpha1.ReasonUnexpectedAnswer, want: inProgress, says: "not the JSON", mend: mendCognigy,
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			connection, apiKey := w.connection(), w.cognigy.APIKey()
			w.becomesReady(connection)
			test.harm(w, connection)
			w.Expect(w.reports(connection, test.reason, test.want)).To(ContainSubstring(test.says))
			key := w.key()
			w.create(key)
			w.Expect(w.reports(key, v1alpha1.ReasonConnectionNotReady, test.want)).To(ContainSubstring(test.says))
			w.Expect(w.posts()).To(BeZero())
			test.mend(w, connection, apiKey)
			w.becomesReady(connection)
			w.settles(key, 1)
			w.Expect(w.posts()).To(Equal(1))
		})
	}
}

func setCredentials(edit func(*corev1.Secret)) func(*world, *v1alpha1.CognigyConnection) {
	return func(w *world, _ *v1alpha1.CognigyConnection) {
		secret := w.credentials("")
		w.change(secret, func() { edit(secret) })
	}
}

func mendCredentials(w *world, _ *v1alpha1.CognigyConnection, apiKey string) {
	secret := w.credentials("")
	w.change(secret, func() { secret.Data = map[string][]byte{"api-key": []byte(" " + apiKey + "\n")} })
}

// mendURL does what is left where the base URL is wrong, which cannot be changed: no key was issued yet, so that the resources
// go at once, and the connection with them.
func mendURL(w *world, _ *v1alpha1.CognigyConnection, _ string) {
	w.delete(w.key())
	w.disappears(w.key())
	w.recreateConnection(w.cognigy.URL() + "/new/v2.0")
	w.create(w.key())
}

// recreateConnection replaces the connection by one to an address, changed by the edits.
func (w *world) recreateConnection(baseURL string, edits ...func(*v1alpha1.ConnectionSpec)) *v1alpha1.CognigyConnection {
	w.t.Helper()
	w.delete(w.connection())
	w.disappears(w.connection())
	connection := w.connection()
	connection.Spec.BaseURL = baseURL
	for _, edit := range edits {
		edit(&connection.Spec)
	}
	w.create(connection)
	return connection
}

func mendCognigy(w *world, _ *v1alpha1.CognigyConnection, _ string) { w.cognigy.ClearFaults() }

// Without encryption only by permission: at admission, and when it is granted, in fact.
func TestInsecureHTTP(t *testing.T) {
	w := newWorld(t)
	plain, err := simulator.Start(simulator.Options{APIKeys: []string{w.cognigy.APIKey()}})
	w.Expect(err).NotTo(HaveOccurred())
	defer plain.Close()
	connection := w.connection()
	connection.Name, connection.Spec.BaseURL = "plain", plain.URL()
	w.Expect(cluster.Create(w.ctx, connection.DeepCopy())).To(MatchError(ContainSubstring("allowInsecureHTTP: true")))
	connection.Spec.AllowInsecureHTTP = true
	w.create(connection)
	w.becomesReady(connection)
}

// The connection may come after the resource: nothing is lost, the order of applying does not matter.
func TestConnectionComesLater(t *testing.T) {
	w := newWorld(t)
	key := w.key(func(k *v1alpha1.EndpointAPIKey) { k.Spec.ConnectionRef.Name = "later" })
	w.create(key)
	w.Expect(w.reports(key, v1alpha1.ReasonConnectionNotFound, status.InProgressStatus)).To(ContainSubstring("create it"))
	connection := w.connection()
	connection.Name = "later"
	w.create(connection)
	w.settles(key, 1)
}

// A ClusterCognigyConnection serves the namespaces that it allows, from the moment that it does; its credentials are in the
// operator's namespace.
func TestClusterConnection(t *testing.T) {
	w := newWorld(t)
	connection, _ := w.clusterConnection(func(spec *v1alpha1.ClusterCognigyConnectionSpec) {
		spec.AllowedNamespaces = v1alpha1.AllowedNamespaces{
			From: v1alpha1.NamespacesFromSelector, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"cognigy": w.namespace}},
		}
	})
	key := w.key(func(k *v1alpha1.EndpointAPIKey) {
		k.Spec.ConnectionRef = v1alpha1.ConnectionReference{Kind: v1alpha1.ConnectionKindCluster, Name: connection.Name}
	})
	w.create(key)
	w.Expect(w.reports(key, v1alpha1.ReasonConnectionNotAllowed, status.FailedStatus)).To(ContainSubstring("allowedNamespaces"))
	w.Expect(w.posts()).To(BeZero())

	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}}
	w.change(namespace, func() { namespace.Labels["cognigy"] = w.namespace })
	w.settles(key, 1)

	// Permission that is taken back stops what would be sent to Cognigy; the delivered key stays.
	w.change(namespace, func() { delete(namespace.Labels, "cognigy") })
	w.delete(w.secret(key))
	w.reports(key, v1alpha1.ReasonConnectionNotAllowed, status.FailedStatus)
	w.Expect(w.posts()).To(Equal(1))
	w.change(connection, func() {
		connection.Spec.AllowedNamespaces = v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesFromAll}
	})
	w.settles(key, 1)
	// Revoking remains allowed: a key must not outlive its resource.
	w.change(connection, func() {
		connection.Spec.AllowedNamespaces = v1alpha1.AllowedNamespaces{
			From: v1alpha1.NamespacesFromSelector, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"cognigy": "nobody"}},
		}
	})
	w.delete(key)
	w.gone(key)
}

// A selector that admission lets pass and that Kubernetes cannot evaluate allows nobody, and the connection says so.
func TestBrokenSelector(t *testing.T) {
	w := newWorld(t)
	connection := &v1alpha1.ClusterCognigyConnection{
		ObjectMeta: metav1.ObjectMeta{Name: "broken-" + w.namespace},
		Spec: v1alpha1.ClusterCognigyConnectionSpec{
			ConnectionSpec: w.connectionSpec(),
			AllowedNamespaces: v1alpha1.AllowedNamespaces{
				From: v1alpha1.NamespacesFromSelector, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"no label": "x"}},
			},
		},
	}
	w.create(connection)
	w.Expect(w.reports(connection, v1alpha1.ReasonInvalidSpec, status.FailedStatus)).To(ContainSubstring("allowedNamespaces.selector"))
	key := w.key(func(k *v1alpha1.EndpointAPIKey) {
		k.Spec.ConnectionRef = v1alpha1.ConnectionReference{Kind: v1alpha1.ConnectionKindCluster, Name: connection.Name}
	})
	w.create(key)
	w.reports(key, v1alpha1.ReasonConnectionNotAllowed, status.FailedStatus)
}

// Rejected credentials are noticed within seconds of the change, on the connection; a delivered key does not suffer.
func TestCredentialsSwapped(t *testing.T) {
	w := newWorld(t)
	connection, key := w.connection(), w.issued()
	secret := w.credentials("")
	w.change(secret, func() { secret.Data["api-key"] = []byte("swapped") })
	w.reports(connection, v1alpha1.ReasonUnauthorized, status.FailedStatus)
	value := string(w.secret(key).Data["api-key"])
	w.Expect(w.cognigy.Works(w.endpoint.ID, value)).To(BeTrue())
	w.change(secret, func() { secret.Data["api-key"] = []byte(w.cognigy.APIKey()) })
	w.becomesReady(connection)
	w.settles(key, 1)
	w.Expect(w.posts()).To(Equal(1))
}
