// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// maxAttempts is how many attempts are remembered per resource: more than a day of those that the issuance budget allows.
const maxAttempts = 32

// issuanceLog remembers for which resources this process issued keys, until it releases them: for the issuance budget, to know
// when a request ended, and to revoke the keys of a resource that is gone. In memory only; after a restart, leader election
// limits the rate.
type issuanceLog struct {
	mu sync.Mutex
	// records by the name of the resource, which others may have had before, and by its UID.
	records map[types.NamespacedName]map[types.UID]*issuanceRecord
}

// issuanceRecord is what the log knows of one resource.
type issuanceRecord struct {
	key           *v1alpha1.EndpointAPIKey // as this process saw it last
	session       *connection.Session      // that the latest POST went through
	endpointID    string                   // that it was for
	attempts      []plan.Attempt           // oldest first
	delivering    bool                     // a reconcile is about to write the Secret
	secretVersion string                   // resourceVersion that the latest delivery left
	deferred      bool                     // the issuance budget puts the attempt off that is next
}

// start notes the POST that follows the intent on the resource.
func (l *issuanceLog) start(key *v1alpha1.EndpointAPIKey, endpointID string, session *connection.Session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := client.ObjectKeyFromObject(key)
	if l.records == nil {
		l.records = map[types.NamespacedName]map[types.UID]*issuanceRecord{}
	}
	if l.records[name] == nil {
		l.records[name] = map[types.UID]*issuanceRecord{}
	}
	record := l.records[name][key.UID]
	if record == nil {
		record = &issuanceRecord{}
		l.records[name][key.UID] = record
	}
	attempts := append(record.attempts, plan.Attempt{StartedAt: key.Status.Issuance.StartedAt.Time})
	record.key, record.session, record.attempts = key, session, attempts[max(len(attempts)-maxAttempts, 0):]
	record.endpointID, record.delivering, record.deferred = endpointID, true, false
}

// stop notes that the delivery is over, and which resourceVersion of the Secret it left; "" if none.
func (l *issuanceLog) stop(key *v1alpha1.EndpointAPIKey, secretVersion string) {
	l.change(key, func(record *issuanceRecord) { record.delivering, record.secretVersion = false, secretVersion })
}

// drop forgets the latest attempt: its POST never left.
func (l *issuanceLog) drop(key *v1alpha1.EndpointAPIKey) {
	l.change(key, func(record *issuanceRecord) { record.attempts = record.attempts[:len(record.attempts)-1] })
}

// deferNext notes that the issuance budget puts the next attempt off, and reports whether that is news.
func (l *issuanceLog) deferNext(key *v1alpha1.EndpointAPIKey) (news bool) {
	l.change(key, func(record *issuanceRecord) { news, record.deferred = !record.deferred, true })
	return news
}

// answered notes when Cognigy answered the latest attempt.
func (l *issuanceLog) answered(key *v1alpha1.EndpointAPIKey, at time.Time) {
	l.change(key, func(record *issuanceRecord) { record.attempts[len(record.attempts)-1].EndedAt = at })
}

// end notes how the latest attempt ended.
func (l *issuanceLog) end(key *v1alpha1.EndpointAPIKey, outcome plan.Outcome) {
	l.change(key, func(record *issuanceRecord) { record.attempts[len(record.attempts)-1].Outcome = outcome })
}

// update notes how the resource is now.
func (l *issuanceLog) update(key *v1alpha1.EndpointAPIKey) {
	l.change(key, func(record *issuanceRecord) { record.key = key })
}

func (l *issuanceLog) change(key *v1alpha1.EndpointAPIKey, change func(*issuanceRecord)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if record := l.records[client.ObjectKeyFromObject(key)][key.UID]; record != nil {
		change(record)
	}
}

// of returns what the log knows of a resource.
func (l *issuanceLog) of(key *v1alpha1.EndpointAPIKey) issuanceRecord {
	var known issuanceRecord
	l.change(key, func(record *issuanceRecord) {
		known = *record
		known.attempts = slices.Clone(record.attempts) // whose ends others note
	})
	return known
}

// knows reports whether the log knows of any resource of a name.
func (l *issuanceLog) knows(name types.NamespacedName) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.records[name]) > 0
}

// deleted returns what the log knows of the resources of a name, but the one that exists.
func (l *issuanceLog) deleted(name types.NamespacedName, existing types.UID) []issuanceRecord {
	l.mu.Lock()
	defer l.mu.Unlock()
	var deleted []issuanceRecord
	for uid, record := range l.records[name] {
		if uid != existing {
			deleted = append(deleted, *record)
		}
	}
	return deleted
}

// forget drops what the log knows of a resource.
func (l *issuanceLog) forget(key *v1alpha1.EndpointAPIKey) {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := client.ObjectKeyFromObject(key)
	delete(l.records[name], key.UID)
	if len(l.records[name]) == 0 {
		delete(l.records, name)
	}
}
