// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

const (
	// A machine five times slower than a developer's meets these, so that attempts fail only where a scenario makes them fail.
	requestTimeout  = 3 * time.Second
	deliveryTimeout = 4 * time.Second
	// longestRequest is what chaos gives a connection at most, and longestAttempt what an attempt takes with that.
	longestRequest = requestTimeout + time.Second
	longestAttempt = longestRequest + deliveryTimeout
	// driftInterval is short, so that what only a list of keys tells is found soon.
	driftInterval = 2 * time.Second
)

// environment is what a case happens in: a namespace with a connection, a Cognigy, and operators behind proxies.
type environment struct {
	*fixtures.Environment
	t          testing.TB
	began      time.Time
	injector   *injector
	checker    *checker
	view       *view
	front      *proxy // of Cognigy
	kubeconfig string // the operator's, a file
	output     testbed.Output
	flags      []string // of the operators, further ones
	watchList  string   // whether the operator's watches begin with the state, or follow a list: true or false
	crashed    bool
	skew       time.Duration  // by which Cognigy's clock is ahead
	auth       *v1alpha1.Auth // of the connection; an API key if nil

	mu        sync.Mutex
	operators []*testbed.Process // that were started and not killed

	scenario *scenario
	key      *v1alpha1.EndpointAPIKey // as it was created
	first    simulator.Entry          // the key that was there when the scenario began
	foreign  *corev1.Secret           // another owner's
	saved    backup                   // what a user keeps of it
	strange  []string                 // ids of keys that are not the resource's
}

// newEnvironment makes an environment in which nothing has happened yet, but what the scenario begins with.
func newEnvironment(t *testing.T, scenario *scenario) *environment {
	t.Helper()
	e := emptyEnvironment(t, simulator.Options{})
	e.scenario = scenario
	if scenario.logIn != nil {
		scenario.logIn(e)
	}
	e.connect(scenario.orphans)
	e.key = scenario.key(e)
	e.Create(e.key)
	e.addForeignKeys(e.name(), string(e.key.UID))
	if scenario.orphans != v1alpha1.OrphanPolicyRevoke {
		e.addForeignKey(plan.KeyName("another resource's", time.Now(), e.Marker("another resource")))
		another := plan.Owner{Namespace: "another", UID: string(e.key.UID)}
		e.addForeignKey(plan.KeyName("another namespace's", time.Now(), plan.Marker(bed.ClusterUID, another)))
	}
	return e
}

// emptyEnvironment makes an environment without a connection.
func emptyEnvironment(t testing.TB, options simulator.Options) *environment {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background()) // also for what happens in proxies, beside the test
	t.Cleanup(cancel)
	e := &environment{t: t, began: time.Now(), view: newView(), watchList: "true"}
	e.Environment = fixtures.NewUnconnected(t, fixtures.Options{Cluster: cluster, Context: ctx, Patience: patience, Cognigy: options})
	e.checker = &checker{e: e, adopted: map[string]*owner{}, superKeys: map[types.UID]time.Time{}}
	e.injector = newInjector(e.checker)
	e.injector.kill = e.kill
	e.startCognigyProxy()
	e.startKubernetesProxy()
	t.Cleanup(func() {
		e.kill()
		audit.add(e)
		if t.Failed() {
			t.Logf("what happened:\n%s\nthe operator printed:\n%s", e.injector.history(), &e.output)
		}
	})
	e.foreign = &corev1.Secret{ObjectMeta: e.Meta("foreign"), Data: map[string][]byte{"api-key": []byte("another owner's")}}
	e.Create(e.foreign)
	return e
}

// connect makes a connection through the proxy, with credentials.
func (e *environment) connect(orphans v1alpha1.OrphanPolicy) {
	e.Connect(fixtures.WithTimeouts(requestTimeout, deliveryTimeout), func(spec *v1alpha1.ConnectionSpec) {
		spec.BaseURL, spec.CABundle, spec.OrphanPolicy = e.front.url, identity.ca, orphans
		if e.auth != nil {
			spec.Auth = *e.auth
		}
	})
}

func (e *environment) startCognigyProxy() {
	var err error
	e.front, err = startProxy(e.Cognigy.URL(), nil, cognigyEffect, e.injector, nil)
	e.Expect(err).NotTo(HaveOccurred())
	e.t.Cleanup(e.front.close)
}

func (e *environment) startKubernetesProxy() {
	config := bed.Config
	front, err := startProxy(config.Host, config.CAData, kubernetesEffect, e.injector, e.view)
	e.Expect(err).NotTo(HaveOccurred())
	e.t.Cleanup(front.close)
	kubeconfig, err := bed.KubeconfigAt(front.url, identity.ca)
	e.Expect(err).NotTo(HaveOccurred())
	e.kubeconfig = filepath.Join(e.t.TempDir(), "kubeconfig")
	e.Expect(os.WriteFile(e.kubeconfig, kubeconfig, 0o600)).To(Succeed())
}

// addForeignKeys makes keys that resemble those of a resource.
func (e *environment) addForeignKeys(like types.NamespacedName, uid string) {
	for _, name := range []string{
		"made by hand",
		plan.DefaultDisplayName(like.Namespace, like.Name),
		plan.KeyName("another cluster's", time.Now(), plan.Marker("another cluster", plan.Owner{Namespace: like.Namespace, UID: uid})),
		plan.KeyName("not at the end", time.Now(), e.Marker(types.UID(uid))) + " copy",
	} {
		e.addForeignKey(name)
	}
}

func (e *environment) addForeignKey(name string) {
	entry, plaintext := e.Cognigy.AddKey(e.Endpoint.ID, name)
	e.strange = append(e.strange, entry.ID)
	e.Record(plaintext)
}

// start runs an operator until the test ends, or dies here.
func (e *environment) start() {
	e.Expect(e.run()).To(Succeed())
}

func (e *environment) run() error {
	e.injector.unfence()
	flags := append([]string{
		"--namespace=" + installation.Namespace, "--watch-namespaces=" + e.Namespace, "--drift-interval=" + driftInterval.String(), "--host-rate-limits=*=1000/1000",
		// No test uses either, and many operators run side by side.
		"--metrics-bind-address=0", "--health-probe-bind-address=127.0.0.1:0",
		// The highest verbosity that is permitted: plaintexts are searched for in what it prints.
		"--zap-log-level=7",
	}, e.flags...)
	e.mu.Lock()
	defer e.mu.Unlock()
	// Many processes start, and none lives long: they need not tidy up.
	operator, err := bed.Run(e.kubeconfig, []string{"GOGC=400", "KUBE_FEATURE_WatchListClient=" + e.watchList}, &e.output, flags...)
	if err == nil {
		e.operators = append(e.operators, operator)
	}
	return err
}

// kill kills all operators, as lost nodes do, and returns when they are dead.
func (e *environment) kill() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, operator := range e.operators {
		if !operator.Lives() {
			e.checker.report("an operator ended by itself")
		}
		operator.Kill()
	}
	e.operators = nil
	e.injector.fence()
}

// runs reports whether every operator that was not killed is running.
func (e *environment) runs() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !slices.ContainsFunc(e.operators, func(p *testbed.Process) bool { return !p.Lives() })
}

// target is the Secret that a key is delivered into: no resource of these tests names another than its own name.
func target(name types.NamespacedName) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: name.Namespace, Name: name.Name}}
}

func (e *environment) readSecret(name types.NamespacedName) (*corev1.Secret, error) {
	secret := &corev1.Secret{}
	return secret, cluster.Get(e.Context, name, secret)
}

// name is the name of the scenario's resource.
func (e *environment) name() types.NamespacedName { return client.ObjectKeyFromObject(e.key) }

// owned returns those of a list of the ledger's that are keys of the environment's resources.
func (e *environment) owned(entries []simulator.Entry) []simulator.Entry {
	return slices.DeleteFunc(entries, func(entry simulator.Entry) bool { return e.checker.named(entry.Name) == nil })
}

// live returns the keys of the environment's resources that work.
func (e *environment) live() []simulator.Entry { return e.owned(e.Cognigy.Live("")) }
