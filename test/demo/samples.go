// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

const fieldManager = "demo"

// sample is an object of config/samples. It stays as it was read; adapted returns what is applied.
type sample struct {
	file   string
	object *unstructured.Unstructured
}

// samples are the ones of the shortest way, where everything is in one namespace, and those of an on-premise installation, whose
// connection permits another namespace.
type samples struct {
	credentials, connection, key         sample
	management, onPremise, restartingKey sample
}

// change is a field of a sample that cannot be the same on this machine.
type change struct {
	field string // its path, with dots
	value string
	shown string // instead of the value
}

func readSamples(folder string) (samples, error) {
	const group = "cognigy-operator.io_v1alpha1_"
	var s samples
	var err error
	for _, read := range []struct {
		to               *sample
		file, kind, name string
	}{
		{&s.credentials, "credentials.yaml", "Secret", "default/cognigy-credentials"},
		{&s.connection, group + "cognigyconnection.yaml", "CognigyConnection", "default/cognigy"},
		{&s.key, group + "endpointapikey.yaml", "EndpointAPIKey", "default/crm-webhook"},
		{&s.management, "credentials.yaml", "Secret", installation.Namespace + "/cognigy-management"},
		{&s.onPremise, group + "clustercognigyconnection_onpremise.yaml", "ClusterCognigyConnection", "/onpremise"},
		{&s.restartingKey, group + "endpointapikey_restart.yaml", "EndpointAPIKey", "default/crm-webhook-restarting"},
	} {
		if *read.to, err = readSample(filepath.Join(folder, read.file), read.kind, read.name); err != nil {
			return s, err
		}
	}
	return s, nil
}

// readSample returns the object of a kind, by namespace and name.
func readSample(file, kind, name string) (sample, error) {
	objects, err := installation.Read(file)
	if err != nil {
		return sample{}, err
	}
	for _, object := range objects {
		if object.GetKind() == kind && client.ObjectKeyFromObject(object).String() == name {
			return sample{file, object}, nil
		}
	}
	return sample{}, fmt.Errorf("%s has no %s %s", file, kind, name)
}

// apply applies the samples, and says what of them is changed.
func (d *demo) apply(ctx context.Context) error {
	d.name = client.ObjectKeyFromObject(d.samples.key.object)
	ca := base64.StdEncoding.EncodeToString(d.cognigy.CABundle())
	if err := d.applySample(ctx, d.samples.credentials,
		change{field: "stringData.api-key", value: d.cognigy.APIKey(), shown: "what the simulator accepts"}); err != nil {
		return err
	}
	if err := d.applySample(ctx, d.samples.connection,
		change{field: "spec.baseURL", value: d.cognigy.URL()},
		change{field: "spec.caBundle", value: ca, shown: "the simulator's certificate"}); err != nil {
		return err
	}
	return d.applyKey(ctx)
}

// applyKey applies the sample EndpointAPIKey.
func (d *demo) applyKey(ctx context.Context) error {
	return d.applySample(ctx, d.samples.key, change{field: "spec.endpoint.id", value: d.endpoint.ID})
}

func (d *demo) applySample(ctx context.Context, s sample, changes ...change) error {
	adapted, said, err := s.adapted(changes)
	if err != nil {
		return err
	}
	d.out.note(fmt.Sprintf("%s: %s %s", filepath.Base(s.file), adapted.GetKind(), client.ObjectKeyFromObject(adapted)))
	for _, text := range said {
		d.out.note("  with " + text)
	}
	apply := client.ApplyConfigurationFromUnstructured(adapted)
	if err := d.cluster.Apply(ctx, apply, client.FieldOwner(fieldManager), client.ForceOwnership); err != nil {
		return fmt.Errorf("applying %s: %w", s.file, err)
	}
	return nil
}

// adapted returns a copy of the sample with the changes made, and what they are.
func (s sample) adapted(changes []change) (*unstructured.Unstructured, []string, error) {
	object := s.object.DeepCopy()
	var said []string
	for _, c := range changes {
		path := strings.Split(c.field, ".")
		before, found, err := unstructured.NestedString(object.Object, path...)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", s.file, err)
		}
		if err := unstructured.SetNestedField(object.Object, c.value, path...); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", s.file, err)
		}
		text := c.field + " = " + cmp.Or(c.shown, c.value)
		if found {
			text += ", not " + clip(before, 30)
		}
		said = append(said, text)
	}
	return object, said, nil
}

func clip(text string, length int) string {
	if len(text) <= length {
		return text
	}
	return text[:length] + "…"
}
