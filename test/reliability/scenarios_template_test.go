// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"encoding/json"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// templated has the Secret hold a file, which tells of the key and of its Endpoint.
func templated(s *v1alpha1.EndpointAPIKeySpec) {
	s.Secret.Template = &v1alpha1.SecretTemplate{Data: map[string]v1alpha1.TemplateText{
		"webhook.env": "KEY={{ .key }}\nNAME={{ .endpointName }}\n",
	}}
}

// changeTemplate has the Secret hold another file instead.
func (e *environment) changeTemplate() error {
	return e.edit(e.name(), func(s *v1alpha1.EndpointAPIKeySpec) {
		s.Secret.Template = &v1alpha1.SecretTemplate{Data: map[string]v1alpha1.TemplateText{
			"webhook.json": `{"key": {{ toJson .key }}, "name": {{ toJson .endpointName }}}`,
		}}
	})
}

// rendered: the resource has its key, and its Secret holds the other file, of that key, and nothing else.
func (e *environment) rendered(g Gomega) {
	e.issued(g)
	secret, err := e.readSecret(e.name())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(secret.Data).To(HaveLen(2))
	var file struct{ Key, Name string }
	g.Expect(json.Unmarshal(secret.Data["webhook.json"], &file)).To(Succeed())
	g.Expect(file.Key).To(Equal(string(secret.Data[e.key.SecretKey()])))
	g.Expect(file.Name).To(Equal(e.Endpoint.Name))
}
