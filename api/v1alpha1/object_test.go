// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// kindUnderTest is one of the three kinds, with the least that a user can write.
type kindUnderTest struct {
	kind, resource string
	namespaced     bool
	spec           string
	newObject      func() client.Object
	newList        func() client.ObjectList
}

var (
	keys = kindUnderTest{
		kind: "EndpointAPIKey", resource: "endpointapikeys", namespaced: true,
		spec:      `{"connectionRef":{"name":"production"},"endpoint":{"id":"64f0c0ffee0123456789abcd"}}`,
		newObject: func() client.Object { return &v1alpha1.EndpointAPIKey{} },
		newList:   func() client.ObjectList { return &v1alpha1.EndpointAPIKeyList{} },
	}
	connections = kindUnderTest{
		kind: "CognigyConnection", resource: "cognigyconnections", namespaced: true,
		spec:      `{"baseURL":"https://api-trial.cognigy.ai","auth":{"apiKey":{"secretRef":{"name":"credentials"}}}}`,
		newObject: func() client.Object { return &v1alpha1.CognigyConnection{} },
		newList:   func() client.ObjectList { return &v1alpha1.CognigyConnectionList{} },
	}
	clusterConnections = kindUnderTest{
		kind: "ClusterCognigyConnection", resource: "clustercognigyconnections",
		spec: `{"baseURL":"https://api-trial.cognigy.ai","auth":{"apiKey":{"secretRef":{"name":"credentials"}}},` +
			`"allowedNamespaces":{"from":"All"}}`,
		newObject: func() client.Object { return &v1alpha1.ClusterCognigyConnection{} },
		newList:   func() client.ObjectList { return &v1alpha1.ClusterCognigyConnectionList{} },
	}
	kinds           = []kindUnderTest{keys, connections, clusterConnections}
	connectionKinds = []kindUnderTest{connections, clusterConnections}
)

// fields are values by their path, such as spec.secret.name. nil is JSON's null; absent removes the field. A
// json.RawMessage is sent as it stands.
type fields map[string]any

type absent struct{}

var names atomic.Int64

func newName() string { return fmt.Sprintf("object-%d", names.Add(1)) }

// manifest is the least that a user can write, changed by fields.
func (k kindUnderTest) manifest(t *testing.T, name string, with fields) []byte {
	t.Helper()
	g := NewWithT(t)
	object := map[string]any{
		"apiVersion": v1alpha1.GroupVersion.String(), "kind": k.kind,
		"metadata": map[string]any{"name": name},
	}
	var spec map[string]any
	g.Expect(json.Unmarshal([]byte(k.spec), &spec)).To(Succeed())
	object["spec"] = spec
	for path, value := range with {
		set(object, strings.Split(path, "."), value)
	}
	body, err := json.Marshal(object)
	g.Expect(err).NotTo(HaveOccurred())
	return body
}

func set(object map[string]any, path []string, value any) {
	if len(path) > 1 {
		child, ok := object[path[0]].(map[string]any)
		if !ok {
			child = map[string]any{}
			object[path[0]] = child
		}
		set(child, path[1:], value)
		return
	}
	if _, remove := value.(absent); remove {
		delete(object, path[0])
		return
	}
	object[path[0]] = value
}

func (k kindUnderTest) path(parts ...string) string {
	scope := ""
	if k.namespaced {
		scope = "/namespaces/default"
	}
	return strings.Join(append([]string{"/apis/" + v1alpha1.GroupVersion.String() + scope, k.resource}, parts...), "/")
}

// create sends a manifest and returns what the API server answers.
func (k kindUnderTest) create(t *testing.T, body []byte) (*unstructured.Unstructured, error) {
	t.Helper()
	answer, err := raw.Discovery().RESTClient().Post().AbsPath(k.path()).
		SetHeader("Content-Type", "application/json").Body(body).Do(t.Context()).Raw()
	return object(t, answer, err)
}

// update replaces an object or, with the subresource status, its status.
func (k kindUnderTest) update(t *testing.T, name string, body []byte, subresource ...string) (*unstructured.Unstructured, error) {
	t.Helper()
	answer, err := raw.Discovery().RESTClient().Put().AbsPath(k.path(append([]string{name}, subresource...)...)).
		SetHeader("Content-Type", "application/json").Body(body).Do(t.Context()).Raw()
	return object(t, answer, err)
}

func object(t *testing.T, answer []byte, err error) (*unstructured.Unstructured, error) {
	t.Helper()
	if err != nil {
		// The discovery client does not decode the refusal.
		status := &metav1.Status{}
		if json.Unmarshal(answer, status) == nil && status.Status == metav1.StatusFailure {
			err = apierrors.FromObject(status)
		}
		return nil, err
	}
	result := &unstructured.Unstructured{}
	NewWithT(t).Expect(result.UnmarshalJSON(answer)).To(Succeed())
	return result, nil
}
