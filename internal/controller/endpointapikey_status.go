// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// report writes the status if it changed, and an event if the resource stalls for a new reason.
func (r *EndpointAPIKeyReconciler) report(ctx context.Context, p *pass, next plan.Plan, failure error) error {
	problem := nameProblem(problemOf(failure), p.key)
	if failure != nil && problem == nil {
		return nil // Kubernetes itself is in the way; what would be reported is not known to be true
	}
	if problem != nil && !problem.Stalled && next.State == plan.Delivered {
		problem = nil // a routine look that failed says nothing about the key; the connection reports the trouble
	}
	before := p.key.Status
	status := statusOf(p, next, problem, r.Clock.Now())
	if equality.Semantic.DeepEqual(status, before) {
		return nil
	}
	if err := r.patchStatus(ctx, p, status); err != nil {
		return err
	}
	was, is := stalledFor(before.Conditions), stalledFor(status.Conditions)
	if is.Reason != "" && is.Reason != was.Reason {
		r.Events.Eventf(p.key, nil, corev1.EventTypeWarning, is.Reason, "Reconcile", "%s", clip(is.Message, maxNote))
	}
	return nil
}

func stalledFor(conditions []metav1.Condition) metav1.Condition {
	if stalled := meta.FindStatusCondition(conditions, v1alpha1.ConditionStalled); stalled != nil {
		return *stalled
	}
	return metav1.Condition{}
}

// event records what was done with a key in Cognigy.
func (r *EndpointAPIKeyReconciler) event(key *v1alpha1.EndpointAPIKey, keyID, reason, action, format string, args ...any) {
	r.Events.Eventf(key, related(key, keyID), corev1.EventTypeNormal, reason, action, "%s", clip(fmt.Sprintf(format, args...), maxNote))
}

// related makes a key the related object of an event: events that differ in their note only are taken for repetitions of one.
func related(about metav1.Object, keyID string) *corev1.ObjectReference {
	return &corev1.ObjectReference{Kind: "CognigyAPIKey", Namespace: about.GetNamespace(), Name: keyID}
}

// maxRetiring is how many replaced keys the API server takes in a status.
const maxRetiring = 100

// statusOf is the status that follows from a plan and from what went wrong.
func statusOf(p *pass, next plan.Plan, problem *connection.Problem, now time.Time) v1alpha1.EndpointAPIKeyStatus {
	status := v1alpha1.EndpointAPIKeyStatus{
		ObservedGeneration:     p.key.Generation,
		EndpointID:             p.key.Spec.Endpoint.ID,
		LastHandledReconcileAt: p.key.Status.LastHandledReconcileAt,
		IssuedAt:               p.key.Status.IssuedAt,
		Conditions:             p.key.DeepCopy().Status.Conditions,
	}
	if p.observed.Fresh {
		status.LastHandledReconcileAt = requested(p.key)
	}
	if next.IntentPending {
		status.Issuance = p.key.Status.Issuance
	}
	if next.HasKey {
		issuedAt := metav1.NewTime(p.observed.Secret.IssuedAt).Rfc3339Copy()
		status.KeyID, status.KeyPreview, status.IssuedAt = p.observed.Secret.KeyID, delivery.Preview(p.secret), &issuedAt
		status.SecretName = p.secret.Name
	}
	if next.HasKey && !next.RotatesAt.IsZero() {
		rotatesAt := metav1.NewTime(next.RotatesAt).Rfc3339Copy()
		status.RotatesAt = &rotatesAt
	}
	for _, key := range next.Retiring[:min(len(next.Retiring), maxRetiring)] {
		status.Retiring = append(status.Retiring, v1alpha1.RetiringKey{
			KeyID: key.ID, KeyPreview: key.Preview, RevokeAt: metav1.NewTime(next.RetiresAt).Rfc3339Copy(),
		})
	}
	setConditions(&status.Conditions, p.key.Generation, now, conditions(next, problem, p.key))
	return status
}

// conditions says how far the resource is: Ready always, Reconciling or Stalled where there is more to come.
func conditions(next plan.Plan, problem *connection.Problem, key *v1alpha1.EndpointAPIKey) []metav1.Condition {
	said := say(next, key)
	if problem == nil && said.Stalled {
		problem = &said
	}
	working := next.HasKey && next.State != plan.Revoking
	var wanted []metav1.Condition
	switch {
	case working && problem != nil:
		wanted = append(wanted, ready(true, v1alpha1.ReasonDelivered, holds(key)+". But "+problem.Message))
	case working && next.State != plan.Suspended:
		wanted = append(wanted, ready(true, v1alpha1.ReasonDelivered, holds(key)))
	case problem != nil:
		wanted = append(wanted, ready(false, problem.Reason, problem.Message))
	default:
		wanted = append(wanted, ready(working, said.Reason, said.Message))
	}
	switch {
	case problem != nil:
		wanted = append(wanted, inTheWay(problem))
	case next.State != plan.Delivered && next.State != plan.Suspended:
		wanted = append(wanted, inTheWay(&said))
	}
	return wanted
}

func holds(key *v1alpha1.EndpointAPIKey) string {
	return fmt.Sprintf("Secret %q holds a working key under %q", key.SecretName(), key.SecretKey())
}

// markerLost is what is wrong when Cognigy does not keep names.
const markerLost = "Cognigy gave the new key another name than the one asked for, so that it could not be found again if it got lost; " +
	"find out what changes names on the way to Cognigy. It is tried again every ten minutes, or when the annotation " +
	v1alpha1.RequestedAtAnnotation + " is set to another value"

// say puts the state of a plan into words.
func say(next plan.Plan, key *v1alpha1.EndpointAPIKey) connection.Problem {
	switch next.State {
	case plan.Delivered:
		return connection.Problem{Reason: v1alpha1.ReasonDelivered, Message: holds(key)}
	case plan.Rotating:
		return connection.Problem{Reason: v1alpha1.ReasonRotating, Message: holds(key) + ", which is being replaced"}
	case plan.Verifying:
		return connection.Problem{
			Reason:  v1alpha1.ReasonVerifying,
			Message: "an earlier attempt may have made a key that was not delivered; it is looked for and revoked before another is made",
		}
	case plan.Retiring:
		return connection.Problem{Reason: v1alpha1.ReasonRevoking, Message: "replaced keys are being revoked"}
	case plan.Revoking:
		return connection.Problem{
			Reason:  v1alpha1.ReasonRevoking,
			Message: "the keys of this resource are being revoked; to let go of it without that, set deletionPolicy: Retain",
		}
	case plan.Suspended:
		return connection.Problem{Reason: v1alpha1.ReasonSuspended, Message: "spec.suspend is true: nothing is issued, healed, rotated or revoked"}
	case plan.SecretNotOwned:
		return connection.Problem{
			Reason: v1alpha1.ReasonSecretNotOwned, Stalled: true,
			Message: fmt.Sprintf("Secret %q exists and is not this resource's; it is left as it is and no key is issued. "+
				"Delete it, or create another EndpointAPIKey with another secret.name", key.SecretName()),
		}
	case plan.EndpointNotFound:
		return connection.Problem{
			Reason: v1alpha1.ReasonEndpointNotFound, Stalled: true,
			Message: fmt.Sprintf("Cognigy knows no Endpoint %q; check endpoint.id and the connection's baseURL", key.Spec.Endpoint.ID),
		}
	case plan.KeyNameChanged:
		return connection.Problem{Reason: v1alpha1.ReasonMarkerLost, Stalled: true, Message: markerLost}
	case plan.TooManyIssuances:
		return connection.Problem{
			Reason:  v1alpha1.ReasonMintBudgetExhausted,
			Message: "five keys were issued within ten minutes; find out what removes or rejects them. Issuing goes on later by itself",
		}
	default:
		return connection.Problem{Reason: v1alpha1.ReasonIssuing, Message: "a key is being issued"}
	}
}
