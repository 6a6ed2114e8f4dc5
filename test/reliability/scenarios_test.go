// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// scenario is something that happens to one EndpointAPIKey. The operator may be killed at any of its effects from the moment on
// that the scenario begins.
type scenario struct {
	name string
	// spec changes the smallest useful resource.
	spec func(*v1alpha1.EndpointAPIKeySpec)
	// orphans is what becomes of keys without a resource.
	orphans v1alpha1.OrphanPolicy
	// logIn has the connection authenticate otherwise than by an API key.
	logIn func(*environment)
	// given is what is there before the operator starts.
	given func(*environment)
	// before is what a person did since the first key was delivered. The operator may not be killed at its effects.
	before func(*environment)
	// user is what a person does: when the first key is delivered; or, with during, when the operator is about to have that
	// effect for the first time. Without it the scenario is the first issue, from the start of the operator on.
	user   func(*environment) error
	during string
	ends   ending
}

// overlap leaves some time in which the checker is sure: it sees deliveries, and the operator counts from the start of the attempt.
const overlap = longestAttempt + 4*time.Second

// scenarios are what is tested: one more is one more element, and its points are found by themselves.
var scenarios = slices.Concat(ordinary, setbacks, rollouts, onPremise)

// ordinary are the scenarios in which people do what the operator is made for, or get in its way.
var ordinary = []scenario{
	{name: "first issue", ends: (*environment).issued},
	{name: "first issue, whose answer is lost", given: (*environment).loseAnswer, ends: (*environment).issued},
	{name: "Secret deleted", user: (*environment).deleteSecret, ends: (*environment).issued},
	{name: "Secret deleted twice", user: (*environment).deleteSecretTwice, ends: (*environment).issued},
	{name: "Secret edited", user: (*environment).editSecret, ends: (*environment).issued},
	{name: "Secret of somebody else", given: (*environment).takeName, ends: (*environment).refused},
	{name: "Secret of somebody else, at the last moment", during: effectCreate, user: (*environment).takeNameForAWhile, ends: (*environment).issued},
	{name: "key revoked outside", user: (*environment).revokeOutside, ends: (*environment).issued},
	{name: "credentials swapped", user: (*environment).swapCredentials, ends: (*environment).issued},
	{name: "suspended and resumed", user: (*environment).suspendAndResume, ends: (*environment).issued},
	{name: "rotation", user: (*environment).rotate, ends: (*environment).issued},
	{name: "rotation with overlap", spec: overlapping, user: (*environment).rotate, ends: (*environment).issued},
	{name: "template changed", spec: templated, user: (*environment).changeTemplate, ends: (*environment).rendered},
	{name: "deletion", user: (*environment).deleteKey, ends: (*environment).gone},
	{name: "deletion before the POST", during: effectPost, user: (*environment).deleteKey, ends: (*environment).gone},
	{name: "deletion after the POST", during: effectCreate, user: (*environment).deleteKey, ends: (*environment).gone},
	{
		name: "deleted in spite of its finalizer", orphans: v1alpha1.OrphanPolicyRevoke,
		during: effectPost, user: (*environment).deleteByForce, ends: (*environment).gone,
	},
	{
		name: "made when its resource is gone", orphans: v1alpha1.OrphanPolicyRevoke,
		during: effectPost, user: (*environment).deleteKey, given: (*environment).makeLate, ends: (*environment).goneAtLast,
	},
	{name: "deleted and recreated", user: (*environment).recreate, ends: (*environment).recreated},
	{name: "retain", spec: retaining, user: (*environment).deleteKey, ends: (*environment).retained},
	{
		name: "retained during the issue", spec: retaining, during: effectCreate,
		user: (*environment).deleteKey, ends: (*environment).left,
	},
	{name: "connection deleted first", user: (*environment).deleteConnectionFirst, ends: (*environment).deletedWhole},
	{name: "first issue, of an Endpoint by name", spec: fixtures.ByName, ends: (*environment).issued},
	{name: "Secret deleted, of an Endpoint by name", spec: fixtures.ByName, user: (*environment).deleteSecret, ends: (*environment).issued},
	{name: "namespace deleted whole, with an Endpoint by name", spec: fixtures.ByName, user: (*environment).deleteNamespace, ends: (*environment).namespaceGone},
	{name: "namespace deleted whole", user: (*environment).deleteNamespace, ends: (*environment).namespaceGone},
}

// key is the scenario's resource as it is to be created.
func (s *scenario) key(e *environment) *v1alpha1.EndpointAPIKey {
	key := e.Key(fixtures.Named("crm"))
	if s.spec != nil {
		s.spec(&key.Spec)
	}
	return key
}

// early reports whether the scenario begins before there is a key.
func (s *scenario) early() bool { return s.user == nil || s.during != "" }

func (e *environment) revokeOutside() error {
	e.Cognigy.RevokeKey(e.first.ID)
	return nil
}

func (e *environment) deleteKey() error { return cluster.Delete(e.Context, e.key.DeepCopy()) }

// deleteByForce removes the resource at once, as the API server does if a deletion began before the finalizer was there.
func (e *environment) deleteByForce() error { return e.removeByForce(e.key.DeepCopy()) }

// recreate deletes the resource, and makes another of the same name as soon as that can be.
func (e *environment) recreate() error {
	if err := e.deleteKey(); err != nil {
		return err
	}
	go func() {
		_ = wait.PollUntilContextCancel(e.Context, poll/10, true, func(context.Context) (bool, error) {
			return cluster.Create(e.Context, e.scenario.key(e)) == nil, nil
		})
	}()
	return nil
}

func (e *environment) deleteSecret() error { return cluster.Delete(e.Context, target(e.name())) }

// deleteSecretTwice deletes the Secret, and the next one as soon as it is there.
func (e *environment) deleteSecretTwice() error {
	secret, err := e.readSecret(e.name())
	if err != nil {
		return err
	}
	go func() {
		_ = wait.PollUntilContextCancel(e.Context, poll/10, true, func(context.Context) (bool, error) {
			next, err := e.readSecret(e.name())
			return err == nil && next.UID != secret.UID && cluster.Delete(e.Context, next) == nil, nil
		})
	}()
	return cluster.Delete(e.Context, secret)
}

// loseAnswer has Cognigy carry the first POST out and say that it failed.
func (e *environment) loseAnswer() {
	lost := post
	lost.Kind, lost.Times = simulator.FaultCommitThen500, 1
	e.Cognigy.Inject(lost)
}

// takeName gives the Secret that the key would be delivered into another owner.
func (e *environment) takeName() {
	e.foreign = &corev1.Secret{ObjectMeta: e.Meta(e.key.Name), Data: map[string][]byte{e.key.SecretKey(): []byte("somebody's")}}
	e.Create(e.foreign)
}

// takeNameForAWhile does so after the dry run, when the key is made. It gives the name back when the
// resource asks for that.
func (e *environment) takeNameForAWhile() error {
	foreign := &corev1.Secret{ObjectMeta: e.Meta(e.key.Name), Data: map[string][]byte{e.key.SecretKey(): []byte("somebody's")}}
	if err := cluster.Create(e.Context, foreign); err != nil {
		return err
	}
	go func() {
		_ = wait.PollUntilContextCancel(e.Context, poll, true, func(context.Context) (bool, error) {
			return holds(e.displaced) && cluster.Delete(e.Context, foreign) == nil, nil
		})
	}()
	return nil
}

// lateness is how long a POST takes that makes its key after everything has given it up: longer than a deletion takes.
const lateness = 25 * time.Second

// makeLate has Cognigy carry out the first POST late, even if the process that sent it is dead.
func (e *environment) makeLate() {
	late := post
	late.Kind, late.Times, late.Delay = simulator.FaultCommitAfterDelay, 1, lateness
	e.Cognigy.Inject(late)
}

// swapCredentials gives the operator's user another API key, for a while one that does not exist.
func (e *environment) swapCredentials() error {
	for _, value := range []string{"wrong" + rand.Text(), "right" + rand.Text()} {
		credentials := e.Credentials("")
		if err := cluster.Get(e.Context, client.ObjectKeyFromObject(credentials), credentials); err != nil {
			return err
		}
		credentials.Data = map[string][]byte{"api-key": []byte(value)}
		if err := cluster.Update(e.Context, credentials); err != nil {
			return err
		}
		e.Record(value)
		if strings.HasPrefix(value, "right") {
			e.Cognigy.SetAPIKeys(value)
		}
	}
	return nil
}

// suspendAndResume leaves the spec as it was.
func (e *environment) suspendAndResume() error {
	for _, suspend := range []bool{true, false} {
		if err := e.edit(e.name(), func(s *v1alpha1.EndpointAPIKeySpec) { s.Suspend = suspend }); err != nil {
			return err
		}
	}
	return nil
}

// edit changes a spec.
func (e *environment) edit(name types.NamespacedName, change func(*v1alpha1.EndpointAPIKeySpec)) error {
	key, err := e.Find(name)
	if err != nil {
		return err
	}
	before := key.DeepCopy()
	change(&key.Spec)
	if overlapOf(before) != overlapOf(key) || len(before.Spec.RolloutRestartTargets) != len(key.Spec.RolloutRestartTargets) {
		e.checker.changes(before)
	}
	return cluster.Patch(e.Context, key, client.MergeFrom(before))
}

// deleteConnectionFirst deletes in the worst order.
func (e *environment) deleteConnectionFirst() error {
	for _, object := range []client.Object{e.Connection(), e.Credentials(""), e.key.DeepCopy()} {
		if err := client.IgnoreNotFound(cluster.Delete(e.Context, object)); err != nil {
			return err
		}
	}
	return nil
}

func (e *environment) deleteNamespace() error {
	return cluster.Delete(e.Context, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: e.Namespace}})
}

func (e *environment) editSecret() error {
	secret, err := e.readSecret(e.name())
	if err != nil {
		return err
	}
	secret.Data[e.key.SecretKey()] = []byte("edited by somebody")
	return cluster.Update(e.Context, secret)
}

// rotate asks for a new key as of the next full second: a key made within this one would count as new enough.
func (e *environment) rotate() error {
	at := metav1.NewTime(time.Now().Truncate(time.Second).Add(time.Second))
	return e.edit(e.name(), func(s *v1alpha1.EndpointAPIKeySpec) {
		if s.Rotation == nil {
			s.Rotation = &v1alpha1.Rotation{}
		}
		s.Rotation.NotBefore = &at
	})
}
