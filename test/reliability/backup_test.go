// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
)

// apply puts the value and the annotations of an earlier Secret back, as kubectl apply does.
func (e *environment) apply(earlier *corev1.Secret) error {
	return e.putBack(earlier, func() error {
		current, err := e.readSecret(client.ObjectKeyFromObject(earlier))
		if apierrors.IsNotFound(err) {
			again := earlier.DeepCopy()
			fixtures.Strip(again)
			return cluster.Create(e.Context, again)
		}
		if err != nil {
			return err
		}
		current.Data, current.Annotations = earlier.Data, earlier.Annotations
		return cluster.Update(e.Context, current)
	})
}

// backup is what a backup tool keeps of a resource.
type backup struct {
	secret *corev1.Secret
	key    *v1alpha1.EndpointAPIKey
	others []client.Object // the credentials and the connection
}

// save backs the resource up with its Secret and, if all is to be saved, what it depends on.
func (e *environment) save(name types.NamespacedName, all bool) (saved backup, err error) {
	saved.key, saved.secret = &v1alpha1.EndpointAPIKey{ObjectMeta: e.Meta(name.Name)}, target(name)
	objects := []client.Object{saved.key, saved.secret}
	if all {
		saved.others = []client.Object{e.Credentials(""), e.Connection()}
		objects = append(objects, saved.others...)
	}
	for _, object := range objects {
		if err := cluster.Get(e.Context, client.ObjectKeyFromObject(object), object); err != nil {
			return backup{}, err
		}
		fixtures.Strip(object)
	}
	return saved, nil
}

// restore creates what was saved, the Secret before the resource, which keeps its finalizer. What is there already stays as it is.
func (e *environment) restore(saved backup) error {
	for _, object := range saved.others {
		if err := cluster.Create(e.Context, object.DeepCopyObject().(client.Object)); err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
	err := e.putBack(saved.secret, func() error { return cluster.Create(e.Context, saved.secret.DeepCopy()) })
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	err = cluster.Create(e.Context, saved.key.DeepCopy())
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// lose removes a resource and its Secret without the operator, as the end of a cluster does: nothing is revoked.
func (e *environment) lose(name types.NamespacedName) error {
	for _, o := range e.checker.known() {
		if o.key == name && e.lives(o) {
			o.lost.Store(true)
		}
	}
	if err := e.removeByForce(&v1alpha1.EndpointAPIKey{ObjectMeta: e.Meta(name.Name)}); err != nil {
		return err
	}
	return client.IgnoreNotFound(cluster.Delete(e.Context, target(name)))
}

// removeByForce removes an object in spite of its finalizers, which the operator may put back meanwhile.
func (e *environment) removeByForce(object client.Object) error {
	nothing := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))
	return wait.PollUntilContextTimeout(e.Context, poll/10, callTimeout, true, func(context.Context) (bool, error) {
		err := cluster.Patch(e.Context, object, nothing)
		if err == nil {
			err = cluster.Delete(e.Context, object)
		}
		if err == nil {
			err = cluster.Get(e.Context, client.ObjectKeyFromObject(object), object)
		}
		return apierrors.IsNotFound(err), client.IgnoreNotFound(err)
	})
}
