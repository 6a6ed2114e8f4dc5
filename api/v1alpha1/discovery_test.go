// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"encoding/json"
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// `kubectl get cognigy`, `kubectl get eak`: what people type many times a day.
func TestDiscovery(t *testing.T) {
	g := NewWithT(t)
	found, err := raw.Discovery().ServerResourcesForGroupVersion(v1alpha1.GroupVersion.String())
	g.Expect(err).NotTo(HaveOccurred())
	resources := map[string]metav1.APIResource{}
	for _, resource := range found.APIResources {
		resources[resource.Name] = resource
	}
	g.Expect(resources).To(HaveLen(6), "three kinds, and the status of each")
	for _, k := range kinds {
		shortName := map[string]string{keys.kind: "eak", connections.kind: "cogconn", clusterConnections.kind: "ccogconn"}[k.kind]
		resource := resources[k.resource]
		g.Expect(resource.Kind).To(Equal(k.kind))
		g.Expect(resource.Namespaced).To(Equal(k.namespaced), k.kind)
		g.Expect(resource.ShortNames).To(ConsistOf(shortName))
		g.Expect(resource.Categories).To(ConsistOf("cognigy"))
		g.Expect(resources).To(HaveKey(k.resource + "/status"))
	}
}

type column struct {
	name, kind string
	priority   int32
	cell       any
}

// What kubectl shows, and with priority 1 only when asked for more.
func TestPrinterColumns(t *testing.T) {
	for _, c := range []struct {
		kind    kindUnderTest
		with    fields
		columns []column
	}{
		{
			kind: keys,
			with: fields{
				"status.keyPreview": "8a4f••••7c2e", "status.secretName": "crm", "status.endpointID": "64f0c0ffee0123456789abcd",
				"status.keyID": "65a1", "status.rotatesAt": "2026-12-22T10:00:03Z",
			},
			columns: []column{
				{"Preview", "string", 0, "8a4f••••7c2e"},
				{"Age", "date", 0, anyAge},
				{"Secret", "string", 1, "crm"},
				{"Endpoint", "string", 1, "64f0c0ffee0123456789abcd"},
				{"Key", "string", 1, "65a1"},
				{"Rotates", "string", 1, "2026-12-22T10:00:03Z"},
			},
		},
		{kind: connections, columns: []column{{"Age", "date", 0, anyAge}, {"URL", "string", 1, "https://api-trial.cognigy.ai"}}},
		{kind: clusterConnections, columns: []column{{"Age", "date", 0, anyAge}, {"URL", "string", 1, "https://api-trial.cognigy.ai"}}},
	} {
		t.Run(c.kind.kind, func(t *testing.T) {
			g := NewWithT(t)
			with := condition(map[string]any{"message": "all is well"})
			for field, value := range c.with {
				with[field] = value
			}
			object, err := writeStatus(t, c.kind, with)
			g.Expect(err).NotTo(HaveOccurred())

			expected := []column{{"Name", "string", 0, object.GetName()}, {"Ready", "string", 0, "True"}, {"Reason", "string", 0, "Delivered"}}
			expected = append(append(expected, c.columns...), column{"Message", "string", 1, "all is well"})
			table := c.kind.table(t, object.GetName())
			g.Expect(table.Rows).To(HaveLen(1))
			var shown []column
			for i, definition := range table.ColumnDefinitions {
				cell := table.Rows[0].Cells[i]
				if definition.Type == "date" {
					cell = anyAge
				}
				shown = append(shown, column{definition.Name, definition.Type, definition.Priority, cell})
			}
			g.Expect(shown).To(Equal(expected))
		})
	}
}

const anyAge = "5s"

func (k kindUnderTest) table(t *testing.T, name string) *metav1.Table {
	t.Helper()
	g := NewWithT(t)
	answer, err := raw.Discovery().RESTClient().Get().AbsPath(k.path(name)).
		SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io").Do(t.Context()).Raw()
	g.Expect(err).NotTo(HaveOccurred())
	table := &metav1.Table{}
	g.Expect(json.Unmarshal(answer, table)).To(Succeed())
	return table
}

// Controllers of service bindings find the kinds that provide services by this label.
func TestProvisionedService(t *testing.T) {
	g := NewWithT(t)
	answer, err := raw.Discovery().RESTClient().Get().
		AbsPath("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/endpointapikeys.cognigy-operator.io").Do(t.Context()).Raw()
	g.Expect(err).NotTo(HaveOccurred())
	definition := &metav1.PartialObjectMetadata{}
	g.Expect(json.Unmarshal(answer, definition)).To(Succeed())
	g.Expect(definition.Labels).To(HaveKeyWithValue("servicebinding.io/provisioned-service", "true"))
}
