// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Finalizer keeps an EndpointAPIKey until the operator has revoked its keys in Cognigy.
const Finalizer = "cognigy-operator.io/revoke"

// InUseFinalizer keeps a connection and its credentials Secret while EndpointAPIKeys need them to revoke their keys.
const InUseFinalizer = "cognigy-operator.io/in-use"

// Labels and annotations of a Secret that the operator delivers a key into. Together with the value they are the durable record
// of the delivery.
const (
	// SecretTypeLabel is on every Secret that the operator works with, with one of the two values below. It watches no others.
	SecretTypeLabel = "cognigy-operator.io/secret-type"
	// SecretTypeAPIKey marks a Secret that an Endpoint API key is delivered into.
	SecretTypeAPIKey = "endpoint-api-key"
	// SecretTypeCredentials marks a Secret that a connection takes its credentials from.
	SecretTypeCredentials = "credentials"

	// RecordFormatAnnotation is the number of the record's format. An operator that does not know it leaves the Secret as it is.
	RecordFormatAnnotation = "cognigy-operator.io/record-format"
	// OwnerUIDAnnotation is the UID of the EndpointAPIKey that the Secret belongs to.
	OwnerUIDAnnotation = "cognigy-operator.io/owner-uid"
	// KeyIDAnnotation is the id of the key in Cognigy.
	KeyIDAnnotation = "cognigy-operator.io/key-id"
	// KeyPreviewAnnotation is the preview of the key as Cognigy shows it.
	KeyPreviewAnnotation = "cognigy-operator.io/key-preview"
	// EndpointIDAnnotation is the id of the Endpoint that the key opens.
	EndpointIDAnnotation = "cognigy-operator.io/endpoint-id"
	// IssuedAtAnnotation is when the operator began to issue the key: RFC 3339 with microseconds, by the operator's clock.
	IssuedAtAnnotation = "cognigy-operator.io/issued-at"
	// FormerOwnerUIDAnnotation is the UID of the EndpointAPIKey that the key was issued for, if that is not the owner: the Secret came
	// from a backup, or was retained.
	FormerOwnerUIDAnnotation = "cognigy-operator.io/former-owner-uid"
	// ReplacementAnnotation is "true" if workloads may have read another key before this one: then the operator restarts those of
	// spec.rolloutRestartTargets. Else it is absent.
	ReplacementAnnotation = "cognigy-operator.io/replacement"
	// RetiringAnnotation lists the keys that later ones replaced, as JSON: [{"keyID", "keyPreview", "replacedAt", "formerOwnerUID"}].
	// Each works until one overlap after replacedAt. Keys that are gone stay in the list until the next rotation.
	RetiringAnnotation = "cognigy-operator.io/retiring"
	// ChecksumAnnotation is a SHA-256 over the annotations above and the value, by which the operator notices any edit.
	ChecksumAnnotation = "cognigy-operator.io/checksum"

	// TemplatesAnnotation tells of the data that spec.secret.template made, as JSON: a SHA-256 of template and data by data key. It is no
	// part of the record: by it, the operator notices another template and edited data, and removes data that no template makes any more.
	TemplatesAnnotation = "cognigy-operator.io/templates"
)

// RequestedAtAnnotation requests a drift check now instead of after the drift interval. Its value is any string that differs from
// status.lastHandledReconcileAt. It never rotates a key. Flux sets it for `flux reconcile`.
const RequestedAtAnnotation = "reconcile.fluxcd.io/requestedAt"

// RotateRequestedAtAnnotation asks for another key: its value is a date and time (RFC 3339), and a key that was issued before that is
// replaced once that time has come. So the same value never replaces a second key, whoever applies it again.
const RotateRequestedAtAnnotation = "cognigy-operator.io/rotate-requested-at"

// RevokeOrphansAnnotation on a connection names orphans that a person wants revoked: their ids, MaxRevocations at most, separated by commas or spaces.
// A date and time (RFC 3339) among them makes it another request for the same keys. The operator revokes those of them that it would revoke with
// orphanPolicy: Revoke, and no others, and says in status.orphanRevocations what became of each.
const RevokeOrphansAnnotation = "cognigy-operator.io/revoke-orphans"

// MaxRevocations is how many keys RevokeOrphansAnnotation may name.
const MaxRevocations = 50
