// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"fmt"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// keyNameChanged is the message for a Cognigy that does not keep the names of keys.
const keyNameChanged = "Cognigy gave the new key another name than requested, so that the operator could not find the key again " +
	"if its answer got lost; find out what changes names on the way to Cognigy. The operator tries again every ten minutes, and " +
	"when the annotation " + v1alpha1.RequestedAtAnnotation + " changes"

func holdsKey(key *v1alpha1.EndpointAPIKey) string {
	return fmt.Sprintf("Secret %q holds a working key under %q", key.SecretName(), key.SecretKey())
}

// stateReason returns the reason and the message of a plan's state, and whether a person must act.
func stateReason(next plan.Plan, key *v1alpha1.EndpointAPIKey) condition.Failure {
	switch next.State {
	case plan.Delivered:
		return condition.Failure{Reason: v1alpha1.ReasonDelivered, Message: holdsKey(key)}
	case plan.Issuing:
		return condition.Failure{Reason: v1alpha1.ReasonIssuing, Message: "the operator is issuing a key"}
	case plan.Rotating:
		return condition.Failure{Reason: v1alpha1.ReasonRotating, Message: holdsKey(key) + ", which the operator is replacing"}
	case plan.Verifying:
		return condition.Failure{
			Reason: v1alpha1.ReasonVerifying,
			Message: "an earlier attempt may have made a key that was not delivered; the operator looks for that key and revokes it " +
				"before it issues another",
		}
	case plan.Retiring:
		return condition.Failure{Reason: v1alpha1.ReasonRevoking, Message: "the operator is revoking replaced keys"}
	case plan.Revoking:
		return condition.Failure{
			Reason: v1alpha1.ReasonRevoking,
			Message: "the operator is revoking the keys of this resource. To delete the resource without revoking its keys, " +
				"set deletionPolicy: Retain",
		}
	case plan.Suspended:
		return condition.Failure{
			Reason:  v1alpha1.ReasonSuspended,
			Message: "spec.suspend is true, so that the operator does not issue, repair, rotate or revoke anything",
		}
	default:
		return obstacle(next.State, key)
	}
}

// obstacle is stateReason for states in which the operator issues no key for the time being.
func obstacle(state plan.State, key *v1alpha1.EndpointAPIKey) condition.Failure {
	switch state {
	case plan.SecretNotOwned:
		return *condition.Stalled(v1alpha1.ReasonSecretNotOwned,
			"Secret %q exists and does not belong to this resource; the operator leaves it as it is and issues no key. "+
				"Delete the Secret, or create another EndpointAPIKey with another secret.name", key.SecretName())
	case plan.EndpointNotFound:
		if key.Spec.Endpoint.ByName() {
			return *condition.Stalled(v1alpha1.ReasonEndpointNotFound, "Cognigy does not know Endpoint %q any more, which the keys of this resource "+
				"were for; to have a key for the Endpoint that has its name now, create another EndpointAPIKey, and delete this one", key.Status.EndpointID)
		}
		return *condition.Stalled(v1alpha1.ReasonEndpointNotFound,
			"Cognigy knows no Endpoint %q; check endpoint.id and the connection's baseURL", key.Spec.Endpoint.ID)
	case plan.NewerRecord:
		return *condition.Stalled(v1alpha1.ReasonNewerRecord,
			"a later version of the operator wrote the record in Secret %q, which this version cannot read; the operator issues and revokes "+
				"nothing for this resource. Upgrade the operator again", key.SecretName())
	case plan.KeyNameChanged:
		return *condition.Stalled(v1alpha1.ReasonKeyNameChanged, keyNameChanged)
	case plan.TooManyIssuances:
		return *condition.Waiting(v1alpha1.ReasonTooManyIssuances,
			"the operator tried to issue five keys within ten minutes; find out what removes or rejects them. It tries again later by itself")
	default:
		panic(fmt.Sprintf("no reason is known for the state %q", state))
	}
}
