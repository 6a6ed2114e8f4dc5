// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package audit tells of each thing that happens to a key: who, what and why, in one line. A line has no place for a value, nor for a
// preview of one.
package audit

import "time"

// Action is what happened to a key. docs/audit.md shows Actions.
type Action string

// What happens to keys.
const (
	Attempted   Action = "attempted"
	Issued      Action = "issued"
	Refused     Action = "refused"
	Unanswered  Action = "unanswered"
	Delivered   Action = "delivered"
	Undelivered Action = "undelivered"
	Adopted     Action = "adopted"
	Rotated     Action = "rotated"
	Revoked     Action = "revoked"
	NotRevoked  Action = "not-revoked"
	Retained    Action = "retained"
	Left        Action = "left"
	OrphanFound Action = "orphan-found"
	OtherFound  Action = "other-identity-found"
)

// Description says what an action or a reason means.
type Description struct{ Name, Means string }

// Actions describes every Action, in the order in which a key meets them.
var Actions = []Description{
	{string(Attempted), "The operator is about to ask Cognigy for a key. This line comes before the request, so that no key is made without one."},
	{string(Issued), "Cognigy answered with a new key."},
	{string(Refused), "Cognigy refused to make a key. Something in front of it may say so after the effect: then a list shows the key, and the operator revokes it."},
	{string(Unanswered), "No answer tells whether Cognigy made a key. If it did, a list shows the key, and the operator revokes it."},
	{string(Delivered), "The Secret holds the key."},
	{string(Undelivered), "The key could not be written into the Secret, or nobody knows yet whether it was."},
	{string(Adopted), "A resource took over the key that an earlier one left in its Secret."},
	{string(Rotated), "Another key (`replacedBy`) is in the Secret. This one works until its overlap is over."},
	{string(Revoked), "Cognigy confirmed the revocation of the key, or did not know it."},
	{string(NotRevoked), "Cognigy refused to revoke the key, or did not answer. The operator tries again."},
	{string(Retained), "The resource is gone, and its key and Secret stay, as `deletionPolicy: Retain` says."},
	{string(Left), "The key goes on to work without a resource that is responsible for it."},
	{string(OrphanFound), "A scan found a key of this cluster whose resource does not exist."},
	{string(OtherFound), "A scan found a key of an existing resource under a cluster identity that the operator does not have."},
}

// Reason is why something happened to a key, in a word that does not change from version to version.
type Reason string

// Why it happens. Metrics have the same words.
const (
	ReasonNew         Reason = "new"
	ReasonRotation    Reason = "rotation"
	ReasonNoKey       Reason = "no-working-key"
	ReasonReplaced    Reason = "replaced"
	ReasonUndelivered Reason = "undelivered"
	ReasonDeleted     Reason = "deleted"
	ReasonOrphan      Reason = "orphan"
	ReasonFormer      Reason = "earlier-life"
	ReasonUnrecorded  Reason = "unrecorded"
	ReasonScan        Reason = "scan"
	ReasonFound       Reason = "found"
)

// Reasons describes every Reason.
var Reasons = []Description{
	{string(ReasonNew), "The resource is new."},
	{string(ReasonRotation), "A rotation is due or was asked for."},
	{string(ReasonNoKey), "The Secret holds no working key."},
	{string(ReasonReplaced), "Another key replaced this one, and the overlap is over."},
	{string(ReasonUndelivered), "No workload can have the key."},
	{string(ReasonDeleted), "The resource is being deleted, or gone."},
	{string(ReasonOrphan), "The key's resource does not exist, and the connection's `orphanPolicy` is `Revoke`, or its annotation `cognigy-operator.io/revoke-orphans` names the key: then `detail` says so."},
	{string(ReasonFormer), "The Secret is from an earlier life of the resource."},
	{string(ReasonUnrecorded), "The record did not name the key, although workloads may have it."},
	{string(ReasonScan), "A scan of the connection's Endpoints."},
	{string(ReasonFound), "The operator found the key in the Secret's record: whoever put it there ended before it could tell, or did not know that it had succeeded."},
}

// Line is one thing that happened. The tag about describes a field in docs/audit.md.
type Line struct {
	Time         time.Time `json:"time" about:"when it happened, by the operator's clock, in UTC"`
	Action       Action    `json:"action" about:"what happened, see below"`
	Reason       Reason    `json:"reason" about:"why, see below"`
	Detail       string    `json:"detail,omitempty" about:"why, in words that may change: of a plan, or of a failure"`
	Kind         string    `json:"kind" about:"kind of the resource that it happened for: EndpointAPIKey, or of the connection whose scan it was"`
	Namespace    string    `json:"namespace,omitempty" about:"its namespace"`
	Name         string    `json:"name" about:"its name"`
	UID          string    `json:"uid" about:"its UID"`
	Generation   int64     `json:"generation" about:"its generation, by which the API server's audit log tells who changed its spec last"`
	Connection   string    `json:"connection,omitempty" about:"kind and name of the connection that the operator used"`
	EndpointID   string    `json:"endpointID,omitempty" about:"the Endpoint in Cognigy"`
	KeyID        string    `json:"keyID,omitempty" about:"the key in Cognigy; missing where the operator does not know it"`
	Attempt      string    `json:"attempt,omitempty" about:"when the attempt began that makes the key, in microseconds: the key's name in Cognigy has it, too"`
	ReplacedBy   string    `json:"replacedBy,omitempty" about:"the key that is in the Secret now"`
	Secret       string    `json:"secret,omitempty" about:"name of the Secret, in the namespace of the resource"`
	FormerUID    string    `json:"formerUID,omitempty" about:"UID of the earlier resource that the key was issued for"`
	IdentityHash string    `json:"identityHash,omitempty" about:"hash of the cluster's identity in the key's name"`
	ReconcileID  string    `json:"reconcileID,omitempty" about:"the reconcile, which other lines of the log name, too"`
}
