// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

const (
	requestTimeout = time.Second
	longestTimeout = 2 * requestTimeout // that a world of chaos may get
	// driftInterval is short, so that what only a look tells is found soon.
	driftInterval = 2 * time.Second
)

// world is what a case happens in: a namespace with a connection, a Cognigy, and operators behind proxies.
type world struct {
	Gomega
	t         testing.TB
	began     time.Time
	ctx       context.Context // also for what happens in proxies, beside the test
	namespace string
	cognigy   *simulator.Simulator
	endpoint  simulator.Endpoint
	gate      *gate
	court     *court
	view      *view
	front     *proxy // of Cognigy
	settings  string // the operator's kubeconfig
	output    testbed.Output
	flags     []string // of the operators, further ones
	watchList string   // whether the operator's watches begin with the state, or follow a list: true or false
	crashed   bool
	skew      time.Duration // by which Cognigy's clock is ahead

	mu        sync.Mutex
	operators []*testbed.Process // that were started and not killed

	story   *story
	key     *v1alpha1.EndpointAPIKey // as it was created
	first   simulator.Entry          // the key that was there when the story began
	foreign *corev1.Secret           // somebody else's
	strange []string                 // ids of keys that are not the resource's
}

// newWorld makes a world in which nothing has happened yet, but what the story begins with.
func newWorld(t *testing.T, story *story) *world {
	t.Helper()
	w := emptyWorld(t, simulator.Options{})
	w.story = story
	w.connect(story.orphans)
	w.key = w.newKey("crm")
	if story.spec != nil {
		story.spec(&w.key.Spec)
	}
	w.create(w.key)
	w.addStrangers(w.name(), string(w.key.UID))
	if story.orphans != v1alpha1.OrphanPolicyRevoke {
		w.addStranger(plan.KeyName("another resource's", plan.Marker(bed.ClusterUID, "another resource")))
	}
	return w
}

// emptyWorld makes a world without a connection.
func emptyWorld(t testing.TB, options simulator.Options) *world {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	w := &world{Gomega: NewWithT(t), t: t, began: time.Now(), ctx: ctx, view: newView(), watchList: "true"}
	w.court = &court{w: w, plaintexts: map[string]bool{}}
	w.gate = newGate(w.court)
	w.gate.strike = w.kill
	w.startCognigy(options)
	w.startKubernetesProxy()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	w.create(namespace)
	w.namespace = namespace.Name
	t.Cleanup(func() {
		w.kill()
		audit.add(w)
		if t.Failed() {
			t.Logf("what happened:\n%s\nthe operator printed:\n%s", w.gate.history(), &w.output)
		}
	})
	w.foreign = &corev1.Secret{ObjectMeta: w.meta("foreign"), Data: map[string][]byte{"api-key": []byte("somebody's")}}
	w.create(w.foreign)
	return w
}

// connect makes a connection, with credentials.
func (w *world) connect(orphans v1alpha1.OrphanPolicy) {
	w.create(w.newCredentials())
	w.create(w.newConnection(orphans))
}

func (w *world) startCognigy(options simulator.Options) {
	var err error
	w.cognigy, err = simulator.Start(options)
	w.Expect(err).NotTo(HaveOccurred())
	w.t.Cleanup(w.cognigy.Close)
	w.endpoint = w.cognigy.AddEndpoint("project", "Webhook")
	w.court.hears(w.cognigy.APIKey())
	w.front, err = startProxy(w.cognigy.URL(), nil, cognigyEffect, w.gate, nil)
	w.Expect(err).NotTo(HaveOccurred())
	w.t.Cleanup(w.front.close)
}

func (w *world) startKubernetesProxy() {
	config := bed.Plane.Config()
	front, err := startProxy(config.Host, config.CAData, kubernetesEffect, w.gate, w.view)
	w.Expect(err).NotTo(HaveOccurred())
	w.t.Cleanup(front.close)
	w.settings, err = writeKubeconfig(w.t.TempDir(), front)
	w.Expect(err).NotTo(HaveOccurred())
}

// newKey returns the smallest useful resource.
func (w *world) newKey(name string) *v1alpha1.EndpointAPIKey {
	return &v1alpha1.EndpointAPIKey{ObjectMeta: w.meta(name), Spec: v1alpha1.EndpointAPIKeySpec{
		ConnectionRef: v1alpha1.ConnectionReference{Name: "cognigy"}, Endpoint: v1alpha1.EndpointReference{ID: w.endpoint.ID},
	}}
}

// addStrangers makes keys that look like those of a resource to whoever does not look closely.
func (w *world) addStrangers(like types.NamespacedName, uid string) {
	for _, name := range []string{
		"made by hand",
		plan.DefaultDisplayName(like.Namespace, like.Name),
		plan.KeyName("another cluster's", plan.Marker("another cluster", uid)),
		plan.KeyName("not at the end", plan.Marker(bed.ClusterUID, uid)) + " copy",
	} {
		w.addStranger(name)
	}
}

func (w *world) addStranger(name string) {
	entry, plaintext := w.cognigy.AddKey(w.endpoint.ID, name)
	w.strange = append(w.strange, entry.ID)
	w.court.hears(plaintext)
}

// start runs an operator until the test ends, or dies here.
func (w *world) start() {
	w.Expect(w.run()).To(Succeed())
}

func (w *world) run() error {
	w.gate.revive()
	flags := append([]string{
		"--namespace=" + installation.Namespace, "--watch-namespaces=" + w.namespace, "--drift-interval=" + driftInterval.String(),
		// Nobody asks for either, and many operators run side by side.
		"--metrics-bind-address=0", "--health-probe-bind-address=127.0.0.1:0",
		// The highest verbosity that is permitted: plaintexts are searched for in what it prints.
		"--zap-log-level=7",
	}, w.flags...)
	w.mu.Lock()
	defer w.mu.Unlock()
	// Many processes start, and none lives long: they need not tidy up.
	operator, err := bed.Run(w.settings, []string{"GOGC=400", "KUBE_FEATURE_WatchListClient=" + w.watchList}, &w.output, flags...)
	if err == nil {
		w.operators = append(w.operators, operator)
	}
	return err
}

// kill kills all operators, as lost nodes do, and returns when they are dead.
func (w *world) kill() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, operator := range w.operators {
		if !operator.Lives() {
			w.court.accuse("an operator ended by itself")
		}
		operator.Kill()
	}
	w.operators = nil
	w.gate.bury()
}

// runs tells whether every operator that was not killed is running.
func (w *world) runs() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !slices.ContainsFunc(w.operators, func(p *testbed.Process) bool { return !p.Lives() })
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

func (w *world) newConnection(orphans v1alpha1.OrphanPolicy) *v1alpha1.CognigyConnection {
	connection := w.connection()
	connection.Spec = v1alpha1.ConnectionSpec{
		BaseURL: w.front.url, CABundle: identity.ca, RequestTimeout: &metav1.Duration{Duration: requestTimeout}, OrphanPolicy: orphans,
		Auth: v1alpha1.Auth{APIKey: &v1alpha1.APIKeyAuth{SecretRef: v1alpha1.SecretKeyReference{Name: w.credentials().Name}}},
	}
	return connection
}

func (w *world) credentials() *corev1.Secret {
	return &corev1.Secret{ObjectMeta: w.meta("credentials")}
}

func (w *world) newCredentials() *corev1.Secret {
	credentials := w.credentials()
	credentials.Data = map[string][]byte{"api-key": []byte(w.cognigy.APIKey())}
	return credentials
}

func (w *world) read(name types.NamespacedName) (*v1alpha1.EndpointAPIKey, error) {
	key := &v1alpha1.EndpointAPIKey{}
	return key, cluster.Get(w.ctx, name, key)
}

// target is the Secret that a key is delivered into: no resource of these tests names another than its own name.
func target(name types.NamespacedName) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: name.Namespace, Name: name.Name}}
}

func (w *world) readSecret(name types.NamespacedName) (*corev1.Secret, error) {
	secret := &corev1.Secret{}
	return secret, cluster.Get(w.ctx, name, secret)
}

// name is the name of the story's resource.
func (w *world) name() types.NamespacedName { return client.ObjectKeyFromObject(w.key) }

// liveOf returns the keys with a marker that work.
func (w *world) liveOf(marker string) []simulator.Entry {
	return slices.DeleteFunc(w.cognigy.Live(""), func(entry simulator.Entry) bool { return !plan.HasMarker(entry.Name, marker) })
}

// owned returns those of a list of the ledger's that are keys of the world's resources.
func (w *world) owned(entries []simulator.Entry) []simulator.Entry {
	return slices.DeleteFunc(entries, func(entry simulator.Entry) bool { return w.court.named(entry.Name) == nil })
}

// live returns the keys of the world's resources that work.
func (w *world) live() []simulator.Entry { return w.owned(w.cognigy.Live("")) }

// writeKubeconfig writes the operator's kubeconfig, with a proxy in place of the API server.
func writeKubeconfig(folder string, p *proxy) (string, error) {
	config, err := clientcmd.Load(bed.Kubeconfig)
	if err != nil {
		return "", err
	}
	for _, c := range config.Clusters {
		c.Server, c.CertificateAuthorityData = p.url, identity.ca
	}
	file := filepath.Join(folder, "kubeconfig")
	return file, clientcmd.WriteToFile(*config, file)
}
