// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"bytes"
	"crypto/sha256"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

func newResolver() *Resolver {
	return &Resolver{Clock: clock.RealClock{}, Hosts: ratelimit.NewHosts(nil)}
}

func in(namespace string) *v1alpha1.CognigyConnection {
	return &v1alpha1.CognigyConnection{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "cognigy", UID: types.UID(namespace)},
		Spec:       v1alpha1.ConnectionSpec{BaseURL: "https://cognigy.example.com"},
	}
}

// keyed are credentials that were read: an API key.
func keyed(value string) Credentials {
	return Credentials{
		method: ofAPIKey(v1alpha1.SecretKeyReference{Name: "credentials", Key: "api-key"}), values: []cognigy.Sensitive{cognigy.NewSensitive(value)},
	}
}

// A session is looked up for every request, and a bundle may have a megabyte.
func TestFingerprintCopiesNothing(t *testing.T) {
	g := NewWithT(t)
	config := func(bundle []byte) cognigy.Config {
		return cognigy.Config{BaseURL: "https://cognigy.example.com", CABundle: bundle, Timeout: time.Second}
	}
	large := bytes.Repeat([]byte("\n"), 1<<20)
	result := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			fingerprint(config(large), [sha256.Size]byte{})
		}
	})
	g.Expect(result.AllocedBytesPerOp()).To(BeNumerically("<", 4<<10))
	g.Expect(fingerprint(config(large), [sha256.Size]byte{})).NotTo(Equal(fingerprint(config(large[1:]), [sha256.Size]byte{})))
	g.Expect(fingerprint(config(large), [sha256.Size]byte{})).To(Equal(fingerprint(config(bytes.Clone(large)), [sha256.Size]byte{})))
}

// A namespace decides how many connections it has. In memory, certificates may take seven times the size of their bundle.
func TestBundlesAreBounded(t *testing.T) {
	g := NewWithT(t)
	r := newResolver()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	open := func(namespace string, i, size int) error {
		found := in(namespace)
		found.Name, found.UID = fmt.Sprintf("cognigy-%d", i), types.UID(fmt.Sprintf("%s-%d", namespace, i))
		trusting := keyed("key")
		if size > 0 {
			trusting.caBundle = append(bytes.Clone(authority), bytes.Repeat([]byte("\n"), size<<10-len(authority))...)
		}
		_, err := r.sessionWith(found, trusting, time.Now())
		return err
	}
	g.Expect(open("hostile", 1, 700)).To(Succeed())
	g.Expect(open("hostile", 2, 700)).To(Succeed())
	g.Expect(open("hostile", 3, 700)).To(MatchError(ContainSubstring("keep only the authorities")))
	g.Expect(open("hostile", 4, 0)).To(Succeed(), "it has no bundle")
	g.Expect(open("hostile", 2, 740)).To(Succeed(), "it takes the place of another one")
	g.Expect(open("another", 1, 700)).To(Succeed())
	r.Forget(types.NamespacedName{Namespace: "hostile", Name: "cognigy-1"})
	g.Expect(open("hostile", 3, 700)).To(Succeed())
}

// Namespaces come and go.
func TestTenantsWithoutConnectionsAreForgotten(t *testing.T) {
	g := NewWithT(t)
	r := newResolver()
	for i := range 100 {
		found := in(fmt.Sprintf("namespace-%d", i))
		session, err := r.sessionWith(found, keyed("key"), time.Now())
		g.Expect(err).NotTo(HaveOccurred())
		session.Lists.remember(session.place("endpoint"), &plan.Listing{At: time.Now()})
		session.RememberMissing("endpoint", "key", time.Now())
		r.Forget(types.NamespacedName{Namespace: found.Namespace, Name: found.Name})
		g.Expect(session.Lists.newest.lists).To(BeEmpty())
		g.Expect(session.Lists.missing.Keys()).To(BeEmpty())
	}
	g.Expect(len(r.tenants)).To(BeNumerically("<=", 1))
	g.Expect(r.sessions).To(BeEmpty())
}

// One who makes a connection anew must not have more answers decoded at a time, nor more memory.
func TestTenantsAreRememberedWhileTheyAreInUse(t *testing.T) {
	g := NewWithT(t)
	r := newResolver()
	session, err := r.sessionWith(in("hostile"), keyed("key"), time.Now())
	g.Expect(err).NotTo(HaveOccurred())
	busy := r.tenants["hostile"]
	g.Expect(busy.largeAnswers.TryAcquire(1)).To(BeTrue())
	r.Forget(types.NamespacedName{Namespace: "hostile", Name: "cognigy"})
	_, err = r.sessionWith(in("another"), keyed("key"), time.Now())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(r.tenants["hostile"]).To(BeIdenticalTo(busy))

	busy.largeAnswers.Release(1)
	again, err := r.sessionWith(in("hostile"), keyed("key"), time.Now())
	g.Expect(err).NotTo(HaveOccurred())
	renewed, err := r.sessionWith(in("hostile"), keyed("other credentials"), time.Now())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(renewed).To(BeIdenticalTo(again), "whoever has the session uses the new credentials, too")
	g.Expect(again).NotTo(BeIdenticalTo(session))
	g.Expect(again.Lists).To(BeIdenticalTo(session.Lists))
}

// Requests are sent at the same time as credentials are replaced. Those that were read before must not come back.
func TestCredentialsAreNotReplacedByThoseBefore(t *testing.T) {
	g := NewWithT(t)
	r, found := newResolver(), in("crm")
	slow := time.Now()
	_, err := r.sessionWith(found, keyed("new"), time.Now())
	g.Expect(err).NotTo(HaveOccurred())
	current := r.sessions[found.UID]
	_, err = r.sessionWith(found, keyed("old"), slow)
	g.Expect(err).To(MatchError(errOutdated))
	g.Expect(r.sessions[found.UID].fingerprint).To(Equal(current.fingerprint))
	_, err = r.sessionWith(found, keyed("new"), slow)
	g.Expect(err).NotTo(HaveOccurred(), "what did not change is not outdated")
	_, err = r.sessionWith(found, keyed("newer"), time.Now())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(r.sessions[found.UID].fingerprint).NotTo(Equal(current.fingerprint))
}

// A token would be requested anew with each of them.
func TestAuthenticatorStaysWhereCredentialsDo(t *testing.T) {
	g := NewWithT(t)
	r, found := newResolver(), in("crm")
	oauth := Credentials{
		method: ofOAuth2(&v1alpha1.OAuth2Auth{}), values: []cognigy.Sensitive{cognigy.NewSensitive("id"), cognigy.NewSensitive("secret")},
	}
	_, err := r.sessionWith(found, oauth, time.Now())
	g.Expect(err).NotTo(HaveOccurred())
	before := r.sessions[found.UID]
	found.Generation++
	found.Spec.ServerName = "other.example.com"
	_, err = r.sessionWith(found, oauth, time.Now())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(r.sessions[found.UID].fingerprint).NotTo(Equal(before.fingerprint))
	g.Expect(r.sessions[found.UID].authenticator).To(BeIdenticalTo(before.authenticator))

	stale := in("crm") // as a cache may have it
	_, err = r.sessionWith(stale, oauth, time.Now())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(r.sessions[found.UID].generation).To(Equal(found.Generation))

	oauth.values[1] = cognigy.NewSensitive("another secret")
	_, err = r.sessionWith(found, oauth, time.Now())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(r.sessions[found.UID].authenticator).NotTo(BeIdenticalTo(before.authenticator))
}
