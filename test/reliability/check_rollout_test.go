// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"bytes"
	"encoding/json"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// restart is a restart of a workload with a key.
type restart struct{ workload, keyID string }

// restartPatch is all that the operator may write to a workload.
type restartPatch struct {
	Metadata annotated `json:"metadata"`
	Spec     struct {
		Template struct {
			Metadata annotated `json:"metadata"`
		} `json:"template"`
	} `json:"spec"`
}

type annotated struct {
	ResourceVersion string            `json:"resourceVersion"`
	Annotations     map[string]string `json:"annotations"`
}

// readRestart returns the resource that a write to a workload is for, and the key that it names; nil if it writes anything else.
func (c *checker) readRestart(x *exchange) (o *owner, keyID string) {
	var patch restartPatch
	decoder := json.NewDecoder(bytes.NewReader(x.body))
	decoder.DisallowUnknownFields()
	if decoder.Decode(&patch) != nil || len(patch.Metadata.Annotations) != 1 || len(patch.Spec.Template.Metadata.Annotations) != 1 {
		return nil, ""
	}
	for _, o := range c.known() {
		keyID := patch.Metadata.Annotations[o.restartAnnotation()]
		if keyID != "" && patch.Spec.Template.Metadata.Annotations[o.restartAnnotation()] == keyID {
			return o, keyID
		}
	}
	return nil, ""
}

func (o *owner) restartAnnotation() string {
	return (&v1alpha1.EndpointAPIKey{ObjectMeta: metav1.ObjectMeta{UID: o.uid}}).RestartAnnotation()
}

func (c *checker) workload(name string) (*appsv1.Deployment, error) {
	found := &appsv1.Deployment{}
	return found, cluster.Get(c.e.Context, types.NamespacedName{Namespace: c.e.Namespace, Name: name}, found)
}

// checkRestart: the operator restarts a workload that the resource names. With which key counts when it has taken effect: a leader that was paused
// may still ask for one with an earlier key, which the API server refuses.
func (c *checker) checkRestart(x *exchange) {
	o, keyID := c.readRestart(x)
	if o == nil {
		c.report("S2: a workload is written otherwise than to restart it with the key of a resource")
		return
	}
	before, err := c.workload(x.objectName())
	if err != nil || before.Spec.Template.Annotations[o.restartAnnotation()] == keyID {
		return // it does not restart
	}
	key, err := c.e.Find(o.key)
	if _, edited := c.latelyEdited(o); err == nil && key.UID == o.uid && !names(key, before) && !edited {
		c.report("S2: %s restarts, which its resource does not name", before.Name)
	}
	x.restart = &restart{before.Name, keyID}
}

// countRestart: a workload restarts with the key that the Secret records, as often as that replaced another.
func (c *checker) countRestart(x *exchange) {
	o, keyID := c.readRestart(x)
	if o == nil || x.restart == nil {
		return
	}
	handovers := c.handoversOf(o.key)
	if last := len(handovers) - 1; last < 0 || handovers[last].keyID != keyID && !c.unseen(o.key, handovers[last].keyID) {
		c.report("%s restarts with key %s, which the Secret does not record", x.restart.workload, keyID)
	}
	replaced := 0
	for _, one := range handovers {
		if one.keyID == keyID && !one.first {
			replaced++
		}
	}
	if o.restarts[*x.restart]++; o.restarts[*x.restart] > replaced {
		c.report("%s restarts with key %s for the %d. time, which replaced another %d times",
			x.restart.workload, keyID, o.restarts[*x.restart], replaced)
	}
}

// names reports whether a resource has a workload restart.
func names(key *v1alpha1.EndpointAPIKey, workload *appsv1.Deployment) bool {
	return slices.ContainsFunc(key.Spec.RolloutRestartTargets, func(target v1alpha1.RolloutRestartTarget) bool {
		return target.Kind == v1alpha1.TargetKindDeployment && string(target.Name) == workload.Name
	})
}

// isHeld reports whether a Pod of a workload that restarts with a resource's keys may use one that was replaced: the Pod is not from after a
// restart with a later one. Kubernetes' own controllers made the Pods.
func (c *checker) isHeld(o *owner, key *v1alpha1.EndpointAPIKey, replacedID string) bool {
	handovers := c.handoversOf(o.key)
	replaced := lastOf(handovers, replacedID)
	return replaced >= 0 && slices.ContainsFunc(key.Spec.RolloutRestartTargets, func(target v1alpha1.RolloutRestartTarget) bool {
		workload, err := c.workload(string(target.Name))
		if err != nil {
			return false
		}
		pods := &corev1.PodList{}
		if err := cluster.List(c.e.Context, pods, client.InNamespace(c.e.Namespace), client.MatchingLabels(workload.Spec.Selector.MatchLabels)); err != nil {
			c.report("the Pods cannot be read: %v", err)
		}
		return slices.ContainsFunc(pods.Items, func(pod corev1.Pod) bool {
			return lastOf(handovers, pod.Annotations[o.restartAnnotation()]) <= replaced
		})
	})
}
