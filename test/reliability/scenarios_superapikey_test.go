// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"crypto/rand"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// onPremise are the scenarios of a connection that authenticates by super API keys. A process that dies loses the one it has, and the next
// one waits for another, since they are made a minute apart.
var onPremise = []scenario{
	{name: "first issue, by a super API key", logIn: (*environment).loginManager, ends: (*environment).issued},
	{name: "rotation, when the super API key has expired", logIn: (*environment).loginManager, user: (*environment).expireAndRotate, ends: (*environment).issued},
	{name: "deletion, when the super API key has expired", logIn: (*environment).loginManager, user: (*environment).expireAndDelete, ends: (*environment).gone},
}

const (
	managerName    = "cognigy-management"
	organisationID = "64f0c0ffee00000000000001"
	// superKeyInterval is what the operator keeps between two requests for a super API key, less what a busy machine makes of it.
	superKeyInterval = 55 * time.Second
)

// loginManager has the connection authenticate by super API keys.
func (e *environment) loginManager() {
	login := simulator.Login{Username: "admin", Password: rand.Text()}
	e.Record(login.Password)
	e.Cognigy.SetManager(organisationID, login)
	e.Create(&corev1.Secret{
		ObjectMeta: e.Meta(managerName), Type: corev1.SecretTypeBasicAuth,
		StringData: map[string]string{"username": login.Username, "password": login.Password},
	})
	e.auth = &v1alpha1.Auth{SuperAPIKey: &v1alpha1.SuperAPIKeyAuth{
		OrganisationID: organisationID, SecretRef: v1alpha1.BasicSecretReference{Name: managerName},
	}}
}

func (e *environment) expireAndRotate() error {
	e.Cognigy.ExpireTokens()
	return e.rotate()
}

func (e *environment) expireAndDelete() error {
	e.Cognigy.ExpireTokens()
	return e.deleteKey()
}

// checkSuperKey: super API keys, which cannot be revoked, are asked for seldom for a connection, whichever process does. Without the
// connection there is nothing that could tell another process when.
func (c *checker) checkSuperKey() {
	connection := c.e.Connection()
	if err := cluster.Get(c.e.Context, client.ObjectKeyFromObject(connection), connection); err != nil {
		return
	}
	c.mu.Lock()
	since := time.Since(c.superKeys[connection.UID])
	c.superKeys[connection.UID] = time.Now()
	c.mu.Unlock()
	if since < superKeyInterval {
		c.report("a super API key is asked for %s after another", since)
	}
}
