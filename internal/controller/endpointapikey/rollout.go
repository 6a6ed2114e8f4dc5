// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/internal/rollout"
)

// target is a workload of rolloutRestartTargets, as it was read or written last.
type target struct {
	name     string // such as "Deployment crm"
	workload client.Object
	err      error // why it could not be read
	refused  error // why it could not be restarted
}

// readTargets reads the workloads, each by its name from the API server: the operator need not be permitted to list or watch them. What
// it cannot read keeps nothing from its keys but the end of replaced ones.
func (r *Reconciler) readTargets(ctx context.Context, s *scope) {
	var targets []target
	for _, named := range s.key.Spec.RolloutRestartTargets {
		found := target{name: string(named.Kind) + " " + string(named.Name), workload: rollout.New(named.Kind)}
		name := types.NamespacedName{Namespace: s.key.Namespace, Name: string(named.Name)}
		found.err = r.APIReader.Get(ctx, name, found.workload)
		targets = append(targets, found)
	}
	s.setTargets(targets)
}

// planTargets is what a plan needs to know of the workloads.
func (s *scope) planTargets() []plan.Target {
	var targets []plan.Target
	for _, found := range s.targets {
		target := plan.Target{Name: found.name, Missing: apierrors.IsNotFound(found.err)}
		if target.Unreadable = found.err != nil && !target.Missing; found.err == nil {
			template, progress := rollout.Of(found.workload)
			annotation := s.key.RestartAnnotation()
			target.KeyID, target.Restarted = template.Annotations[annotation], found.workload.GetAnnotations()[annotation]
			target.Complete = progress.Complete
		}
		targets = append(targets, target)
	}
	return targets
}

// restart restarts the workloads that the plan names. One that cannot be restarted fails nothing else.
func (r *Reconciler) restart(ctx context.Context, s *scope, next plan.Plan) {
	if len(next.Restart) == 0 {
		return
	}
	targets, keyID := slices.Clone(s.targets), s.observed.Secret.KeyID
	var restarted []string
	for i := range targets {
		if !slices.Contains(next.Restart, targets[i].name) {
			continue
		}
		if targets[i].refused = r.restartWith(ctx, targets[i].workload, s.key.RestartAnnotation(), keyID); targets[i].refused == nil {
			restarted = append(restarted, targets[i].name)
		}
	}
	if len(restarted) > 0 {
		logf.FromContext(ctx).Info("restarted workloads", "workloads", restarted, "keyID", keyID)
		r.emit(s.key, keyID, v1alpha1.EventRestarted, "Restart", "restarted %s, to use key %s", strings.Join(restarted, ", "), keyID)
	}
	s.setTargets(targets)
	r.derive(s)
}

// restartWith names a key in the annotations of a workload and of its Pod template, in one write. The workload's own annotation tells
// that it was restarted with the key, even if something restores the template. A process that was paused since it read the workload writes
// nothing if another one has restarted it meanwhile, with a later key. Others may have written anything else: workloads change often.
func (r *Reconciler) restartWith(ctx context.Context, workload client.Object, annotation, keyID string) error {
	seen := workload.GetAnnotations()[annotation]
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		err := r.Patch(ctx, workload, restartPatch{workload.GetResourceVersion(), annotation, keyID})
		if !apierrors.IsConflict(err) {
			return err
		}
		if err := r.APIReader.Get(ctx, client.ObjectKeyFromObject(workload), workload); err != nil {
			return err
		}
		if workload.GetAnnotations()[annotation] != seen {
			return errRestarted
		}
		return err
	})
}

// errRestarted: another process restarted the workload.
var errRestarted = errors.New("the workload was restarted meanwhile")

// restartPatch names a key in the annotations of a workload of that resource version, and of its Pod template.
type restartPatch struct{ resourceVersion, annotation, keyID string }

// Type implements client.Patch.
func (restartPatch) Type() types.PatchType { return types.MergePatchType }

// Data implements client.Patch.
func (p restartPatch) Data(client.Object) ([]byte, error) {
	annotations := map[string]string{p.annotation: p.keyID}
	return json.Marshal(map[string]any{
		"metadata": map[string]any{"resourceVersion": p.resourceVersion, "annotations": annotations},
		"spec":     map[string]any{"template": map[string]any{"metadata": map[string]any{"annotations": annotations}}},
	})
}

// rolloutPending is the condition of that type, if workloads do not run with the delivered key yet.
func (s *scope) rolloutPending(next plan.Plan) []metav1.Condition {
	if len(next.Behind) == 0 {
		return nil
	}
	var words []string
	worst := 0
	for i, found := range s.targets {
		if slices.Contains(next.Behind, found.name) {
			reason, says := s.behind(found, s.observed.Targets[i])
			words = append(words, found.name+" "+says)
			worst = max(worst, slices.Index(rolloutReasons, reason))
		}
	}
	message := fmt.Sprintf("not every workload runs with key %s yet: %s", s.observed.Secret.KeyID, strings.Join(words, "; "))
	return []metav1.Condition{condition.RolloutPending(rolloutReasons[worst], message)}
}

// rolloutReasons are the reasons of RolloutPending, the least urgent first.
var rolloutReasons = []string{
	v1alpha1.ReasonRollingOut, v1alpha1.ReasonTargetNotFound, v1alpha1.ReasonRolloutStuck, v1alpha1.ReasonRestartUndone,
	v1alpha1.ReasonRestartRefused,
}

// behind says why a workload does not run with the delivered key. Kubernetes' own words may quote what is in the workload.
func (s *scope) behind(found target, seen plan.Target) (reason, says string) {
	failure := found.err
	if failure == nil {
		failure = found.refused
	}
	switch {
	case seen.Missing:
		return v1alpha1.ReasonTargetNotFound, "does not exist; create it, or remove it from rolloutRestartTargets"
	case apierrors.IsForbidden(failure):
		return v1alpha1.ReasonRestartRefused,
			"may not be read or restarted by the operator; apply config/rollout/restart_role.yaml, or find out what refuses it"
	case failure != nil:
		return v1alpha1.ReasonRestartRefused, "could not be read or restarted (" + reasonFor(failure) + "); the operator tries again"
	}
	_, progress := rollout.Of(found.workload)
	switch {
	case seen.KeyID != s.observed.Secret.KeyID && seen.Restarted == s.observed.Secret.KeyID:
		return v1alpha1.ReasonRestartUndone, "was restarted, but something removed the annotation " + s.key.RestartAnnotation() +
			" from its Pod template; find out what does, and set it to the id of that key"
	case progress.Stuck != "":
		return v1alpha1.ReasonRolloutStuck, progress.Stuck
	default:
		return v1alpha1.ReasonRollingOut, "is restarting"
	}
}
