// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// connectionFailure is a way to break a connection, what is reported of it, and how to mend it.
type connectionFailure struct {
	harm   func(e *environment, connection *v1alpha1.CognigyConnection)
	reason string
	want   status.Status
	says   string
	mend   func(e *environment, connection *v1alpha1.CognigyConnection, apiKey string)
}

var _ = Describe("A CognigyConnection", Label("connection"), func() {
	const failed, inProgress = status.FailedStatus, status.InProgressStatus
	DescribeTable("reports what is wrong with it, as do its resources, and recovers:", func(test connectionFailure) {
		e := newEnvironment()
		connection, apiKey := e.Connection(), e.Cognigy.APIKey()
		e.AwaitReady(connection)
		test.harm(e, connection)
		e.reports(connection, test.reason, test.want, test.says)
		key := e.Key()
		e.Create(key)
		e.reports(key, v1alpha1.ReasonConnectionNotReady, test.want, test.says)
		e.Expect(e.Posts()).To(BeZero())
		test.mend(e, connection, apiKey)
		e.AwaitReady(connection)
		e.AwaitDelivered(key, 1)
		e.Expect(e.Posts()).To(Equal(1))
	},
		Entry("the credentials Secret is missing", connectionFailure{
			harm:   func(e *environment, _ *v1alpha1.CognigyConnection) { e.Delete(e.Credentials("")) },
			reason: v1alpha1.ReasonCredentialsNotFound, want: inProgress, says: "create it",
			mend: func(e *environment, _ *v1alpha1.CognigyConnection, apiKey string) { e.Create(e.Credentials(apiKey)) },
		}),
		Entry("its data key is missing", connectionFailure{
			harm:   setCredentials(func(s *corev1.Secret) { s.Data = nil }),
			reason: v1alpha1.ReasonCredentialsNotFound, want: inProgress, says: `no data key "api-key"`,
			mend: mendCredentials,
		}),
		Entry("the API key is empty", connectionFailure{
			harm:   setCredentials(func(s *corev1.Secret) { s.Data = map[string][]byte{"api-key": []byte("\n")} }),
			reason: v1alpha1.ReasonCredentialsInvalid, want: failed, says: "is empty", mend: mendCredentials,
		}),
		Entry("the API key is two lines", connectionFailure{
			harm:   setCredentials(func(s *corev1.Secret) { s.Data = map[string][]byte{"api-key": []byte("a\nb")} }),
			reason: v1alpha1.ReasonCredentialsInvalid, want: failed, says: "white space", mend: mendCredentials,
		}),
		Entry("the API key is wrong", connectionFailure{
			harm:   setCredentials(func(s *corev1.Secret) { s.Data = map[string][]byte{"api-key": []byte("wrong")} }),
			reason: v1alpha1.ReasonUnauthorized, want: failed, says: "valid API key", mend: mendCredentials,
		}),
		Entry("another authority signed the certificate", connectionFailure{
			harm: func(e *environment, c *v1alpha1.CognigyConnection) {
				e.Change(c, func() { c.Spec.CABundle = nil })
			},
			reason: v1alpha1.ReasonUnavailable, want: inProgress, says: "certificate",
			mend: func(e *environment, c *v1alpha1.CognigyConnection, _ string) {
				e.Change(c, func() { c.Spec.CABundle = e.Cognigy.CABundle() })
			},
		}),
		Entry("caBundle is no certificate", connectionFailure{
			harm: func(e *environment, c *v1alpha1.CognigyConnection) {
				e.Change(c, func() { c.Spec.CABundle = []byte("certificate") })
			},
			reason: v1alpha1.ReasonInvalidSpec, want: failed, says: "caBundle holds no PEM certificate",
			mend: func(e *environment, c *v1alpha1.CognigyConnection, _ string) {
				e.Change(c, func() { c.Spec.CABundle = e.Cognigy.CABundle() })
			},
		}),
		Entry("nobody listens", connectionFailure{
			harm:   func(e *environment, _ *v1alpha1.CognigyConnection) { e.recreateConnection("https://127.0.0.1:1") },
			reason: v1alpha1.ReasonUnavailable, want: inProgress, says: "gives no complete answer", mend: mendURL,
		}),
		Entry("the base URL is redirected", connectionFailure{
			harm: func(e *environment, _ *v1alpha1.CognigyConnection) {
				e.Cognigy.Inject(simulator.Fault{Kind: simulator.FaultRedirect, Body: "https://127.0.0.1:1/"})
			},
			reason: v1alpha1.ReasonUnexpectedAnswer, want: failed, says: "does not follow", mend: mendCognigy,
		}),
		Entry("something else answers", connectionFailure{
			harm: func(e *environment, _ *v1alpha1.CognigyConnection) {
				e.Cognigy.Inject(simulator.Fault{Kind: simulator.FaultStatus, Status: 200, Body: "<html>welcome</html>"})
			},
			reason: v1alpha1.ReasonUnexpectedAnswer, want: inProgress, says: "not the JSON", mend: mendCognigy,
		}),
	)

	It("uses plain HTTP only if its spec permits that", func() {
		e := newEnvironment()
		plain, err := simulator.Start(simulator.Options{APIKeys: []string{e.Cognigy.APIKey()}})
		e.Expect(err).NotTo(HaveOccurred())
		defer plain.Close()
		connection := e.Connection()
		connection.Name, connection.Spec.BaseURL = "plain", plain.URL()
		e.Expect(cluster.Create(e.Context, connection.DeepCopy())).To(MatchError(ContainSubstring("allowInsecureHTTP: true")))
		connection.Spec.AllowInsecureHTTP = true
		e.Create(connection)
		e.AwaitReady(connection)
	})

	It("may be created after the resources that refer to it", func() {
		e := newEnvironment()
		key := e.Key(func(k *v1alpha1.EndpointAPIKey) { k.Spec.ConnectionRef.Name = "later" })
		e.Create(key)
		e.reports(key, v1alpha1.ReasonConnectionNotFound, status.InProgressStatus, "create it")
		connection := e.Connection()
		connection.Name = "later"
		e.Create(connection)
		e.AwaitDelivered(key, 1)
	})

	It("recovers from wrong credentials without a new key", func() {
		e := newEnvironment()
		connection, key := e.Connection(), e.issued()
		secret := e.Credentials("")
		e.Change(secret, func() { secret.Data["api-key"] = []byte("swapped") })
		e.reports(connection, v1alpha1.ReasonUnauthorized, status.FailedStatus)
		value := string(e.Secret(key).Data["api-key"])
		e.Expect(e.Cognigy.Works(e.Endpoint.ID, value)).To(BeTrue())
		e.Change(secret, func() { secret.Data["api-key"] = []byte(e.Cognigy.APIKey()) })
		e.AwaitReady(connection)
		e.AwaitDelivered(key, 1)
		e.Expect(e.Posts()).To(Equal(1))
	})
})

func setCredentials(edit func(*corev1.Secret)) func(*environment, *v1alpha1.CognigyConnection) {
	return func(e *environment, _ *v1alpha1.CognigyConnection) {
		secret := e.Credentials("")
		e.Change(secret, func() { edit(secret) })
	}
}

func mendCredentials(e *environment, _ *v1alpha1.CognigyConnection, apiKey string) {
	secret := e.Credentials("")
	e.Change(secret, func() { secret.Data = map[string][]byte{"api-key": []byte(" " + apiKey + "\n")} })
}

// mendURL does what is left where the base URL is wrong, which cannot be changed: no key was issued yet, so that the resources
// go at once, and the connection with them.
func mendURL(e *environment, _ *v1alpha1.CognigyConnection, _ string) {
	e.Delete(e.Key())
	e.AwaitAbsent(e.Key())
	e.recreateConnection(e.Cognigy.URL() + "/new/v2.0")
	e.Create(e.Key())
}

// recreateConnection replaces the connection by one to an address, changed by the edits.
func (e *environment) recreateConnection(baseURL string, edits ...func(*v1alpha1.ConnectionSpec)) *v1alpha1.CognigyConnection {
	GinkgoHelper()
	e.Delete(e.Connection())
	e.AwaitAbsent(e.Connection())
	connection := e.Connection()
	connection.Spec.BaseURL = baseURL
	for _, edit := range edits {
		edit(&connection.Spec)
	}
	e.Create(connection)
	return connection
}

func mendCognigy(e *environment, _ *v1alpha1.CognigyConnection, _ string) { e.Cognigy.ClearFaults() }
