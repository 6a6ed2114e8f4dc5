// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/rollout"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
)

// rolloutOverlap is shorter than any rollout here.
const rolloutOverlap = 2 * time.Second

// restarts has a resource name the workloads of some kinds.
func restarts(kinds ...v1alpha1.TargetKind) func(*v1alpha1.EndpointAPIKey) {
	return func(key *v1alpha1.EndpointAPIKey) {
		for _, kind := range kinds {
			key.Spec.RolloutRestartTargets = append(key.Spec.RolloutRestartTargets, v1alpha1.RolloutRestartTarget{Kind: kind, Name: fixtures.WorkloadName})
		}
	}
}

// deployed creates a Deployment and waits until its Pods are ready.
func (e *environment) deployed() *appsv1.Deployment {
	GinkgoHelper()
	deployment := fixtures.Deployment(e.Namespace, 2)
	e.Create(deployment)
	e.rollsOut(deployment)
	return deployment
}

// rollsOut has the Pods of a Deployment become ready until its rollout is complete.
func (e *environment) rollsOut(deployment *appsv1.Deployment) {
	GinkgoHelper()
	e.Await(func(g Gomega) {
		e.StartPods(g)
		g.Expect(cluster.Get(e.Context, clientKey(deployment), deployment)).To(Succeed())
		_, progress := rollout.Of(deployment)
		g.Expect(progress.Complete).To(BeTrue())
	})
}

// restartedWith checks that a workload restarts with the key that a resource delivered.
func (e *environment) restartedWith(g Gomega, key *v1alpha1.EndpointAPIKey, workload client.Object) {
	GinkgoHelper()
	found := e.Read(key)
	g.Expect(cluster.Get(e.Context, clientKey(workload), workload)).To(Succeed())
	template, _ := rollout.Of(workload)
	g.Expect(found.Status.KeyID).NotTo(BeEmpty())
	g.Expect(template.Annotations).To(HaveKeyWithValue(found.RestartAnnotation(), found.Status.KeyID))
	g.Expect(workload.GetAnnotations()).To(HaveKeyWithValue(found.RestartAnnotation(), found.Status.KeyID))
}

// replaced has a resource rotate its key, with an overlap, and returns it once the new key is delivered, with the value of the old one.
func (e *environment) replaced(key *v1alpha1.EndpointAPIKey, overlap, most time.Duration) (found *v1alpha1.EndpointAPIKey, old string) {
	GinkgoHelper()
	id := e.Read(key).Status.KeyID
	old = string(e.Secret(key).Data[key.SecretKey()])
	e.Change(key, func() {
		key.Spec.Rotation = &v1alpha1.Rotation{
			NotBefore: later(), Overlap: &metav1.Duration{Duration: overlap}, MaxOverlap: &metav1.Duration{Duration: most},
		}
	})
	e.Await(func(g Gomega) {
		found = e.Read(key)
		g.Expect(found.Status.KeyID).NotTo(Equal(id))
	})
	e.Secret(found)
	return found, old
}

// pending checks that a resource says of its workloads that they do not run with its key yet, and is ready all the same.
func (e *environment) pending(g Gomega, key *v1alpha1.EndpointAPIKey, reason, says string) {
	GinkgoHelper()
	found := e.Read(key)
	condition := meta.FindStatusCondition(found.Status.Conditions, v1alpha1.ConditionRolloutPending)
	g.Expect(condition).To(HaveValue(And(
		HaveField("Status", metav1.ConditionTrue), HaveField("Reason", reason), HaveField("Message", ContainSubstring(says)),
	)))
	g.Expect(fixtures.Kstatus(g, found)).To(Equal(status.CurrentStatus))
	g.Expect(meta.IsStatusConditionTrue(found.Status.Conditions, v1alpha1.ConditionReady)).To(BeTrue())
}

// warned waits for a Warning.
func (e *environment) warned(reason, says string) {
	GinkgoHelper()
	e.Await(func(g Gomega) {
		recorded := &eventsv1.EventList{}
		g.Expect(cluster.List(e.Context, recorded, client.InNamespace(e.Namespace))).To(Succeed())
		g.Expect(recorded.Items).To(ContainElement(And(
			HaveField("Reason", reason), HaveField("Type", corev1.EventTypeWarning), HaveField("Note", ContainSubstring(says)),
		)))
	})
}

var _ = describeBoth("A workload that uses a key", Label("rollout"), func() {
	It("restarts once with each key that replaces another, and holds the replaced one until it has", func() {
		e := newEnvironment()
		e.PermitRestarts()
		deployment := e.deployed()
		key := e.issued(restarts(v1alpha1.TargetKindDeployment))
		e.remains(func(g Gomega) {
			g.Expect(cluster.Get(e.Context, clientKey(deployment), deployment)).To(Succeed())
			g.Expect(deployment.Generation).To(BeEquivalentTo(1), "the first key restarts nothing")
		})
		found, old := e.replaced(key, rolloutOverlap, time.Hour)
		e.Await(func(g Gomega) {
			e.restartedWith(g, key, deployment)
			e.pending(g, key, v1alpha1.ReasonRollingOut, "Deployment crm is restarting")
			held := BeTemporally("~", found.Status.IssuedAt.Add(time.Hour), 10*time.Second)
			g.Expect(e.Read(key).Status.Retiring).To(ConsistOf(HaveField("RevokeAt.Time", held)))
		})
		generation := deployment.Generation
		e.restartOperator()
		e.remains(func(g Gomega) {
			g.Expect(cluster.Get(e.Context, clientKey(deployment), deployment)).To(Succeed())
			g.Expect(deployment.Generation).To(Equal(generation), "a restart of the operator restarts nothing")
			g.Expect(e.Cognigy.Works(e.Endpoint.ID, old)).To(BeTrue(), "the overlap is over, the rollout is not")
		})
		e.rollsOut(deployment)
		e.AwaitDelivered(key, 1)
		e.Expect(e.Cognigy.Works(e.Endpoint.ID, old)).To(BeFalse())
		e.Await(func(g Gomega) {
			g.Expect(meta.FindStatusCondition(e.Read(key).Status.Conditions, v1alpha1.ConditionRolloutPending)).To(BeNil())
		})
		e.Expect(deployment.Generation).To(Equal(generation))
	})

	It("restarts when the key of a Secret that was deleted is replaced", func() {
		e := newEnvironment()
		e.PermitRestarts()
		deployment := e.deployed()
		key := e.issued(restarts(v1alpha1.TargetKindDeployment))
		first := e.Read(key).Status.KeyID
		e.Delete(e.Secret(key))
		e.Await(func(g Gomega) {
			g.Expect(e.Read(key).Status.KeyID).NotTo(Equal(first))
			e.restartedWith(g, key, deployment)
		})
	})

	It("may be of each kind, and restarts for each resource that names it", func() {
		e := newEnvironment()
		e.PermitRestarts()
		workloads := []client.Object{
			&appsv1.StatefulSet{ObjectMeta: e.Meta(fixtures.WorkloadName), Spec: appsv1.StatefulSetSpec{Selector: fixtures.Selector(), Template: fixtures.PodTemplate()}},
			&appsv1.DaemonSet{ObjectMeta: e.Meta(fixtures.WorkloadName), Spec: appsv1.DaemonSetSpec{Selector: fixtures.Selector(), Template: fixtures.PodTemplate()}},
		}
		for _, workload := range workloads {
			e.Create(workload)
		}
		kinds := restarts(v1alpha1.TargetKindStatefulSet, v1alpha1.TargetKindDaemonSet)
		keys := []*v1alpha1.EndpointAPIKey{e.issued(kinds), e.issued(kinds, fixtures.Named("other"))}
		for _, key := range keys {
			e.replaced(key, rolloutOverlap, time.Hour)
		}
		e.Await(func(g Gomega) {
			for _, key := range keys {
				for _, workload := range workloads {
					e.restartedWith(g, key, workload)
				}
			}
		})
	})

	It("holds a replaced key for maxOverlap at most, after which a warning names it", func() {
		e := newEnvironment()
		e.PermitRestarts()
		e.deployed()
		key := e.issued(restarts(v1alpha1.TargetKindDeployment))
		const most = 8 * time.Second
		found, old := e.replaced(key, rolloutOverlap, most)
		e.Await(func(g Gomega) { g.Expect(e.Cognigy.Works(e.Endpoint.ID, old)).To(BeFalse()) })
		e.Expect(*e.Cognigy.Ledger()[0].RevokedAt).To(BeTemporally(">=", found.Status.IssuedAt.Add(most)))
		e.warned(v1alpha1.EventRolloutLate, "although Deployment crm had not restarted with key "+found.Status.KeyID)
	})

	It("holds no key that leaked, which an overlap of zero says", func() {
		e := newEnvironment()
		e.PermitRestarts()
		deployment := e.deployed()
		key := e.issued(restarts(v1alpha1.TargetKindDeployment))
		_, old := e.replaced(key, 0, time.Hour)
		e.Await(func(g Gomega) {
			g.Expect(e.Cognigy.Works(e.Endpoint.ID, old)).To(BeFalse())
			e.restartedWith(g, key, deployment)
			e.pending(g, key, v1alpha1.ReasonRollingOut, "Deployment crm is restarting")
		})
	})

	It("that is paused restarts when it is resumed, and holds the replaced key until then", func() {
		e := newEnvironment()
		e.PermitRestarts()
		deployment := e.deployed()
		key := e.issued(restarts(v1alpha1.TargetKindDeployment))
		e.Change(deployment, func() { deployment.Spec.Paused = true })
		_, old := e.replaced(key, rolloutOverlap, time.Hour)
		e.Await(func(g Gomega) { e.pending(g, key, v1alpha1.ReasonRolloutStuck, "Deployment crm is paused") })
		e.warned(v1alpha1.ReasonRolloutStuck, "is paused")
		e.remains(func(g Gomega) { g.Expect(e.Cognigy.Works(e.Endpoint.ID, old)).To(BeTrue()) })
		e.Change(deployment, func() { deployment.Spec.Paused = false })
		e.rollsOut(deployment)
		e.AwaitDelivered(key, 1)
	})

	It("that is missing holds nothing, and the resource says so", func() {
		e := newEnvironment()
		e.PermitRestarts()
		key := e.issued(restarts(v1alpha1.TargetKindDeployment))
		_, old := e.replaced(key, rolloutOverlap, time.Hour)
		e.Await(func(g Gomega) {
			e.pending(g, key, v1alpha1.ReasonTargetNotFound, "Deployment crm does not exist")
			g.Expect(e.Cognigy.Works(e.Endpoint.ID, old)).To(BeFalse())
		})
	})

	It("that the operator may not restart holds the replaced key until the operator may, but no deletion", func() {
		e := newEnvironment()
		deployment := e.deployed()
		key := e.issued(restarts(v1alpha1.TargetKindDeployment))
		_, old := e.replaced(key, rolloutOverlap, time.Hour)
		e.Await(func(g Gomega) { e.pending(g, key, v1alpha1.ReasonRestartRefused, "config/rollout/restart_role.yaml") })
		e.warned(v1alpha1.ReasonRestartRefused, "config/rollout/restart_role.yaml")
		e.remains(func(g Gomega) { g.Expect(e.Cognigy.Works(e.Endpoint.ID, old)).To(BeTrue()) })
		e.PermitRestarts()
		e.Await(func(g Gomega) { e.restartedWith(g, key, deployment) })
		e.Delete(key)
		e.AwaitGone(key)
	})

	It("does not restart again with the same key if something restores its Pod template", func() {
		e := newEnvironment()
		e.PermitRestarts()
		deployment := e.deployed()
		key := e.issued(restarts(v1alpha1.TargetKindDeployment))
		_, old := e.replaced(key, rolloutOverlap, time.Hour)
		e.Await(func(g Gomega) { e.restartedWith(g, key, deployment) })
		e.Change(deployment, func() { deployment.Spec.Template.Annotations = nil })
		generation := deployment.Generation
		e.Await(func(g Gomega) { e.pending(g, key, v1alpha1.ReasonRestartUndone, key.RestartAnnotation()) })
		e.remains(func(g Gomega) {
			g.Expect(cluster.Get(e.Context, clientKey(deployment), deployment)).To(Succeed())
			g.Expect(deployment.Generation).To(Equal(generation))
			g.Expect(e.Cognigy.Works(e.Endpoint.ID, old)).To(BeTrue())
		})
	})
})
