// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Condition types, after kstatus (https://github.com/fluxcd/cli-utils). Every resource carries Ready; the others exist only
// while they are true. Stalled implies that Ready is not True.
const (
	// ConditionReady is True when the Secret of an EndpointAPIKey holds a working key, or when a connection is usable. It stays
	// True while the operator replaces a delivered key, even if that fails. Positive polarity.
	ConditionReady = "Ready"
	// ConditionReconciling is True while the operator works towards the spec, or retries. Negative polarity.
	ConditionReconciling = "Reconciling"
	// ConditionStalled is True when a person must act, since a retry alone does not help. Negative polarity.
	ConditionStalled = "Stalled"
	// ConditionRenewalBlocked is True while an EndpointAPIKey's delivered key works, and the operator cannot replace, verify or
	// repair it: a rotation that is refused, for example. kstatus does not know it, so that it fails no release. Negative polarity.
	ConditionRenewalBlocked = "RenewalBlocked"
	// ConditionRolloutPending is True while workloads of spec.rolloutRestartTargets do not run with the delivered key yet, as far as the
	// operator can tell. Its reason says whether they are on their way. kstatus does not know it. Negative polarity.
	ConditionRolloutPending = "RolloutPending"
)

// ConditionEndpointChanged is True on an EndpointAPIKey that names its Endpoint while the name does not mean the Endpoint any more that
// the resource's keys are for. These work, and the operator goes on to rotate them; the condition is for people, who may want another
// resource. kstatus does not know it, so that it fails no release. Negative polarity.
const ConditionEndpointChanged = "EndpointChanged"

// ConditionInUse is True on a connection that is being deleted while EndpointAPIKeys still need it. Its message names them.
// Negative polarity.
const ConditionInUse = "InUse"

// ConditionCredentialsInUse is True on a connection whose credentials Secret is being deleted while EndpointAPIKeys still need it. Its
// message names them, and says how to undo the deletion. Negative polarity.
const ConditionCredentialsInUse = "CredentialsInUse"

// ReasonReferenced is the reason of InUse and CredentialsInUse: EndpointAPIKeys refer to the connection.
const ReasonReferenced = "Referenced"

// Reasons of an EndpointAPIKey's conditions.
const (
	// ReasonDelivered: the Secret holds a working key.
	ReasonDelivered = "Delivered"
	// ReasonIssuing: the operator is issuing a key.
	ReasonIssuing = "Issuing"
	// ReasonRotating: the operator is replacing the delivered key.
	ReasonRotating = "Rotating"
	// ReasonVerifying: an earlier attempt may have made a key; the operator waits until a list shows it, and revokes it then.
	ReasonVerifying = "Verifying"
	// ReasonRevoking: the operator is revoking keys.
	ReasonRevoking = "Revoking"
	// ReasonSuspended: spec.suspend is true.
	ReasonSuspended = "Suspended"
	// ReasonTooManyIssuances: the operator issued too many keys for this resource in a short time, since something removes or
	// rejects them. It goes on later by itself.
	ReasonTooManyIssuances = "TooManyIssuances"
	// ReasonConnectionNotFound: the connection that connectionRef names does not exist (yet).
	ReasonConnectionNotFound = "ConnectionNotFound"
	// ReasonConnectionNotReady: the connection is not usable now; its own conditions say why.
	ReasonConnectionNotReady = "ConnectionNotReady"
	// ReasonConnectionNotAllowed: the ClusterCognigyConnection does not allow this namespace, or does not grant it this Endpoint.
	ReasonConnectionNotAllowed = "ConnectionNotAllowed"
	// ReasonSecretNotOwned: the Secret exists and does not belong to the resource. The operator does not touch it.
	ReasonSecretNotOwned = "SecretNotOwned"
	// ReasonNewerRecord: a later version of the operator wrote the Secret's record. This one leaves its keys alone.
	ReasonNewerRecord = "NewerRecord"
	// ReasonSecretRejected: Kubernetes rejects the Secret (quota, admission, permissions).
	ReasonSecretRejected = "SecretRejected"
	// ReasonSecretImmutable: the Secret is immutable, or admission would make it so. The operator issues no key that it could not replace
	// later.
	ReasonSecretImmutable = "SecretImmutable"
	// ReasonDryRunUnsupported: an admission webhook does not support the dry run that precedes each issuance.
	ReasonDryRunUnsupported = "DryRunUnsupported"
	// ReasonInvalidTemplate: a template of spec.secret.template fails.
	ReasonInvalidTemplate = "InvalidTemplate"
	// ReasonEndpointNotFound: Cognigy knows no Endpoint with this id, or shows none with this name in the project.
	ReasonEndpointNotFound = "EndpointNotFound"
	// ReasonEndpointAmbiguous: several Endpoints of the project have the name.
	ReasonEndpointAmbiguous = "EndpointAmbiguous"
	// ReasonEndpointChanged: the name means another Endpoint than the one that the resource's keys are for, or none any more.
	ReasonEndpointChanged = "EndpointChanged"
	// ReasonInvalidDisplayName: Cognigy rejects the key's name.
	ReasonInvalidDisplayName = "InvalidDisplayName"
	// ReasonInvalidRotation: the operator cannot read when to rotate the key; the message says what is wrong.
	ReasonInvalidRotation = "InvalidRotation"
	// ReasonOldCRD: the CustomResourceDefinition is older than the operator, and lacks a field that the operator needs.
	ReasonOldCRD = "OldCRD"
	// ReasonKeyNameChanged: Cognigy gave a key another name than requested, so that the operator could not find keys again.
	ReasonKeyNameChanged = "KeyNameChanged"
)

// Reasons of RolloutPending, the least urgent first: the condition has the most urgent one that applies.
const (
	// ReasonRollingOut: the workloads are restarting.
	ReasonRollingOut = "RollingOut"
	// ReasonTargetNotFound: a workload does not exist. No replaced key waits for it.
	ReasonTargetNotFound = "TargetNotFound"
	// ReasonRolloutStuck: a rollout goes on only when a person acts: it is paused, left to a deletion of Pods or limited by a partition, or
	// makes no progress.
	ReasonRolloutStuck = "RolloutStuck"
	// ReasonRestartUndone: something removed the annotation by which the operator restarted a workload. The operator does not restart it
	// again with the same key.
	ReasonRestartUndone = "RestartUndone"
	// ReasonRestartRefused: Kubernetes does not let the operator read or restart a workload.
	ReasonRestartRefused = "RestartRefused"
)

// Reasons that connections and EndpointAPIKeys share: the outcome of a request to Cognigy.
const (
	// ReasonUnauthorized: Cognigy rejects the credentials.
	ReasonUnauthorized = "Unauthorized"
	// ReasonForbidden: the credentials are valid, but lack a permission.
	ReasonForbidden = "Forbidden"
	// ReasonInvalidRequest: Cognigy rejects the request as invalid.
	ReasonInvalidRequest = "InvalidRequest"
	// ReasonConflict: Cognigy reports a conflict.
	ReasonConflict = "Conflict"
	// ReasonRateLimited: Cognigy limits the rate of requests.
	ReasonRateLimited = "RateLimited"
	// ReasonUnavailable: Cognigy is unreachable or fails.
	ReasonUnavailable = "Unavailable"
	// ReasonHostNotAllowed: the operator's flag --allowed-hosts does not name the host of a CognigyConnection.
	ReasonHostNotAllowed = "HostNotAllowed"
	// ReasonUnexpectedAnswer: the answer is not Cognigy's, or not as documented: a proxy's, a redirect, broken JSON.
	ReasonUnexpectedAnswer = "UnexpectedAnswer"
	// ReasonKeysNotSupported: Cognigy knows the Endpoint, but no API keys of it: its version is too old, or keys do not exist for
	// Endpoints of this kind.
	ReasonKeysNotSupported = "KeysNotSupported"
	// ReasonTooManyKeys: the Endpoint has more keys with names of the operator's form than the operator keeps in memory.
	ReasonTooManyKeys = "TooManyKeys"
)

// Reasons of a connection's conditions.
const (
	// ReasonConnected: an authenticated request succeeded.
	ReasonConnected = "Connected"
	// ReasonCredentialsNotFound: the credentials Secret, or its data key, does not exist (yet).
	ReasonCredentialsNotFound = "CredentialsNotFound"
	// ReasonCredentialsInvalid: the credentials cannot be what auth asks for: empty, or not printable.
	ReasonCredentialsInvalid = "CredentialsInvalid"
	// ReasonCABundleNotFound: the ConfigMap or Secret of caBundleRef, or its data key, does not exist (yet).
	ReasonCABundleNotFound = "CABundleNotFound"
	// ReasonCABundleInvalid: what caBundleRef names holds no certificate.
	ReasonCABundleInvalid = "CABundleInvalid"
	// ReasonSuperAPIKeysOff: the installation offers no super API keys.
	ReasonSuperAPIKeysOff = "SuperAPIKeysOff"
	// ReasonOrganisationNotFound: the installation has no organisation with the id of auth.superAPIKey.
	ReasonOrganisationNotFound = "OrganisationNotFound"
	// ReasonInvalidScope: Cognigy does not give the OAuth 2.0 client a scope that auth.oauth2 asks for.
	ReasonInvalidScope = "InvalidScope"
	// ReasonTokenPending: the operator has no token for a request yet.
	ReasonTokenPending = "TokenPending"
	// ReasonInvalidSpec: a field of the spec is invalid; the message names it.
	ReasonInvalidSpec = "InvalidSpec"
)

// Reasons of events, beside the reasons above.
const (
	// EventIssued: the operator issued a key and could not deliver it.
	EventIssued = "KeyIssued"
	// EventDelivered: the operator wrote a key into the Secret.
	EventDelivered = "KeyDelivered"
	// EventRevoked: the operator revoked a key.
	EventRevoked = "KeyRevoked"
	// EventAdopted: the operator took over a key that an earlier EndpointAPIKey left in the Secret.
	EventAdopted = "KeyAdopted"
	// EventRestarted: the operator restarted workloads, so that they use the delivered key.
	EventRestarted = "WorkloadsRestarted"
	// EventRolloutLate: the operator revoked a replaced key although workloads had not restarted with the new one.
	EventRolloutLate = "RolloutLate"
	// EventLeft: a key goes on to work for which no resource is responsible any more.
	EventLeft = "KeyLeft"
	// EventNotRevoked: the operator could not revoke a key that was not delivered.
	EventNotRevoked = "KeyNotRevoked"
	// EventRetained: the resource was deleted, and its key and Secret stay.
	EventRetained = "KeyRetained"
	// EventCredentialsInUse: a credentials Secret is being deleted, and stays until EndpointAPIKeys do not need it any more.
	EventCredentialsInUse = "CredentialsInUse"
	// EventOrphaned: a scan found keys whose EndpointAPIKey does not exist any more.
	EventOrphaned = "OrphanedKeys"
	// EventOrphanRevoked: the operator revoked a key whose EndpointAPIKey does not exist any more.
	EventOrphanRevoked = "OrphanRevoked"
	// EventOrphanNotRevoked: a person wants keys revoked that the operator may not revoke.
	EventOrphanNotRevoked = "OrphanNotRevoked"
	// EventOrphansUnknown: the operator lacks a permission to find out which keys are orphans.
	EventOrphansUnknown = "OrphansUnknown"
	// EventOtherIdentity: a scan found keys of existing EndpointAPIKeys under a cluster identity that the operator does not have.
	EventOtherIdentity = "OtherIdentityKeys"
)
