// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
)

// everything has a series of each metric.
func everything(t *testing.T) *described {
	t.Helper()
	cluster := connectionTo("b.example", "", "production")
	cluster.GetConnectionStatus().OrphanScan = &v1alpha1.OrphanScan{}
	key := keyOf("a", "crm", "one", func(key *v1alpha1.EndpointAPIKey) {
		key.Status.KeyID, key.Status.KeyPreview, key.Spec.Endpoint.Name = "64f0c0ffee0123456789abcd", "abcd••••efgh", "Booking line"
		key.Status.EndpointID, key.Spec.Secret.Name = "64f0c0ffee0123456789dcba", "crm-webhook"
	})
	d := of(t, []v1alpha1.Connection{cluster, connectionTo("a.example", "a", "crm")}, key)
	d.Issued(key)
	d.Delivered(key)
	d.FirstDelivered(time.Second)
	d.Revoked(key, "replaced")
	d.OrphanRevoked(cluster)
	d.IssuanceDeferred(key)
	d.send("b.example", cluster)
	return d
}

// send has a connection send a request to its host, which wants no more then.
func (d *described) send(host string, through v1alpha1.Connection) {
	d.Connected(through)
	d.hosts.Host("https://"+host, types.UID(through.GetName()))
	d.Sent(context.Background(), host+":443", cognigy.Exchange{Method: "GET", Route: "/endpoints", Took: time.Second})
	d.Waited(host+":443", time.Second)
	d.RetryAfterBegan(host + ":443")
}

// The names, the help and the types are as Prometheus recommends.
func TestLint(t *testing.T) {
	d := everything(t)
	problems, err := testutil.CollectAndLint(d)
	d.Expect(err).NotTo(HaveOccurred())
	d.Expect(problems).To(BeEmpty())
}

// What tells a key, a Secret or an Endpoint from others is in no label.
func TestNoNames(t *testing.T) {
	d := everything(t)
	for series := range d.series() {
		for _, private := range []string{"64f0c0ffee", "abcd", "Booking", "webhook", "one"} {
			d.Expect(series).NotTo(ContainSubstring("=" + private))
		}
	}
}

// Nothing is left of a connection, its keys and its host once they are gone.
func TestGone(t *testing.T) {
	d := everything(t)
	d.Expect(d.named("crm")).NotTo(BeEmpty())
	d.Expect(d.named("production")).To(ContainElement(HavePrefix("keys_revoked_total")))
	d.Expect(d.named("b.example")).To(ContainElement(HavePrefix("request_duration_seconds")))
	d.objects.Keys = nil
	d.Expect(d.named("key_namespace=a")).To(BeEmpty())
	d.Expect(d.named("=crm")).To(ContainElement(HavePrefix("keys_issued_total")), "the connection is still there")
	d.objects.Connections = nil
	d.Expect(d.named("crm")).To(BeEmpty())
	d.Expect(d.named("production")).To(BeEmpty())
	d.Expect(d.named("b.example")).To(BeEmpty())
}

// named returns the series whose labels have a text.
func (d *described) named(text string) (series []string) {
	for each := range d.series() {
		if strings.Contains(each, text) {
			series = append(series, each)
		}
	}
	return series
}

// A namespace with many connections to many hosts takes no more series than one with some, also in what is counted, and takes
// none from others.
func TestHostileNamespace(t *testing.T) {
	d := everything(t)
	neighbours := len(d.series())
	for i := range 200 {
		name := fmt.Sprintf("c%03d", i)
		made := connectionTo(fmt.Sprintf("%s.hostile.example", name), "hostile", name)
		d.objects.Connections = append(d.objects.Connections, made)
		key := keyOf("hostile", name, name)
		d.objects.Keys = append(d.objects.Keys, *key, *keyOf("hostile", "absent-"+name, name))
		d.Issued(key)
		d.send(name+".hostile.example", made)
	}
	var hosts, connections []string
	for _, each := range d.named("hostile") {
		switch {
		case strings.HasPrefix(each, "rate_limit_requests_per_second"):
			hosts = append(hosts, each)
		case strings.HasPrefix(each, "connection_up"):
			connections = append(connections, each)
		}
	}
	d.Expect(hosts).To(HaveLen(2))
	d.Expect(connections).To(HaveLen(16))
	d.Expect(d.series()).To(HaveKeyWithValue("keys_issued_total connection=_other connection_kind=CognigyConnection connection_namespace=hostile", 184.0))
	d.Expect(len(d.series())-neighbours).To(BeNumerically("<", 300), "200 connections, 400 keys")
	tenant := connectionTo("honest.example", "honest", "crm")
	d.objects.Connections = append(d.objects.Connections, tenant)
	d.send("honest.example", tenant)
	d.Expect(d.named("honest.example")).NotTo(BeEmpty())

	d.objects.Connections = slices.DeleteFunc(d.objects.Connections, func(c v1alpha1.Connection) bool { return c.GetNamespace() == "hostile" })
	d.objects.Keys = nil
	d.Expect(d.named("hostile")).To(BeEmpty())
}

// However many namespaces there are, tenants get series of a few hosts.
func TestManyTenants(t *testing.T) {
	d := everything(t)
	for i := range 100 {
		d.objects.Connections = append(d.objects.Connections, connectionTo(fmt.Sprintf("h%d.example", i), fmt.Sprintf("n%d", i), "crm"))
		d.send(fmt.Sprintf("h%d.example", i), d.objects.Connections[len(d.objects.Connections)-1])
	}
	hosts := map[string]bool{}
	for _, each := range d.named("rate_limit_requests_per_second") {
		hosts[each] = true
	}
	d.Expect(hosts).To(HaveLen(16 + 1)) // a.example got no session
}

// Failures are few in kind, and one that sent nothing is no request.
func TestOutcomes(t *testing.T) {
	d := everything(t)
	for err, outcome := range map[error]string{
		&cognigy.Error{Kind: cognigy.Unavailable}: "unavailable", &cognigy.Error{Kind: "new"}: "failed", fmt.Errorf("another"): "failed",
	} {
		d.Sent(t.Context(), "c:443", cognigy.Exchange{Method: "GET", Route: "/" + outcome, Err: err})
		d.Expect(d.series()).To(HaveKey("request_duration_seconds host=other method=GET outcome=" + outcome + " route=/" + outcome))
	}
	before := len(d.series())
	d.Sent(t.Context(), "c:443", cognigy.Exchange{Method: "GET", Route: "/refused", Err: &cognigy.Error{Kind: cognigy.HostNotAllowed}})
	d.Expect(d.series()).To(HaveLen(before))
}
