// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package upgrade

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// Unchanged checks that nothing changes while another version of the operator takes over: no key is made, revoked or rotated, and no object
// is written. take has the other version run, and the one before ended, when it returns.
//
// Of connections, the content counts: every process notes there when it scanned for orphans, and when it asked for a super API key, of which
// each needs one of its own. A version that has to write a new field may do so if withoutNotes drops it.
func (l *Live) Unchanged(take func()) {
	l.forgetSuperAPIKey()
	l.awaitServed()
	before, made, revoked, written := l.snapshot(), l.Posts(), l.deletes(), l.written()
	take()
	l.awaitChecked()
	l.Expect(cmp.Diff(before, l.snapshot())).To(gomega.BeEmpty())
	l.Expect(l.Posts()).To(gomega.Equal(made), "keys that were made")
	l.Expect(l.deletes()).To(gomega.Equal(revoked), "keys that were revoked")
	l.Expect(l.written().Since(written)).To(gomega.BeEmpty(), "writes of the operator")
	l.awaitServed()
}

// awaitChecked waits until the operator that runs has checked the keys of every Endpoint more than once, and scanned for orphans.
func (l *Live) awaitChecked() {
	since, lists := time.Now(), l.lists()
	l.Await(func(g gomega.Gomega) {
		now := l.lists()
		for name := range l.keys {
			g.Expect(now[name]).To(gomega.BeNumerically(">=", lists[name]+3), "lists of the keys of %s", name)
		}
		for _, connection := range l.connections() {
			g.Expect(l.Cluster.Get(l.Context, client.ObjectKeyFromObject(connection), connection)).To(gomega.Succeed())
			scan := connection.GetConnectionStatus().OrphanScan
			g.Expect(scan).NotTo(gomega.BeNil())
			g.Expect(scan.Time.Time).To(gomega.BeTemporally(">", since), connection.GetName())
		}
	})
}

// written counts the writes of the operator, but for what a process does to lead (its Lease, and an Event about it in the operator's
// namespace), and for the status of connections. Events of resources are part of the snapshot.
func (l *Live) written() controlplane.Counts {
	counts, err := controlplane.CountRequests(l.AuditLog)
	l.Expect(err).NotTo(gomega.HaveOccurred())
	writes := controlplane.Counts{}
	for request, count := range counts {
		ofConnections := strings.HasSuffix(request.Resource, "cognigyconnections") && request.Subresource == "status"
		if request.User == installation.User && request.Write() && request.Resource != "leases" && request.Resource != "events" && !ofConnections {
			writes[request] = count
		}
	}
	return writes
}

// deletes counts the requests to revoke a key.
func (l *Live) deletes() int { return l.Cognigy.Count(http.MethodDelete, simulator.RouteKey) }

// forgetSuperAPIKey has the last super API key have been asked for long ago. The next process would wait out a minute otherwise.
func (l *Live) forgetSuperAPIKey() {
	connection := l.connection(superConnection)
	l.Await(func(g gomega.Gomega) {
		g.Expect(l.Cluster.Get(l.Context, client.ObjectKeyFromObject(connection), connection)).To(gomega.Succeed())
		connection.Status.SuperKeyMintedAt = new(metav1.NewMicroTime(time.Now().Add(-time.Hour).Truncate(time.Microsecond)))
		g.Expect(l.Cluster.Status().Update(l.Context, connection)).To(gomega.Succeed())
	})
}

// snapshot returns all objects that matter, as JSON by their names. Data of Secrets is there as hashes.
func (l *Live) snapshot() map[string]string {
	objects := map[string]string{}
	for _, list := range []client.ObjectList{
		&v1alpha1.EndpointAPIKeyList{}, &v1alpha1.CognigyConnectionList{}, &corev1.SecretList{}, &appsv1.DeploymentList{}, &eventsv1.EventList{},
	} {
		l.Expect(l.Cluster.List(l.Context, list, client.InNamespace(l.Namespace))).To(gomega.Succeed())
		l.Expect(meta.EachListItem(list, func(item runtime.Object) error {
			object := item.(client.Object)
			if event, ok := item.(*eventsv1.Event); ok && event.ReportingController != "cognigy-operator" {
				return nil // a controller's, of the Pods that stand for a workload
			}
			objects[fmt.Sprintf("%T %s", item, object.GetName())] = l.text(object)
			return nil
		})).To(gomega.Succeed())
	}
	l.Expect(l.Cluster.Get(l.Context, client.ObjectKeyFromObject(l.shared), l.shared)).To(gomega.Succeed())
	objects["shared connection"] = l.text(l.shared.DeepCopy())
	return objects
}

// text returns an object as JSON.
func (l *Live) text(object client.Object) string {
	withoutNotes(object)
	text, err := json.MarshalIndent(object, "", " ")
	l.Expect(err).NotTo(gomega.HaveOccurred())
	return string(text)
}

// withoutNotes drops from an object what a process writes that takes over, and what must not be printed.
func withoutNotes(object client.Object) {
	object.SetManagedFields(nil)
	if connection, ok := object.(v1alpha1.Connection); ok {
		status := connection.GetConnectionStatus()
		status.OrphanScan.Time, status.SuperKeyMintedAt = metav1.Time{}, nil
		object.SetResourceVersion("")
	}
	if secret, ok := object.(*corev1.Secret); ok {
		for key, value := range secret.Data {
			secret.Data[key] = []byte(simulator.Fingerprint(string(value)))
		}
	}
}
