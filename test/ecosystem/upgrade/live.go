// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package upgrade

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

const (
	// patience is for a machine that does much else.
	patience = 4 * time.Minute
	// refresh is how often workloads look at their Secret: far more often than a key's overlap is over, as kubelets do.
	refresh = time.Second
	// startup is how long a Pod takes to become ready.
	startup = 500 * time.Millisecond
)

// Flags has the operator check often, as one that has run for long, and without the rate limit of Cognigy's shared installations.
var Flags = []string{"--drift-interval=1s", "--host-rate-limits=*=200/400"}

const (
	superConnection   = "on-premise"
	superLogin        = "cognigy-management"
	organisationID    = "64f0c0ffee0000000000000a"
	sharedConnection  = "upgrade"
	sharedCredentials = "upgrade-credentials"
)

// Live are resources of every sort, and workloads that use their keys all the time.
type Live struct {
	*fixtures.Environment
	AuditLog string // of the API server, a file

	keys      map[string]*v1alpha1.EndpointAPIKey
	endpoints map[string]simulator.Endpoint
	callers   map[string]*fixtures.Callers
	shared    *v1alpha1.ClusterCognigyConnection
}

// sorts are the resources, by their names, as they differ from the smallest one.
var sorts = map[string]func(*v1alpha1.EndpointAPIKeySpec, simulator.Endpoint){
	"plain": func(spec *v1alpha1.EndpointAPIKeySpec, _ simulator.Endpoint) { spec.Rotation = nil },
	"rotating": func(spec *v1alpha1.EndpointAPIKeySpec, _ simulator.Endpoint) {
		spec.Rotation = &v1alpha1.Rotation{Every: &metav1.Duration{Duration: 720 * time.Hour}, Overlap: &metav1.Duration{Duration: 24 * time.Hour}}
	},
	"by-name": func(spec *v1alpha1.EndpointAPIKeySpec, endpoint simulator.Endpoint) {
		spec.Endpoint = fixtures.ReferenceByName(endpoint)
	},
	"template": func(spec *v1alpha1.EndpointAPIKeySpec, _ simulator.Endpoint) {
		spec.Secret.Labels = map[string]v1alpha1.LabelValue{"team": "crm"}
		spec.Secret.Template = &v1alpha1.SecretTemplate{Data: map[string]v1alpha1.TemplateText{
			"webhook.env": `KEY={{ .key }}{{ "\n" }}URL={{ .endpointURL }}`,
		}}
	},
	"restarting": func(spec *v1alpha1.EndpointAPIKeySpec, _ simulator.Endpoint) { fixtures.RestartDeployment(spec) },
	"super": func(spec *v1alpha1.EndpointAPIKeySpec, _ simulator.Endpoint) {
		spec.ConnectionRef.Name = superConnection
	},
	"retained": func(spec *v1alpha1.EndpointAPIKeySpec, _ simulator.Endpoint) {
		spec.DeletionPolicy = v1alpha1.DeletionPolicyRetain
	},
	"shared": func(spec *v1alpha1.EndpointAPIKeySpec, _ simulator.Endpoint) {
		spec.ConnectionRef = v1alpha1.ConnectionReference{Kind: v1alpha1.ConnectionKindCluster, Name: sharedConnection}
	},
}

// Begin creates connections, resources and workloads, for an operator that runs, and has two of the resources rotate, so that replaced keys
// are retiring.
func Begin(t *testing.T, cluster client.Client, auditLog string) *Live {
	t.Helper()
	l := &Live{
		Environment: fixtures.New(t, fixtures.Options{
			Cluster: cluster, Context: context.Background(), Patience: patience, Cognigy: simulator.Options{TLS: true},
			Connection: []func(*v1alpha1.ConnectionSpec){func(spec *v1alpha1.ConnectionSpec) {
				spec.EndpointBaseURL = "https://endpoint.example.com"
				spec.OrphanPolicy = v1alpha1.OrphanPolicyRevoke // so that a key that is not recognized is missed
			}},
		}),
		AuditLog: auditLog, keys: map[string]*v1alpha1.EndpointAPIKey{}, endpoints: map[string]simulator.Endpoint{}, callers: map[string]*fixtures.Callers{},
	}
	t.Cleanup(func() {
		if t.Failed() {
			l.abandon()
		}
	})
	l.connect()
	l.PermitRestarts()
	l.Create(fixtures.Deployment(l.Namespace, 2))
	for name, edit := range sorts {
		endpoint := l.Cognigy.AddEndpoint(fixtures.ProjectID, "Endpoint "+name)
		key := l.Key(fixtures.Named(name), func(key *v1alpha1.EndpointAPIKey) {
			key.Spec.Endpoint.ID, key.Spec.Rotation = endpoint.ID, nil
			edit(&key.Spec, endpoint)
		})
		l.Create(key)
		l.keys[name], l.endpoints[name] = key, endpoint
		var stop func()
		l.callers[name], stop = fixtures.NewCallers(l.Context, cluster, l.Cognigy, endpoint, key)
		t.Cleanup(stop)
		if name == "restarting" {
			l.callers[name].RunPods(startup)
		} else {
			l.callers[name].Mount(refresh)
		}
	}
	l.awaitServed()
	l.Rotate("rotating")
	l.Rotate("restarting")
	l.awaitChecked()
	return l
}

// connect makes the connections that an environment does not have.
func (l *Live) connect() {
	login := simulator.Login{Username: "admin", Password: "correct horse battery staple"}
	l.Record(login.Password)
	l.Cognigy.SetManager(organisationID, login)
	l.Create(&corev1.Secret{ObjectMeta: l.Meta(superLogin), Type: corev1.SecretTypeBasicAuth, StringData: map[string]string{
		"username": login.Username, "password": login.Password,
	}})
	super := l.connection(superConnection)
	super.Spec.Auth = v1alpha1.Auth{SuperAPIKey: &v1alpha1.SuperAPIKeyAuth{
		OrganisationID: organisationID, SecretRef: v1alpha1.BasicSecretReference{Name: superLogin},
	}}
	l.Create(super)

	credentials := l.Credentials(l.Cognigy.APIKey())
	credentials.Namespace, credentials.Name = installation.Namespace, sharedCredentials
	l.Create(credentials)
	l.shared = &v1alpha1.ClusterCognigyConnection{ObjectMeta: metav1.ObjectMeta{Name: sharedConnection}, Spec: v1alpha1.ClusterCognigyConnectionSpec{
		ConnectionSpec: l.ConnectionSpec(func(spec *v1alpha1.ConnectionSpec) {
			spec.Auth.APIKey.SecretRef.Name = v1alpha1.ObjectName(credentials.Name)
		}),
		AllowedNamespaces: v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesFromAll},
	}}
	l.Create(l.shared)
}

// connection returns one of the namespace's connections, to be created or read.
func (l *Live) connection(name string) *v1alpha1.CognigyConnection {
	connection := l.Connection()
	connection.Name = name
	return connection
}

// connections returns all connections, to be read.
func (l *Live) connections() []v1alpha1.Connection {
	shared := &v1alpha1.ClusterCognigyConnection{ObjectMeta: metav1.ObjectMeta{Name: sharedConnection}}
	return []v1alpha1.Connection{l.connection(fixtures.ConnectionName), l.connection(superConnection), shared}
}

// awaitServed waits until every resource has the key that its Secret holds, and nothing is under way.
func (l *Live) awaitServed() {
	for _, key := range l.keys {
		l.Await(func(g gomega.Gomega) {
			found := l.Served(g, client.ObjectKeyFromObject(key))
			g.Expect(found.Status.Conditions).To(gomega.HaveLen(1), "%v", found.Status.Conditions)
		})
	}
}

// Rotate has the operator that runs replace a key, and waits until workloads that it restarts have the new one.
func (l *Live) Rotate(name string) {
	key := l.Read(l.keys[name])
	issued, posts := key.Status.IssuedAt.Time, l.Posts()
	retiring := len(key.Status.Retiring)
	l.Expect(fixtures.RequestRotation(l.Context, l.Cluster, key, issued.Add(time.Second))).To(gomega.Succeed())
	l.Await(func(g gomega.Gomega) { g.Expect(l.Read(key).Status.Retiring).To(gomega.HaveLen(retiring + 1)) })
	l.awaitServed()
	l.Expect(l.Posts()).To(gomega.Equal(posts+1), "a rotation costs one POST")
}

// End deletes everything, and checks that the operator that runs revokes all keys but the retained one, and that no call of a workload was
// refused until then.
func (l *Live) End() {
	for name, callers := range l.callers {
		calls, err := callers.Calls()
		l.Expect(err).NotTo(gomega.HaveOccurred(), name)
		l.Expect(calls.Made).To(gomega.BeNumerically(">", 10), name)
		l.Expect(calls.Refused).To(gomega.BeZero(), name)
	}
	for name, key := range l.keys {
		if l.Delete(key); name != "retained" {
			l.AwaitGone(key)
		} else {
			l.AwaitAbsent(key)
		}
	}
	live := l.Cognigy.Live("")
	l.Expect(live).To(gomega.HaveExactElements(gomega.HaveField("EndpointID", l.endpoints["retained"].ID)))
	for _, connection := range l.connections() {
		l.Delete(connection)
		l.AwaitAbsent(connection)
	}
}

// abandon removes what would keep the objects of a test that failed, and with them the definitions and the namespaces of later tests.
func (l *Live) abandon() {
	var kept []client.Object
	for _, key := range l.keys {
		kept = append(kept, key)
	}
	for _, connection := range l.connections() {
		kept = append(kept, connection)
	}
	shared := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: installation.Namespace, Name: sharedCredentials}}
	for _, object := range append(kept, shared, &corev1.Secret{ObjectMeta: l.Meta(superLogin)}, l.Credentials("")) {
		removed := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))
		_ = l.Cluster.Delete(l.Context, object) // what is gone need not be removed
		_ = l.Cluster.Patch(l.Context, object, removed)
	}
}

// lists counts the lists of the keys of each Endpoint that Cognigy answered, by the names of the resources.
func (l *Live) lists() map[string]int {
	counts := map[string]int{}
	for _, request := range l.Cognigy.Requests() {
		for name, endpoint := range l.endpoints {
			if request.Route == simulator.RouteKeys && request.Method == http.MethodGet && request.EndpointID == endpoint.ID && request.Status == http.StatusOK {
				counts[name]++
			}
		}
	}
	return counts
}
