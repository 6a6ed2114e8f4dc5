// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"cmp"
	"errors"
	"sync"

	corev1 "k8s.io/api/core/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// scope is what one reconcile works with: the objects as it read or wrote them last, and what follows from them. Only the
// methods in this file, and derive, change it.
type scope struct {
	key *v1alpha1.EndpointAPIKey
	// rotation says when to rotate the key; its error is what of that the operator cannot read.
	rotation   func() (plan.Rotation, error)
	deleted    bool           // Kubernetes has no such resource any more; key is how this process saw it last
	endpointID string         // of the Endpoint that the key is for; "" while its name is not resolved
	proven     bool           // that this is the Endpoint: see plan.Evidence.Proves
	named      string         // the Endpoint that the name means now, as far as this reconcile knows; "" if it does not
	secret     *corev1.Secret // nil: absent
	former     former
	targets    []target            // of rolloutRestartTargets
	connection v1alpha1.Connection // nil: there is none
	blocked    error               // why there is no connection, or why it may not be used
	lastUsed   *connection.Session // of a deleted resource: that its latest POST went through
	// credentials are those of the latest session of this reconcile.
	credentials connection.Credentials
	listing     *plan.Listing       // the list of this reconcile; nil before it has one
	lists       plan.EndpointLists  // of a resource that names its Endpoint: what the list is made of
	refuted     bool                // an answer proves that the recorded intent made no key
	recorded    bool                // this reconcile wrote the record anew
	released    bool                // the operator is done with the resource
	driftCheck  bool                // this reconcile only looks at what is delivered
	acquired    *connection.Session // that sends requests for this reconcile, until release
	place       delivery.Place      // what templates may say of the Endpoint; readPlace sets it
	observed    plan.Observed       // derived from the above
	timing      plan.Timing         // derived from the above
}

// newScope is the scope of a resource that exists.
func newScope(key *v1alpha1.EndpointAPIKey) *scope {
	s := &scope{endpointID: key.Spec.Endpoint.ID, proven: !key.Spec.Endpoint.ByName()}
	s.setKey(key)
	return s
}

// newDeletedScope is the scope of a resource that is gone although this process issued keys for it.
func newDeletedScope(record issuanceRecord) *scope {
	s := newScope(record.key)
	s.deleted, s.lastUsed, s.endpointID = true, record.session, record.endpointID
	return s
}

func (s *scope) setKey(key *v1alpha1.EndpointAPIKey) {
	s.key = key
	// To read the time zones of windows takes files, and most scopes are derived more than once.
	s.rotation = sync.OnceValues(func() (plan.Rotation, error) { return rotation(key) })
}

func (s *scope) setSecret(secret *corev1.Secret) { s.secret = secret }

// secretVersion is the resourceVersion of the Secret; "" if it is absent.
func (s *scope) secretVersion() string {
	if s.secret == nil {
		return ""
	}
	return s.secret.ResourceVersion
}

func (s *scope) setFormer(former former) { s.former = former }

func (s *scope) setTargets(targets []target) { s.targets = targets }

func (s *scope) setConnection(found v1alpha1.Connection, blocked error) {
	s.connection, s.blocked = found, blocked
}

// unpermitted reports whether the connection does not allow the resource's namespace, or not for its Endpoint.
func (s *scope) unpermitted() bool {
	failure := condition.FailureOf(s.blocked)
	return failure != nil && failure.Reason == v1alpha1.ReasonConnectionNotAllowed
}

// undecided reports whether lists of projects have to tell whether the connection allows the resource's namespace for its Endpoint.
func (s *scope) undecided() bool { return errors.Is(s.blocked, connection.ErrUndecided) }

// byName reports whether it has to be found out on which Endpoint the resource's keys are.
func (s *scope) byName() bool { return !s.deleted && s.key.Spec.Endpoint.ByName() }

func (s *scope) setEndpoint(id string, proven bool) { s.endpointID, s.proven = id, proven }

func (s *scope) setNamed(id string) { s.named = id }

// endpointOf is the Endpoint that a key is on.
func (s *scope) endpointOf(keyID string) string {
	return cmp.Or(s.lists.EndpointOf(keyID), s.endpointID)
}

// target is what the scope's requests are for in the queue for the rate limit. It stays the same when a name is resolved.
func (s *scope) target() string {
	if s.byName() {
		return string(s.key.Spec.Endpoint.ProjectID) + "/" + s.key.Spec.Endpoint.Name
	}
	return s.endpointID
}

func (s *scope) setCredentials(credentials connection.Credentials) { s.credentials = credentials }

// setFresh notes that resource and Secret were read after a list was requested.
func (s *scope) setFresh(listing *plan.Listing) { s.listing = listing }

// setLists notes the lists that the scope's list is made of.
func (s *scope) setLists(lists plan.EndpointLists) { s.lists = lists }

// refuteIntent notes that an answer proves that the recorded intent made no key.
func (s *scope) refuteIntent() { s.refuted = true }

func (s *scope) setRecorded() { s.recorded = true }

func (s *scope) setReleased() { s.released = true }

func (s *scope) setDriftCheck(is bool) { s.driftCheck = is }

func (s *scope) setPlace(place delivery.Place) { s.place = place }

func (s *scope) setAcquired(session *connection.Session) { s.acquired = session }

// waiter is the scope's name in the queue for the rate limit. Others may have had the name of a deleted resource since.
func (s *scope) waiter() string {
	name := s.key.Namespace + "/" + s.key.Name
	if s.deleted {
		name += "/" + string(s.key.UID)
	}
	return name
}
