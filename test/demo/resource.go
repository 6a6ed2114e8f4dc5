// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// delivered is a key as the Secret holds it.
type delivered struct {
	id       string
	preview  string
	issuedAt time.Time // by the operator's clock
	value    plaintext
	secret   *corev1.Secret
}

// resource reads the EndpointAPIKey.
func (d *demo) resource(ctx context.Context) (*v1alpha1.EndpointAPIKey, error) {
	key := &v1alpha1.EndpointAPIKey{}
	return key, d.cluster.Get(ctx, d.name, key)
}

// read reads the key from the Secret; nil if there is no Secret.
func (d *demo) read(ctx context.Context, key *v1alpha1.EndpointAPIKey) (*delivered, error) {
	secret := &corev1.Secret{}
	if err := d.cluster.Get(ctx, key.SecretName(), secret); apierrors.IsNotFound(err) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	issuedAt, err := time.Parse(time.RFC3339Nano, secret.Annotations[v1alpha1.IssuedAtAnnotation])
	if err != nil {
		return nil, fmt.Errorf("annotation %s: %w", v1alpha1.IssuedAtAnnotation, err)
	}
	return &delivered{
		id:       secret.Annotations[v1alpha1.KeyIDAnnotation],
		preview:  secret.Annotations[v1alpha1.KeyPreviewAnnotation],
		issuedAt: issuedAt,
		value:    plaintext(secret.Data[key.SecretKey()]),
		secret:   secret,
	}, nil
}

// current is the key that was found last.
func (d *demo) current() delivered { return d.keys[len(d.keys)-1] }

// awaitReady waits until the resource is Ready and says nothing else, which is what kstatus, and so Flux, Argo CD and
// `kubectl wait`, go by.
func (d *demo) awaitReady(ctx context.Context) (*v1alpha1.EndpointAPIKey, error) {
	var key *v1alpha1.EndpointAPIKey
	err := await(ctx, "Ready to be True for the latest generation, and no other condition", func(ctx context.Context) (string, bool, error) {
		var err error
		if key, err = d.resource(ctx); err != nil {
			return "", false, err
		}
		conditions := key.Status.Conditions
		settled := meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionReady) && len(conditions) == 1
		return describe(key), settled && key.Status.ObservedGeneration == key.Generation, nil
	})
	return key, err
}

// awaitKey waits until the Secret holds another key than the one found last, and the status speaks of it.
func (d *demo) awaitKey(ctx context.Context) (*v1alpha1.EndpointAPIKey, error) {
	var found *delivered
	var key *v1alpha1.EndpointAPIKey
	err := await(ctx, "the Secret to hold a new key, and the status to name it", func(ctx context.Context) (string, bool, error) {
		var err error
		if key, err = d.resource(ctx); err != nil {
			return "", false, err
		}
		if found, err = d.read(ctx, key); err != nil {
			return "", false, err
		}
		if found == nil {
			return "there is no Secret; " + describe(key), false, nil
		}
		another := len(d.keys) == 0 || found.id != d.current().id
		return fmt.Sprintf("the Secret holds key %s; %s", found.id, describe(key)), another && key.Status.KeyID == found.id, nil
	})
	if err == nil {
		d.keys = append(d.keys, *found)
	}
	return key, err
}

// describe says in one line how a resource is.
func describe(key *v1alpha1.EndpointAPIKey) string {
	text := fmt.Sprintf("generation %d, observed %d, key %q", key.Generation, key.Status.ObservedGeneration, key.Status.KeyID)
	for _, condition := range key.Status.Conditions {
		text += "; " + conditionText(condition)
	}
	return text
}

func conditionText(c metav1.Condition) string {
	return fmt.Sprintf("%s=%s %s: %s", c.Type, c.Status, c.Reason, c.Message)
}
