// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import "testing"

const (
	connectionRefImmutable = "connectionRef cannot be changed: the key lives behind the old connection; create a new EndpointAPIKey and delete this one"
	endpointImmutable      = "endpoint cannot be changed: the key belongs to the old Endpoint; create a new EndpointAPIKey and delete this one"
	baseURLImmutable       = "baseURL cannot be changed: a connection is one Cognigy, and keys made at the old address could be neither found nor revoked at the new one; create another connection, and other EndpointAPIKeys for it"
	secretTypeImmutable    = "secret.type cannot be changed, since Kubernetes lets no Secret change its type; create a new EndpointAPIKey and delete this one"
	secretNameImmutable    = "secret.name cannot be changed: workloads read the key from the old Secret; create a new EndpointAPIKey and delete this one"
)

// What says where a key lives cannot change, or the key would be left behind.
func TestWhatCannotBeChanged(t *testing.T) {
	testChanges(t, keys, []change{
		{why: "another connection is another Cognigy", to: fields{"spec.connectionRef.name": "staging"}, refused: connectionRefImmutable},
		{why: "another kind is another connection of the same name", to: fields{"spec.connectionRef.kind": "ClusterCognigyConnection"}, refused: connectionRefImmutable},
		{why: "leaving the kind out again changes it, too", from: fields{"spec.connectionRef.kind": "ClusterCognigyConnection"}, refused: connectionRefImmutable},
		{why: "writing the default out changes nothing", to: fields{"spec.connectionRef.kind": "CognigyConnection"}},
		{why: "another Endpoint does not know the key", to: fields{"spec.endpoint.id": "64f0c0ffee0123456789abce"}, refused: endpointImmutable},

		{why: "naming the Secret that is used anyway changes nothing", to: fields{"spec.secret.name": itsOwnName{}}},
		{why: "naming another one would leave the old one behind", to: fields{"spec.secret.name": "another"}, refused: secretNameImmutable},
		{why: "a name written out may be left out if it is the default", from: fields{"spec.secret.name": itsOwnName{}}},
		{why: "a name of one's own may not be left out", from: fields{"spec.secret.name": "own"}, refused: secretNameImmutable},
		{why: "nor with the whole of secret", from: fields{"spec.secret.name": "own"}, to: fields{"spec.secret": absent{}}, refused: secretNameImmutable},
		{why: "nor be replaced", from: fields{"spec.secret.name": "own"}, to: fields{"spec.secret.name": "another"}, refused: secretNameImmutable},
		{why: "nor be replaced by the resource's name", from: fields{"spec.secret.name": "own"}, to: fields{"spec.secret.name": itsOwnName{}}, refused: secretNameImmutable},
		{why: "no Secret changes its type", to: fields{"spec.secret.type": "servicebinding.io/cognigy"}, refused: secretTypeImmutable},
		{why: "nor back to the default", from: fields{"spec.secret.type": "servicebinding.io/cognigy"}, refused: secretTypeImmutable},
		{why: "nor with the whole of secret", from: fields{"spec.secret.type": "servicebinding.io/cognigy"}, to: fields{"spec.secret": absent{}}, refused: secretTypeImmutable},
		{why: "writing the default type out changes nothing", to: fields{"spec.secret.type": "Opaque"}},
		{why: "nor does leaving it out", from: fields{"spec.secret.type": "Opaque"}},
		{why: "applying the same again is no change", from: fields{"spec.secret.name": "own"}, to: fields{"spec.secret.name": "own"}},
	})
	for _, k := range connectionKinds {
		testChanges(t, k, []change{
			{why: "another address is another Cognigy", to: fields{"spec.baseURL": "https://cognigy.example.com"}, refused: baseURLImmutable},
			{why: "also where it is the same one: the API server cannot tell", to: fields{"spec.baseURL": "https://api-trial.cognigy.ai/new"}, refused: baseURLImmutable},
			{
				why: "http is another address, too", to: fields{"spec.baseURL": "http://api-trial.cognigy.ai", "spec.allowInsecureHTTP": true},
				refused: baseURLImmutable,
			},
			{why: "applying the same again changes nothing", to: fields{"spec.baseURL": "https://api-trial.cognigy.ai"}},
		})
	}
}

// Whatever does not move a key can be changed without a new one.
func TestWhatCanBeChanged(t *testing.T) {
	testChanges(t, keys, []change{
		{why: "Retain is the way out when Cognigy is gone for good", to: fields{"spec.deletionPolicy": "Retain"}},
		{why: "and back", from: fields{"spec.deletionPolicy": "Retain"}, to: fields{"spec.deletionPolicy": "Revoke"}},
		{why: "a resource can be suspended", to: fields{"spec.suspend": true}},
		{why: "and resumed", from: fields{"spec.suspend": true}},
		{why: "rotation can be introduced", to: fields{"spec.rotation.every": "720h"}},
		{why: "rotated once, declaratively", from: fields{"spec.rotation.every": "720h"}, to: fields{"spec.rotation.notBefore": "2026-11-22T10:00:00Z"}},
		{why: "and given up", from: fields{"spec.rotation.every": "720h", "spec.rotation.overlap": "24h"}},
		{why: "the next key may have another name", from: fields{"spec.displayName": "old"}, to: fields{"spec.displayName": "new"}},
		{why: "labels of the Secret come", to: fields{"spec.secret.labels": map[string]any{"a": "b"}}},
		{why: "and go", from: fields{"spec.secret.labels": map[string]any{"a": "b"}}},
		{why: "annotations of the Secret too", from: fields{"spec.secret.annotations": map[string]any{"a": "b"}}, to: fields{"spec.secret.annotations": map[string]any{"a": "c"}}},
		{why: "workloads may want another data key", to: fields{"spec.secret.key": "token"}},
		{why: "or a file", to: fields{"spec.secret.template.data": map[string]any{"webhook.env": "{{ .key }}"}}},
		{why: "and no longer", from: fields{"spec.secret.template.data": map[string]any{"webhook.env": "{{ .key }}"}}},
	})
	for _, k := range connectionKinds {
		testChanges(t, k, []change{
			{why: "credentials may be found elsewhere", to: fields{"spec.auth.apiKey.secretRef.name": "others"}},
			{why: "another authority may sign the certificate", to: fields{"spec.caBundle": "LS0t"}},
			{why: "permission to use http may be given in advance", to: fields{"spec.allowInsecureHTTP": true}},
			{why: "Endpoints may be found elsewhere", to: fields{"spec.endpointBaseURL": "https://endpoint-trial.cognigy.ai"}},
			{why: "orphans may be revoked once they were looked at", to: fields{"spec.orphanPolicy": "Revoke"}},
			{why: "and be left alone again", from: fields{"spec.orphanPolicy": "Revoke"}, to: fields{"spec.orphanPolicy": "Ignore"}},
		})
	}
	testChanges(t, clusterConnections, []change{
		{why: "permission can be withdrawn", to: fields{"spec.allowedNamespaces": map[string]any{
			"from": "Selector", "selector": map[string]any{"matchLabels": map[string]any{"team": "crm"}},
		}}},
		{why: "Endpoints can be granted later", to: fields{"spec.grants": []any{grant(nil)}}},
		{why: "and no longer", from: fields{"spec.grants": []any{grant(nil)}}, to: fields{"spec.grants": absent{}}},
	})
}
