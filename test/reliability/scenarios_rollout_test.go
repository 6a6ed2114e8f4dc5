// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"context"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
)

const (
	// briefOverlap is over long before a Deployment has restarted, whose two Pods become ready one after the other, each at the next podStart.
	briefOverlap = time.Second
	podStart     = 2 * time.Second
)

// rollouts are the scenarios in which a Deployment restarts with the keys of the resource.
var rollouts = []scenario{
	{name: "first issue, with a Deployment, whose answer is lost", spec: restarting, given: (*environment).deployAndLoseAnswer, ends: (*environment).restarted},
	{name: "rotation with a rollout", spec: restarting, given: (*environment).deploy, user: (*environment).rotate, ends: (*environment).restarted},
	{name: "two rotations with rollouts", spec: restarting, given: (*environment).deploy, user: (*environment).rotateTwice, ends: (*environment).restartedTwice},
	{
		name: "Secret deleted, with a rollout", spec: restarting, given: (*environment).deploy,
		user: (*environment).deleteSecret, ends: (*environment).restarted,
	},
	{
		name: "earlier Secret put back, with a rollout", spec: restartingSoon, given: (*environment).deploy,
		before: (*environment).replaceKey, user: (*environment).putEarlierSecretBack, ends: (*environment).restartedBack,
	},
	{
		name: "rotation with a rollout that never ends", spec: restartingLate, given: (*environment).deployWithoutKubelet,
		user: (*environment).rotate, ends: (*environment).restartedLate,
	},
	{name: "deletion during a rollout", spec: restarting, given: (*environment).deploy, user: (*environment).rotateAndDelete, ends: (*environment).gone},
}

// restarting has a Deployment restart, which takes longer than the overlap.
func restarting(s *v1alpha1.EndpointAPIKeySpec) {
	fixtures.RestartDeployment(s)
	s.Rotation = &v1alpha1.Rotation{Overlap: &metav1.Duration{Duration: briefOverlap}}
}

// restartingSoon has replaced keys work for longer than the Deployment takes.
func restartingSoon(s *v1alpha1.EndpointAPIKeySpec) {
	restarting(s)
	s.Rotation.Overlap.Duration = overlap
}

// restartingLate bounds how long a replaced key is held, but leaves some time in which the checker is sure.
func restartingLate(s *v1alpha1.EndpointAPIKeySpec) {
	restarting(s)
	s.Rotation.MaxOverlap = &metav1.Duration{Duration: overlap}
}

// deploy creates a Deployment that the operator may restart. Its Pods become ready after a while.
func (e *environment) deploy() {
	e.deployWithoutKubelet()
	go func() {
		for fixtures.Pause(e.Context, podStart) {
			_ = holds(e.StartPods) // the next time, if a Pod changes meanwhile
		}
	}()
}

// deployWithoutKubelet does so, but no Pod becomes ready.
func (e *environment) deployWithoutKubelet() {
	e.PermitRestarts()
	e.Create(fixtures.Deployment(e.Namespace, 2))
}

func (e *environment) deployAndLoseAnswer() {
	e.deploy()
	e.loseAnswer()
}

// rotateTwice asks for another key again as soon as the first one was replaced.
func (e *environment) rotateTwice() error {
	if err := e.rotate(); err != nil {
		return err
	}
	go func() {
		_ = wait.PollUntilContextCancel(e.Context, poll, true, func(context.Context) (bool, error) {
			return e.replacements() > 0 && e.rotate() == nil, nil
		})
	}()
	return nil
}

// rotateAndDelete deletes the resource when the operator is about to restart the Deployment.
func (e *environment) rotateAndDelete() error {
	e.injector.await(effectRestart, func() {
		if err := e.deleteKey(); err != nil {
			e.checker.report("the user cannot delete the resource: %v", err)
		}
	})
	return e.rotate()
}

// restarted: the resource has its key, and the Deployment was restarted once with each key that replaced another. All of its Pods are from
// after the latest restart.
func (e *environment) restarted(g Gomega) {
	key := e.stamped(g)
	for _, pod := range e.Pods(g) {
		g.Expect(pod.Annotations[key.RestartAnnotation()]).To(Equal(e.latestReplacement()), "a Pod from before the latest restart")
	}
}

// restartedTwice: two keys replaced the first one, and every Pod is from after the restart with the second one. The Deployment need not have
// restarted with the one in between.
func (e *environment) restartedTwice(g Gomega) {
	e.issued(g)
	g.Expect(e.replacements()).To(Equal(2))
	key, err := e.Find(e.name())
	g.Expect(err).NotTo(HaveOccurred())
	for _, pod := range e.Pods(g) {
		g.Expect(pod.Annotations[key.RestartAnnotation()]).To(Equal(e.latestReplacement()), "a Pod from before the latest restart")
	}
}

// restartedLate: the replaced key does not work any more, although the Pods from before the restart run on.
func (e *environment) restartedLate(g Gomega) { e.stamped(g) }

// restartedBack: the first key, whose Secret was put back, serves the resource again, and the Deployment was restarted with it.
func (e *environment) restartedBack(g Gomega) {
	e.setBack(g)
	e.restarted(g)
}

// stamped: the resource has its key, and its Deployment names the latest key that replaced another. Its Pod template changed as often as that
// happened, and never otherwise.
func (e *environment) stamped(g Gomega) *v1alpha1.EndpointAPIKey {
	e.issued(g)
	key, err := e.Find(e.name())
	g.Expect(err).NotTo(HaveOccurred())
	deployment := &appsv1.Deployment{ObjectMeta: e.Meta(fixtures.WorkloadName)}
	g.Expect(cluster.Get(e.Context, client.ObjectKeyFromObject(deployment), deployment)).To(Succeed())
	g.Expect(deployment.Spec.Template.Annotations[key.RestartAnnotation()]).To(Equal(e.latestReplacement()))
	g.Expect(deployment.Generation).To(BeEquivalentTo(1+e.replacements()), "the Deployment's generation")
	return key
}

// replacements counts the keys that replaced another in the resource's Secret.
func (e *environment) replacements() int {
	count := 0
	for _, one := range e.checker.handoversOf(e.name()) {
		if !one.first {
			count++
		}
	}
	return count
}

// latestReplacement is the id of the key that the Secret came to record last; "" if it is the first one.
func (e *environment) latestReplacement() string {
	handovers := e.checker.handoversOf(e.name())
	if last := len(handovers) - 1; last >= 0 && !handovers[last].first {
		return handovers[last].keyID
	}
	return ""
}
