// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// story is something that happens to one EndpointAPIKey. The operator may be killed at any of its effects from the moment on
// that the story begins.
type story struct {
	name string
	// spec changes the smallest useful resource.
	spec func(*v1alpha1.EndpointAPIKeySpec)
	// orphans is what becomes of keys without a resource.
	orphans v1alpha1.OrphanPolicy
	// given is what is there before the operator starts.
	given func(*world)
	// user is what a person does: when the first key is delivered; or, with during, when the operator is about to have that
	// effect for the first time. Without it the story is the first issue, from the start of the operator on.
	user   func(*world) error
	during string
	ends   ending
}

const overlap = 4 * time.Second

// stories are what is tested: one more is one more element, and its points are found by themselves.
var stories = []story{
	{name: "first issue", ends: (*world).issued},
	{name: "first issue, whose answer is lost", given: (*world).loseAnswer, ends: (*world).issued},
	{name: "Secret deleted", user: func(w *world) error { return cluster.Delete(w.ctx, target(w.name())) }, ends: (*world).issued},
	{name: "Secret deleted twice", user: (*world).deleteSecretTwice, ends: (*world).issued},
	{name: "Secret edited", user: (*world).editSecret, ends: (*world).issued},
	{name: "Secret of somebody else", given: (*world).takeName, ends: (*world).refused},
	{name: "Secret of somebody else, at the last moment", during: effectCreate, user: (*world).takeNameForAWhile, ends: (*world).issued},
	{name: "key revoked outside", user: (*world).revokeOutside, ends: (*world).issued},
	{name: "credentials swapped", user: (*world).swapCredentials, ends: (*world).issued},
	{name: "suspended and resumed", user: (*world).suspendAndResume, ends: (*world).issued},
	{name: "rotation", user: (*world).rotate, ends: (*world).issued},
	{
		name: "rotation with overlap", user: (*world).rotate, ends: (*world).issued,
		spec: func(s *v1alpha1.EndpointAPIKeySpec) {
			s.Rotation = &v1alpha1.Rotation{Overlap: &metav1.Duration{Duration: overlap}}
		},
	},
	{name: "deletion", user: (*world).deleteKey, ends: (*world).gone},
	{name: "deletion before the POST", during: effectPost, user: (*world).deleteKey, ends: (*world).gone},
	{name: "deletion after the POST", during: effectCreate, user: (*world).deleteKey, ends: (*world).gone},
	{
		name: "vanished in spite of its finalizer", orphans: v1alpha1.OrphanPolicyRevoke,
		during: effectPost, user: (*world).vanish, ends: (*world).gone,
	},
	{
		name: "made when its resource is gone", orphans: v1alpha1.OrphanPolicyRevoke,
		during: effectPost, user: (*world).deleteKey, given: (*world).makeLate, ends: (*world).goneAtLast,
	},
	{name: "deleted and recreated", user: (*world).recreate, ends: (*world).recreated},
	{
		name: "retain", user: (*world).deleteKey, ends: (*world).retained,
		spec: func(s *v1alpha1.EndpointAPIKeySpec) { s.DeletionPolicy = v1alpha1.DeletionPolicyRetain },
	},
	{
		name: "retained during the issue", during: effectCreate, user: (*world).deleteKey, ends: (*world).left,
		spec: func(s *v1alpha1.EndpointAPIKeySpec) { s.DeletionPolicy = v1alpha1.DeletionPolicyRetain },
	},
	{name: "connection deleted first", user: (*world).deleteConnectionFirst, ends: (*world).razed},
	{name: "namespace deleted whole", user: (*world).deleteNamespace, ends: (*world).wiped},
}

// early tells whether the story begins before there is a key.
func (s *story) early() bool { return s.user == nil || s.during != "" }

func (w *world) revokeOutside() error {
	w.cognigy.RevokeKey(w.first.ID)
	return nil
}

func (w *world) deleteKey() error { return cluster.Delete(w.ctx, w.key.DeepCopy()) }

// vanish removes the resource at once, as the API server does if a deletion began before the finalizer was there.
func (w *world) vanish() error {
	nothing := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))
	if err := cluster.Patch(w.ctx, w.key.DeepCopy(), nothing); err != nil {
		return client.IgnoreNotFound(err)
	}
	return client.IgnoreNotFound(w.deleteKey())
}

// recreate deletes the resource, and makes another of the same name as soon as that can be.
func (w *world) recreate() error {
	if err := w.deleteKey(); err != nil {
		return err
	}
	go func() {
		_ = wait.PollUntilContextCancel(w.ctx, poll/10, true, func(context.Context) (bool, error) {
			return cluster.Create(w.ctx, w.newKey(w.key.Name)) == nil, nil
		})
	}()
	return nil
}

// deleteSecretTwice deletes the Secret, and the next one as soon as it is there.
func (w *world) deleteSecretTwice() error {
	secret, err := w.readSecret(w.name())
	if err != nil {
		return err
	}
	go func() {
		_ = wait.PollUntilContextCancel(w.ctx, poll/10, true, func(context.Context) (bool, error) {
			next, err := w.readSecret(w.name())
			return err == nil && next.UID != secret.UID && cluster.Delete(w.ctx, next) == nil, nil
		})
	}()
	return cluster.Delete(w.ctx, secret)
}

// loseAnswer has Cognigy carry the first POST out and say that it failed.
func (w *world) loseAnswer() {
	lost := post
	lost.Kind, lost.Times = simulator.FaultCommitThen500, 1
	w.cognigy.Inject(lost)
}

// takeName has somebody else own the Secret that the key would be delivered into.
func (w *world) takeName() {
	w.foreign = &corev1.Secret{ObjectMeta: w.meta(w.key.Name), Data: map[string][]byte{w.key.SecretKey(): []byte("somebody's")}}
	w.create(w.foreign)
}

// takeNameForAWhile does so when the write of the Secret was rehearsed, and the key made. It gives the name back when the
// resource asks for that.
func (w *world) takeNameForAWhile() error {
	foreign := &corev1.Secret{ObjectMeta: w.meta(w.key.Name), Data: map[string][]byte{w.key.SecretKey(): []byte("somebody's")}}
	if err := cluster.Create(w.ctx, foreign); err != nil {
		return err
	}
	go func() {
		_ = wait.PollUntilContextCancel(w.ctx, poll, true, func(context.Context) (bool, error) {
			return holds(w.pushedOut) && cluster.Delete(w.ctx, foreign) == nil, nil
		})
	}()
	return nil
}

// lateness is how long a POST takes that makes its key when nobody waits for it any more: longer than a deletion does.
const lateness = 15 * time.Second

// makeLate has Cognigy carry the first POST out late, whatever has become of who sent it.
func (w *world) makeLate() {
	late := post
	late.Kind, late.Times, late.Delay = simulator.FaultCommitAfterDelay, 1, lateness
	w.cognigy.Inject(late)
}

// swapCredentials gives the operator's user another API key, for a while one that does not exist.
func (w *world) swapCredentials() error {
	for _, value := range []string{"wrong" + rand.Text(), "right" + rand.Text()} {
		credentials := w.credentials()
		if err := cluster.Get(w.ctx, client.ObjectKeyFromObject(credentials), credentials); err != nil {
			return err
		}
		credentials.Data = map[string][]byte{"api-key": []byte(value)}
		if err := cluster.Update(w.ctx, credentials); err != nil {
			return err
		}
		w.court.hears(value)
		if strings.HasPrefix(value, "right") {
			w.cognigy.SetAPIKeys(value)
		}
	}
	return nil
}

// suspendAndResume leaves the spec as it was.
func (w *world) suspendAndResume() error {
	for _, suspend := range []bool{true, false} {
		if err := w.edit(w.name(), func(s *v1alpha1.EndpointAPIKeySpec) { s.Suspend = suspend }); err != nil {
			return err
		}
	}
	return nil
}

// edit changes a spec.
func (w *world) edit(name types.NamespacedName, change func(*v1alpha1.EndpointAPIKeySpec)) error {
	key, err := w.read(name)
	if err != nil {
		return err
	}
	before := key.DeepCopy()
	change(&key.Spec)
	if overlapOf(before) != overlapOf(key) {
		w.court.changes(before)
	}
	return cluster.Patch(w.ctx, key, client.MergeFrom(before))
}

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
	secret, err := w.readSecret(w.name())
	if err != nil {
		return err
	}
	secret.Data[w.key.SecretKey()] = []byte("edited by somebody")
	return cluster.Update(w.ctx, secret)
}

// rotate asks for a new key as of the next full second: a key made within this one would count as new enough.
func (w *world) rotate() error {
	at := metav1.NewTime(time.Now().Truncate(time.Second).Add(time.Second))
	return w.edit(w.name(), func(s *v1alpha1.EndpointAPIKeySpec) {
		if s.Rotation == nil {
			s.Rotation = &v1alpha1.Rotation{}
		}
		s.Rotation.NotBefore = &at
	})
}
