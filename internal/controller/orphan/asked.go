// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package orphan

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// The lengths that the API server accepts in status.orphanRevocations.
const (
	maxID      = 64
	maxMessage = 1024
)

// request is what a person asks for by the annotation of a connection.
type request struct {
	value string          // of the annotation; "" if nobody asks
	ids   []string        // what it names, each once, v1alpha1.MaxRevocations at most
	named map[string]bool // those of ids that are ids of keys; none if the annotation names too many
}

// requestOf reads the annotation, answered or not.
func requestOf(found v1alpha1.Connection) request {
	asked := request{value: kube.RevokeOrphans(found), named: map[string]bool{}}
	separates := func(r rune) bool { return r == ',' || unicode.IsSpace(r) }
	for text := range strings.FieldsFuncSeq(asked.value, separates) {
		if _, err := time.Parse(time.RFC3339, text); err == nil {
			continue
		}
		id := condition.Clip(text, maxID)
		if slices.Contains(asked.ids, id) {
			continue
		}
		if len(asked.ids) == v1alpha1.MaxRevocations {
			asked.named = nil
			break
		}
		asked.ids = append(asked.ids, id)
		if cognigy.ValidID(id) {
			asked.named[id] = true
		}
	}
	return asked
}

// openRequest reads the annotation if the operator has not answered it yet.
func openRequest(found v1alpha1.Connection) request {
	if asked := requestOf(found); asked.value != found.GetConnectionStatus().LastHandledRevokeOrphans {
		return asked
	}
	return request{}
}

func (q request) isOpen() bool { return q.value != "" }

// first orders the keys that the request names before others.
func (q request) first(a, b plan.MarkedKey) int {
	switch {
	case q.named[a.ID] == q.named[b.ID]:
		return 0
	case q.named[a.ID]:
		return -1
	default:
		return 1
	}
}

// detail says in the audit log on whose account a key is revoked.
func (q request) detail(key plan.MarkedKey) string {
	if !q.named[key.ID] {
		return ""
	}
	return "the annotation " + v1alpha1.RevokeOrphansAnnotation + " names the key"
}

// all gives every key that the request names the same answer.
func (q request) all(result v1alpha1.RevocationResult, message string) []v1alpha1.OrphanRevocation {
	var revocations []v1alpha1.OrphanRevocation
	for _, id := range q.ids {
		revocations = append(revocations, v1alpha1.OrphanRevocation{KeyID: id, Result: result, Message: condition.Clip(message, maxMessage)})
	}
	return revocations
}

// answer writes the answer to an open request. The request is handled once nothing is pending.
func (q request) answer(status *v1alpha1.ConnectionStatus, revocations []v1alpha1.OrphanRevocation) {
	if !q.isOpen() {
		return
	}
	status.OrphanRevocations = revocations
	if !isPending(revocations) {
		status.LastHandledRevokeOrphans = q.value
	}
}

// isPending reports whether the operator has yet to do something.
func isPending(revocations []v1alpha1.OrphanRevocation) bool {
	return slices.ContainsFunc(revocations, func(each v1alpha1.OrphanRevocation) bool { return each.Result == v1alpha1.RevocationPending })
}

// unansweredBecause puts into words why a scan failed; "" if that says nothing about the connection, so that the next try may succeed.
func unansweredBecause(err error) string {
	if apierrors.IsForbidden(err) {
		return fmt.Sprintf("the operator cannot tell which keys are orphans; permit it to list endpointapikeys and secrets in all namespaces: %s", err)
	}
	if failure := condition.FailureOf(err); failure != nil {
		return "the operator cannot tell which keys are orphans: " + failure.Message
	}
	return ""
}

// noteStandings keeps how those of an Endpoint's keys stand that a person wants revoked, by what the cache shows.
func (r *Reconciler) noteStandings(s *scanned, endpointID string, keys []plan.Key) {
	for _, key := range keys {
		if s.asked.named[key.ID] {
			s.standings[key.ID] = plan.Foreign
		}
	}
	s.noteStandingsOf(plan.MarkedKeys(r.Identity, endpointID, keys), s.existing, nil)
}

// noteStandingsOf does the same for keys with a marker of this cluster.
func (s *scanned) noteStandingsOf(keys []plan.MarkedKey, owners plan.ExistingOwners, recorded plan.RecordedKeys) {
	for _, key := range keys {
		if s.asked.named[key.ID] {
			s.standings[key.ID] = plan.StandingOf(key, owners, recorded)
		}
	}
}

// denials say why the operator does not revoke a key that is no orphan.
var denials = map[plan.Standing]string{
	plan.Missing: "no Endpoint that the connection's user sees has a key with this id: it is revoked already, or never was there",
	plan.Foreign: "the key's name has no marker of this cluster: a person made it, or another cluster",
	plan.Owned:   "the key is no orphan: its EndpointAPIKey exists",
	plan.Recorded: "the key is no orphan: a Secret with the operator's label records it, such as one that deletionPolicy: Retain left; " +
		"delete that Secret first, if nothing uses it",
}

// revocations say what became of the keys that a person wants revoked, after a scan that could revoke some, and did revoke others.
func (s *scanned) revocations(revocable, revoked []plan.MarkedKey, failure error) []v1alpha1.OrphanRevocation {
	revocations := s.asked.all(v1alpha1.RevocationDenied, "")
	for i := range revocations {
		each := &revocations[i]
		standing := s.standings[each.KeyID]
		isIt := func(key plan.MarkedKey) bool { return key.ID == each.KeyID }
		switch {
		case s.asked.named == nil:
			each.Message = fmt.Sprintf("the annotation names more than %d keys, so that the operator revokes none of them; name fewer", v1alpha1.MaxRevocations)
		case !s.asked.named[each.KeyID]:
			each.Message = "this is no id of a key, which has 24 small letters and digits"
		case slices.ContainsFunc(revoked, isIt):
			each.Result = v1alpha1.RevocationDone
		case slices.ContainsFunc(revocable, isIt):
			each.Result, each.Message = v1alpha1.RevocationPending, condition.Clip(notRevokedBecause(failure), maxMessage)
		case standing == plan.Orphaned:
			each.Result = v1alpha1.RevocationPending
			each.Message = "one scan has found that the key is an orphan; the operator revokes it if the next one does, too"
		case standing == plan.Missing && len(s.orphans) >= maxOrphans:
			each.Message = fmt.Sprintf("the scan ended with %d orphans before it found the key; have some of those revoked first", maxOrphans)
		default:
			each.Message = denials[standing]
		}
	}
	return revocations
}

// notRevokedBecause says why an orphan was not revoked.
func notRevokedBecause(err error) string {
	if failure := condition.FailureOf(err); failure != nil {
		return "the operator could not revoke the key, and tries again: " + failure.Message
	}
	return "the operator did not come to revoke the key, and tries again"
}
