// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package crash_test

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// story is something that happens to one EndpointAPIKey. The operator may be killed at any of its effects from the moment on
// that the story begins.
type story struct {
	name string
	// spec changes the smallest useful resource.
	spec func(*v1alpha1.EndpointAPIKeySpec)
	// user is what a person does: when the first key is delivered; or, with during, when the operator is about to have that
	// effect for the first time. Without it the story is the first issue, from the start of the operator on.
	user   func(*world) error
	during string
	ends   ending
}

const overlap = 4 * time.Second

// stories are what is tested: one more is one more element, and its points are found by themselves.
var stories = []story{
	{name: "first issue", ends: issued},
	{name: "Secret deleted", user: func(w *world) error { return cluster.Delete(w.ctx, w.target()) }, ends: issued},
	{name: "Secret edited", user: (*world).editSecret, ends: issued},
	{name: "key revoked outside", user: (*world).revokeOutside, ends: issued},
	{name: "rotation", user: (*world).rotate, ends: issued},
	{
		name: "rotation with overlap", user: (*world).rotate, ends: issued,
		spec: func(s *v1alpha1.EndpointAPIKeySpec) {
			s.Rotation = &v1alpha1.Rotation{Overlap: &metav1.Duration{Duration: overlap}}
		},
	},
	{name: "deletion", user: (*world).deleteKey, ends: gone},
	{name: "deletion before the POST", during: effectPost, user: (*world).deleteKey, ends: gone},
	{name: "deletion after the POST", during: effectCreate, user: (*world).deleteKey, ends: gone},
	{
		name: "retain", user: (*world).deleteKey, ends: retained,
		spec: func(s *v1alpha1.EndpointAPIKeySpec) { s.DeletionPolicy = v1alpha1.DeletionPolicyRetain },
	},
	{name: "connection deleted first", user: (*world).deleteConnectionFirst, ends: razed},
	{name: "namespace deleted whole", user: (*world).deleteNamespace, ends: wiped},
}

// early tells whether the story begins before there is a key.
func (s *story) early() bool { return s.user == nil || s.during != "" }

func (w *world) revokeOutside() error {
	w.cognigy.RevokeKey(w.first.ID)
	return nil
}

func (w *world) deleteKey() error { return cluster.Delete(w.ctx, w.key.DeepCopy()) }

// deleteConnectionFirst deletes in the worst order.
func (w *world) deleteConnectionFirst() error {
	for _, object := range []client.Object{w.connection(), w.credentials(), w.key.DeepCopy()} {
		if err := client.IgnoreNotFound(cluster.Delete(w.ctx, object)); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) deleteNamespace() error {
	return cluster.Delete(w.ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}})
}

func (w *world) editSecret() error {
	secret := &corev1.Secret{}
	if err := cluster.Get(w.ctx, w.key.SecretName(), secret); err != nil {
		return err
	}
	secret.Data[w.key.SecretKey()] = []byte("edited by somebody")
	return cluster.Update(w.ctx, secret)
}

// rotate asks for a new key as of the next full second: a key made within this one would count as new enough.
func (w *world) rotate() error {
	key, err := w.read()
	if err != nil {
		return err
	}
	before := key.DeepCopy()
	if key.Spec.Rotation == nil {
		key.Spec.Rotation = &v1alpha1.Rotation{}
	}
	at := metav1.NewTime(time.Now().Truncate(time.Second).Add(time.Second))
	key.Spec.Rotation.NotBefore = &at
	return cluster.Patch(w.ctx, key, client.MergeFrom(before))
}
