// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"net/http"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// named is the resource that names its Endpoint, which is the first one.
const named = keyCount - 1

// keyOf returns a resource as it is to be created.
func (c *chaos) keyOf(s step) *v1alpha1.EndpointAPIKey {
	key := c.Key(fixtures.Named(c.nameOf(s).Name))
	key.Spec.Endpoint.ID = c.endpoints[s.Key%len(c.endpoints)].ID
	if s.Key == named {
		fixtures.ByName(&key.Spec)
	}
	return key
}

// templates are what a Secret may hold beside the key.
var templates = []*v1alpha1.SecretTemplate{
	nil,
	{Data: map[string]v1alpha1.TemplateText{"webhook.env": "KEY={{ .key }}"}},
	{Data: map[string]v1alpha1.TemplateText{"webhook.json": `{"key": {{ toJson .key }}, "name": {{ toJson .endpointName }}}`}},
}

// requestRotation asks for another key by the annotation, as of the next full second.
func (c *chaos) requestRotation(s step) error {
	key, err := c.Find(c.nameOf(s))
	if err != nil {
		return err
	}
	return fixtures.RequestRotation(c.Context, cluster, key, inSeconds(0).Time)
}

// renameEndpoint gives the first Endpoint another name for a while.
func (c *chaos) renameEndpoint(s step) error {
	rename := func(name string) {
		c.Cognigy.EditEndpoint(c.Endpoint.ID, func(endpoint *simulator.Endpoint) { endpoint.Name = name })
	}
	rename("renamed")
	c.lasts(s.For, func() { rename(fixtures.EndpointName) })
	return nil
}

// switchSuperKeysOff does so for a while. It matters in environments that need them.
func (c *chaos) switchSuperKeysOff(s step) error {
	c.Cognigy.SwitchSuperAPIKeys(http.StatusNotFound)
	c.lasts(s.For, func() { c.Cognigy.SwitchSuperAPIKeys(0) })
	return nil
}
