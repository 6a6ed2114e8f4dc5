// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Condition types, after kstatus (https://github.com/fluxcd/cli-utils). Every resource carries Ready; the other two exist
// only while they are true.
const (
	// ConditionReady is True when the resource does its job: the Secret of an EndpointAPIKey holds a key that works, a
	// connection can be used. It stays True while a delivered key is being replaced, even if that fails. Normal polarity.
	ConditionReady = "Ready"
	// ConditionReconciling is True while the operator is working towards the wanted state, or retrying. Negative polarity.
	ConditionReconciling = "Reconciling"
	// ConditionStalled is True when a person must act: retrying alone will not help. Negative polarity.
	ConditionStalled = "Stalled"
)

// ConditionInUse is on a connection that is being deleted while EndpointAPIKeys still need it. Its message names them.
const ConditionInUse = "InUse"

// ReasonReferenced is the reason of InUse: EndpointAPIKeys refer to the connection.
const ReasonReferenced = "Referenced"

// Reasons of an EndpointAPIKey's conditions.
const (
	// ReasonDelivered: the Secret holds a key that works.
	ReasonDelivered = "Delivered"
	// ReasonIssuing: a key is being issued.
	ReasonIssuing = "Issuing"
	// ReasonRotating: the delivered key is being replaced.
	ReasonRotating = "Rotating"
	// ReasonVerifying: an earlier attempt may have made a key; the operator waits until it can tell, and revokes it if so.
	ReasonVerifying = "Verifying"
	// ReasonRevoking: keys are being revoked.
	ReasonRevoking = "Revoking"
	// ReasonSuspended: spec.suspend is set.
	ReasonSuspended = "Suspended"
	// ReasonTooManyIssuances: too many keys were issued for this resource in a short time; something removes or rejects
	// them. Issuing goes on later by itself.
	ReasonTooManyIssuances = "TooManyIssuances"
	// ReasonConnectionNotFound: the connection that connectionRef names does not exist (yet).
	ReasonConnectionNotFound = "ConnectionNotFound"
	// ReasonConnectionNotReady: the connection cannot be used now; its own conditions say why.
	ReasonConnectionNotReady = "ConnectionNotReady"
	// ReasonConnectionNotAllowed: the ClusterCognigyConnection does not allow this namespace.
	ReasonConnectionNotAllowed = "ConnectionNotAllowed"
	// ReasonSecretNotOwned: the Secret exists and belongs to somebody else. It is left untouched.
	ReasonSecretNotOwned = "SecretNotOwned"
	// ReasonSecretRejected: Kubernetes refuses the Secret (quota, admission, permissions).
	ReasonSecretRejected = "SecretRejected"
	// ReasonEndpointNotFound: Cognigy knows no Endpoint with this id.
	ReasonEndpointNotFound = "EndpointNotFound"
	// ReasonInvalidDisplayName: Cognigy refuses the key's name.
	ReasonInvalidDisplayName = "InvalidDisplayName"
	// ReasonKeyNameChanged: Cognigy answered with another name than the one asked for, so that keys could not be found again.
	ReasonKeyNameChanged = "KeyNameChanged"
)

// Reasons that connections and EndpointAPIKeys share: how a call to Cognigy went.
const (
	// ReasonUnauthorized: Cognigy rejects the credentials.
	ReasonUnauthorized = "Unauthorized"
	// ReasonForbidden: the credentials are valid, but may not do this.
	ReasonForbidden = "Forbidden"
	// ReasonInvalidRequest: Cognigy refuses the request as invalid.
	ReasonInvalidRequest = "InvalidRequest"
	// ReasonConflict: Cognigy reports a conflict.
	ReasonConflict = "Conflict"
	// ReasonRateLimited: Cognigy asks to slow down.
	ReasonRateLimited = "RateLimited"
	// ReasonUnavailable: Cognigy cannot be reached, or fails.
	ReasonUnavailable = "Unavailable"
	// ReasonUnexpectedAnswer: something answered that is not Cognigy, or not as documented: a proxy, a redirect, broken JSON.
	ReasonUnexpectedAnswer = "UnexpectedAnswer"
)

// Reasons of a connection's conditions.
const (
	// ReasonConnected: an authenticated request succeeded.
	ReasonConnected = "Connected"
	// ReasonCredentialsNotFound: the credentials Secret, or its data key, does not exist (yet).
	ReasonCredentialsNotFound = "CredentialsNotFound"
	// ReasonCredentialsInvalid: the credentials cannot be an API key: empty, or not printable.
	ReasonCredentialsInvalid = "CredentialsInvalid"
	// ReasonInvalidSpec: a field of the spec cannot be used; the message names it.
	ReasonInvalidSpec = "InvalidSpec"
)

// Reasons of events, beside the reasons above.
const (
	// EventIssued: a key was issued.
	EventIssued = "KeyIssued"
	// EventDelivered: a key was written into the Secret.
	EventDelivered = "KeyDelivered"
	// EventRevoked: a key was revoked.
	EventRevoked = "KeyRevoked"
	// EventNotRevoked: a key that was not delivered could not be revoked.
	EventNotRevoked = "KeyNotRevoked"
	// EventRetained: the resource was deleted, its key and Secret stay.
	EventRetained = "KeyRetained"
	// EventOrphaned: keys were found whose EndpointAPIKey does not exist any more.
	EventOrphaned = "OrphanedKeys"
	// EventOrphanRevoked: a key whose EndpointAPIKey does not exist any more was revoked.
	EventOrphanRevoked = "OrphanRevoked"
	// EventOrphansUnknown: it cannot be told which keys are orphans, since the operator lacks a permission.
	EventOrphansUnknown = "OrphansUnknown"
)
