// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"maps"
	"slices"
	"strings"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

const (
	loginName      = "cognigy-login"
	organisationID = "64f0c0ffee00000000000009"
)

// way is a way to authenticate: the connection's auth, and what makes Cognigy accept credentials, which are a name and a password.
type way struct {
	auth   v1alpha1.Auth
	accept func(*environment, simulator.Login)
	tokens bool // the operator obtains tokens
}

var basicLogin = v1alpha1.BasicSecretReference{Name: loginName, UsernameKey: "username", PasswordKey: "password"}

// ways are the ways to authenticate other than by an API key.
var ways = map[string]way{
	"Basic": {
		auth:   v1alpha1.Auth{Basic: &v1alpha1.BasicAuth{SecretRef: basicLogin}},
		accept: func(e *environment, login simulator.Login) { e.Cognigy.SetUser(login) },
	},
	"OAuth 2.0": {
		auth: v1alpha1.Auth{OAuth2: &v1alpha1.OAuth2Auth{
			SecretRef: v1alpha1.OAuth2SecretReference{Name: loginName, ClientIDKey: "username", ClientSecretKey: "password"},
			Scopes:    []v1alpha1.Scope{"endpoints", "keys"},
		}},
		accept: func(e *environment, login simulator.Login) {
			e.Cognigy.SetOAuth2Client(simulator.OAuth2Client{ID: login.Username, Secret: login.Password, Scopes: []string{"keys", "endpoints"}})
		},
		tokens: true,
	},
	"super API keys": {
		auth:   v1alpha1.Auth{SuperAPIKey: &v1alpha1.SuperAPIKeyAuth{OrganisationID: organisationID, SecretRef: basicLogin}},
		accept: func(e *environment, login simulator.Login) { e.Cognigy.SetManager(organisationID, login) },
		tokens: true,
	},
}

var firstLogin = simulator.Login{Username: "operator", Password: "correct horse battery staple"}

// newEnvironmentBy returns an environment whose connection authenticates in a way, and a Cognigy that accepts nothing else. The
// credentials do not exist yet.
func newEnvironmentBy(chosen way) *environment {
	GinkgoHelper()
	e := newEnvironment(func(spec *v1alpha1.ConnectionSpec) { spec.Auth = *chosen.auth.DeepCopy() })
	e.Cognigy.SetAPIKeys()
	chosen.accept(e, firstLogin)
	return e
}

// login returns the Secret with credentials as it is to be created.
func (e *environment) login(credentials simulator.Login) *corev1.Secret {
	e.Record(credentials.Password)
	e.Record(credentials.Username + ":" + credentials.Password)
	return &corev1.Secret{ObjectMeta: e.Meta(loginName), Data: map[string][]byte{
		"username": []byte(credentials.Username), "password": []byte(credentials.Password + "\n"),
	}}
}

// connectedBy returns an environment that is connected in a way.
func connectedBy(chosen way) *environment {
	GinkgoHelper()
	e := newEnvironmentBy(chosen)
	e.Create(e.login(firstLogin))
	e.AwaitReady(e.Connection())
	return e
}

// credentialsSent returns the fingerprints of what API requests were authenticated with, in order, each run of the same once.
func (e *environment) credentialsSent() []string {
	var sent []string
	for _, request := range e.Cognigy.Requests() {
		if strings.HasPrefix(request.Route, simulator.RouteEndpoints) {
			sent = append(sent, request.Credentials)
		}
	}
	return slices.Compact(sent)
}

func eachWay(body func(way)) []any {
	args := []any{body}
	for _, name := range slices.Sorted(maps.Keys(ways)) {
		args = append(args, Entry(name, ways[name]))
	}
	return args
}

var _ = describeBoth("A connection that authenticates otherwise than by an API key", Label("connection"), func() {
	DescribeTable("issues and revokes keys:", eachWay(func(chosen way) {
		e := connectedBy(chosen)
		key := e.issued()
		e.Delete(e.Secret(key))
		e.AwaitDelivered(key, 1)
		e.Delete(key)
		e.AwaitGone(key)
		if chosen.tokens {
			e.Expect(e.Cognigy.Tokens()).To(HaveLen(1))
		} else {
			e.Expect(e.Cognigy.Tokens()).To(BeEmpty())
		}
	})...)

	DescribeTable("uses new credentials within seconds, and the old ones no more:", eachWay(func(chosen way) {
		e := connectedBy(chosen)
		key := e.issued()
		before := e.credentialsSent()
		e.Expect(before).To(HaveLen(1))
		second := simulator.Login{Username: "operator", Password: "another horse"}
		if chosen.tokens { // Cognigy goes on to accept the token
			chosen.accept(e, second)
		}
		secret := e.login(second)
		data := secret.Data
		e.Change(secret, func() { secret.Data = data })
		if !chosen.tokens {
			chosen.accept(e, second)
		}
		e.Eventually(e.credentialsSent).WithTimeout(patience).Should(HaveLen(2))
		e.AwaitReady(e.Connection())
		e.AwaitDelivered(key, 1)
		e.remains(func(g Gomega) { g.Expect(e.credentialsSent()).To(HaveLen(2)) })
		e.Expect(e.Posts()).To(Equal(1))
	})...)

	DescribeTable("goes on when its tokens expire early:", func(name string) {
		e := connectedBy(ways[name])
		key := e.issued()
		e.Cognigy.ExpireTokens()
		e.Eventually(func() int { return len(e.Cognigy.Tokens()) }).WithTimeout(patience).Should(Equal(2))
		e.AwaitReady(e.Connection())
		e.AwaitDelivered(key, 1)
		another := e.issued(func(k *v1alpha1.EndpointAPIKey) { k.Name = "another" })
		e.Delete(another)
		e.AwaitGone(another)
		e.Expect(e.Posts()).To(Equal(2))
	}, Entry("OAuth 2.0", "OAuth 2.0"), Entry("super API keys", "super API keys"))
})

// refusedLogin is a way in which Cognigy does not accept what a connection authenticates with, and what ends that.
type refusedLogin struct {
	by         string
	harm, mend func(*environment)
	reason     string
	want       status.Status
	says       string
}

// written replaces the credentials.
func written(username, password string) func(*environment) {
	return func(e *environment) {
		secret := e.login(simulator.Login{Username: username, Password: password})
		data := secret.Data
		e.Change(secret, func() { secret.Data = data })
	}
}

// respecified changes what the connection's auth says.
func respecified(edit func(*v1alpha1.Auth)) func(*environment) {
	return func(e *environment) {
		connection := e.Connection()
		e.Change(connection, func() { edit(&connection.Spec.Auth) })
	}
}

func switchedTo(status int) func(*environment) {
	return func(e *environment) { e.Cognigy.SwitchSuperAPIKeys(status) }
}

var _ = Describe("A connection whose credentials are refused", Label("connection"), func() {
	right := func(e *environment) { written(firstLogin.Username, firstLogin.Password)(e) }
	const failed, inProgress = status.FailedStatus, status.InProgressStatus
	DescribeTable("says what is wrong, and recovers:", func(test refusedLogin) {
		e := newEnvironmentBy(ways[test.by])
		e.Create(e.login(firstLogin))
		connection := e.Connection()
		test.harm(e)
		e.Cognigy.ExpireTokens() // that of before, if there was one
		e.reports(connection, test.reason, test.want, test.says)
		key := e.Key()
		e.Create(key)
		e.reports(key, v1alpha1.ReasonConnectionNotReady, test.want, test.says)
		test.mend(e)
		e.AwaitReady(connection)
		e.AwaitDelivered(key, 1)
		e.Expect(e.Posts()).To(Equal(1))
	},
		Entry("a wrong password", refusedLogin{
			by: "Basic", harm: written("operator", "wrong password"), mend: right,
			reason: v1alpha1.ReasonUnauthorized, want: failed, says: "rejects the credentials",
		}),
		Entry("a name with a colon, which ends it", refusedLogin{
			by: "Basic", harm: written("operator:of", "a password"), mend: right,
			reason: v1alpha1.ReasonCredentialsInvalid, want: failed, says: "characters that the name of a user of Cognigy cannot have",
		}),
		Entry("no password", refusedLogin{
			by: "OAuth 2.0", harm: respecified(func(a *v1alpha1.Auth) { a.OAuth2.SecretRef.ClientSecretKey = "secret" }),
			mend:   respecified(func(a *v1alpha1.Auth) { a.OAuth2.SecretRef.ClientSecretKey = "password" }),
			reason: v1alpha1.ReasonCredentialsNotFound, want: inProgress, says: "auth.oauth2.secretRef.clientSecretKey",
		}),
		Entry("a wrong secret of the client", refusedLogin{
			by: "OAuth 2.0", harm: written("operator", "wrong secret"), mend: right,
			reason: v1alpha1.ReasonUnauthorized, want: failed, says: "invalid_client",
		}),
		Entry("a scope that the client may not have", refusedLogin{
			by: "OAuth 2.0", harm: respecified(func(a *v1alpha1.Auth) { a.OAuth2.Scopes = []v1alpha1.Scope{"everything"} }),
			mend:   respecified(func(a *v1alpha1.Auth) { a.OAuth2.Scopes = nil }),
			reason: v1alpha1.ReasonInvalidScope, want: failed, says: "correct auth.oauth2.scopes",
		}),
		Entry("a wrong password of the Management UI", refusedLogin{
			by: "super API keys", harm: written("operator", "wrong password"), mend: right,
			reason: v1alpha1.ReasonUnauthorized, want: failed, says: "management API rejects name and password",
		}),
		Entry("another organisation", refusedLogin{
			by:     "super API keys",
			harm:   respecified(func(a *v1alpha1.Auth) { a.SuperAPIKey.OrganisationID = "64f0c0ffee00000000000008" }),
			mend:   respecified(func(a *v1alpha1.Auth) { a.SuperAPIKey.OrganisationID = organisationID }),
			reason: v1alpha1.ReasonOrganisationNotFound, want: failed, says: "auth.superAPIKey.organisationID",
		}),
		Entry("super API keys that are switched off", refusedLogin{
			by: "super API keys", harm: switchedTo(404), mend: switchedTo(0),
			reason: v1alpha1.ReasonSuperAPIKeysOff, want: failed, says: "FEATURE_USE_SUPERAPIKEY_API",
		}),
		Entry("super API keys that are switched off, where the API's own authentication answers", refusedLogin{
			by: "super API keys", harm: switchedTo(401), mend: switchedTo(0),
			reason: v1alpha1.ReasonSuperAPIKeysOff, want: failed, says: "FEATURE_USE_SUPERAPIKEY_API",
		}),
	)
})
