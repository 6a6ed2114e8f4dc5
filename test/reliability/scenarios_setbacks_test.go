// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"context"
	"net/http"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// setbacks are the scenarios in which something tells of a state that is over, or that never was: backups, a cleared status, and
// refusals that lie.
var setbacks = []scenario{
	{name: "first issue, refused after the effect", given: (*environment).refuseAfterEffect, ends: (*environment).issued},
	{
		name: "deletion before a POST that is refused after the effect", given: (*environment).blockAfterEffect,
		during: effectPost, user: (*environment).deleteKey, ends: (*environment).gone,
	},
	{
		name: "status cleared during a rotation", spec: overlapping,
		user: (*environment).rotateAndClearStatus, ends: (*environment).issued,
	},
	{
		name: "earlier Secret put back", spec: overlapping,
		before: (*environment).replaceKey, user: (*environment).putEarlierSecretBack, ends: (*environment).setBack,
	},
	{
		name: "earlier Secret put back, whose key is dead", spec: overlapping,
		before: (*environment).replaceAndRevokeKey, user: (*environment).putEarlierSecretBack, ends: (*environment).issued,
	},
	{
		name: "retained within an overlap", spec: retainingOverlapping,
		before: (*environment).replaceKey, user: (*environment).deleteKey, ends: (*environment).leftAndNamed,
	},
	{
		name: "retained within an overlap, and applied again", spec: retainingOverlapping,
		before: (*environment).replaceKey, user: (*environment).recreate, ends: (*environment).adopted,
	},
	{
		name: "restored with a key that works", before: (*environment).loseWithoutOperator,
		user: (*environment).restoreAll, ends: (*environment).adopted,
	},
	{
		name: "restored with a dead key", before: (*environment).deleteAll,
		user: (*environment).restoreAll, ends: (*environment).replaced,
	},
	{name: "lost, and restored at once", user: (*environment).loseAndRestore, ends: (*environment).recreated},
}

func overlapping(s *v1alpha1.EndpointAPIKeySpec) {
	s.Rotation = &v1alpha1.Rotation{Overlap: &metav1.Duration{Duration: overlap}}
}

func retaining(s *v1alpha1.EndpointAPIKeySpec) { s.DeletionPolicy = v1alpha1.DeletionPolicyRetain }

func retainingOverlapping(s *v1alpha1.EndpointAPIKeySpec) {
	overlapping(s)
	retaining(s)
}

// refuseAfterEffect has Cognigy carry the first POST out and refuse it.
func (e *environment) refuseAfterEffect() { e.Cognigy.Inject(refused(1)) }

// refused are POSTs that Cognigy carries out and refuses in its own words.
func refused(times int) simulator.Fault {
	refused := post
	refused.Kind, refused.Times = simulator.FaultCommitThenStatus, times
	refused.Status, refused.Code = http.StatusForbidden, http.StatusForbidden
	return refused
}

// blockAfterEffect has a firewall do so that inspects answers.
func (e *environment) blockAfterEffect() { e.Cognigy.Inject(blocked(1)) }

// blocked are POSTs that a firewall blocks when it sees a key in the answer.
func blocked(times int) simulator.Fault {
	blocked := post
	blocked.Kind, blocked.Times, blocked.Status = simulator.FaultCommitThenStatus, times, http.StatusForbidden
	blocked.ContentType, blocked.Body = "application/json", `{"code":403}`
	return blocked
}

// rotateAndClearStatus takes the intent of the rotation away when the operator is about to act on it.
func (e *environment) rotateAndClearStatus() error {
	e.injector.await(effectPost, func() {
		if err := e.clearStatus(e.name()); err != nil {
			e.checker.report("the user cannot clear the status: %v", err)
		}
	})
	return e.rotate()
}

// clearStatus takes the report away.
func (e *environment) clearStatus(name types.NamespacedName) error {
	key, err := e.Find(name)
	if err != nil {
		return err
	}
	key.Status = v1alpha1.EndpointAPIKeyStatus{}
	return cluster.Status().Update(e.Context, key)
}

// replaceKey rotates, and keeps the Secret as it was. The rotation that was asked for is over then, and asks for no other one.
func (e *environment) replaceKey() {
	var err error
	e.saved.secret, err = e.readSecret(e.name())
	e.Expect(err).NotTo(HaveOccurred())
	e.Expect(e.rotate()).To(Succeed())
	e.Eventually(func(g Gomega) {
		g.Expect(e.Served(g, e.name()).Status.KeyID).NotTo(Equal(e.first.ID))
	}).WithTimeout(patience).WithPolling(poll).Should(Succeed())
	e.Eventually(func() error {
		return e.edit(e.name(), func(s *v1alpha1.EndpointAPIKeySpec) { s.Rotation.NotBefore = nil })
	}).WithTimeout(patience).WithPolling(poll).Should(Succeed())
}

func (e *environment) replaceAndRevokeKey() {
	e.replaceKey()
	e.Cognigy.RevokeKey(e.first.ID)
}

// putEarlierSecretBack applies the value and the record of the first key again.
func (e *environment) putEarlierSecretBack() error { return e.apply(e.saved.secret) }

func (e *environment) saveAll() {
	var err error
	e.saved, err = e.save(e.name(), true)
	e.Expect(err).NotTo(HaveOccurred())
}

// loseWithoutOperator loses everything while no operator runs.
func (e *environment) loseWithoutOperator() {
	e.saveAll()
	e.kill()
	e.Expect(e.lose(e.name())).To(Succeed())
	for _, object := range e.saved.others {
		e.Expect(e.removeByForce(object.DeepCopyObject().(client.Object))).To(Succeed())
	}
	e.start()
}

// deleteAll deletes everything as it should be done, so that the key is revoked.
func (e *environment) deleteAll() {
	e.saveAll()
	e.Expect(e.deleteConnectionFirst()).To(Succeed())
	e.Eventually(e.deletedWhole).WithTimeout(patience).WithPolling(poll).Should(Succeed())
}

func (e *environment) restoreAll() error { return e.restore(e.saved) }

// loseAndRestore loses the resource, and restores it before a running operator need have seen that.
func (e *environment) loseAndRestore() error {
	saved, err := e.save(e.name(), false)
	if err != nil {
		return err
	}
	if err := e.lose(e.name()); err != nil {
		return err
	}
	return wait.PollUntilContextTimeout(e.Context, poll/10, callTimeout, true, func(context.Context) (bool, error) {
		return e.restore(saved) == nil, nil
	})
}
