// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"
)

// What revoked a key, as Entry.RevokedBy.
const (
	RevokedByAPI             = "API"
	RevokedByUI              = "UI"
	RevokedByEndpointRemoved = "EndpointRemoved"
)

// Endpoint is one Endpoint of a Cognigy project. Names need not be unique.
type Endpoint struct {
	ID        string    `json:"id"`
	ProjectID string    `json:"projectId"`
	Name      string    `json:"name"`
	Channel   string    `json:"channel"` // a Channel constant
	FlowID    string    `json:"flowId"`
	LocaleID  string    `json:"localeId"`
	URLToken  string    `json:"urlToken"`
	CreatedAt time.Time `json:"createdAt"`
	// Authentication is the Authentication Method of the UI, an Authentication constant. The API does not show it.
	Authentication string `json:"authentication"`
}

// Entry is the ledger's record of one key. It outlives the key and its Endpoint.
type Entry struct {
	ID         string     `json:"id"`
	EndpointID string     `json:"endpointId"`
	Name       string     `json:"name"`
	Preview    string     `json:"preview"`
	SHA256     string     `json:"sha256"` // hexadecimal, of the plaintext
	CreatedAt  time.Time  `json:"createdAt"`
	RevokedAt  *time.Time `json:"revokedAt,omitempty"` // nil: the key works
	RevokedBy  string     `json:"revokedBy,omitempty"`
}

// visible says whether a LIST shows the key: what is live, or what was so at asOf. The two are not
// the same question with another time, since Cognigy's clock may be set back after a key was made.
func (e *Entry) visible(asOf time.Time) bool {
	if asOf.IsZero() {
		return e.RevokedAt == nil
	}
	return !e.CreatedAt.After(asOf) && (e.RevokedAt == nil || e.RevokedAt.After(asOf))
}

// endpoint is an Endpoint that exists, with every key it ever had.
type endpoint struct {
	Endpoint
	sequence int // position in order of creation, from 1; stable when others are removed
	keys     []*Entry
}

// store holds what Cognigy's database would, and the ledger, which it would not.
type store struct {
	now         func() time.Time
	uniqueNames bool // of the keys of an Endpoint that work

	mu        sync.Mutex
	sequence  int
	endpoints []*endpoint // in order of creation
	byID      map[string]*endpoint
	byToken   map[string]*endpoint
	projects  []project // in order of their first Endpoint
	ledger    []*Entry  // in order of creation, never shortened
}

var (
	errNoEndpoint = errors.New("there is no such Endpoint")
	errNameTaken  = errors.New("a key has this name")
)

func newStore(now func() time.Time, uniqueNames bool) store {
	return store{now: now, uniqueNames: uniqueNames, byID: map[string]*endpoint{}, byToken: map[string]*endpoint{}}
}

// AddEndpoint makes a Webhook Endpoint, as a user does in Cognigy's UI who sets its Authentication
// Method to API Key: until then it is None. See EditEndpoint. Edits give it another ID or URLToken than the random one.
func (s *store) AddEndpoint(projectID, name string, edits ...func(*Endpoint)) Endpoint {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sequence++
	made := &endpoint{sequence: s.sequence, Endpoint: Endpoint{
		ID:        randomHex(12),
		ProjectID: projectID,
		Name:      name,
		Channel:   ChannelWebhook,
		FlowID:    randomHex(12),
		LocaleID:  randomHex(12),
		URLToken:  randomHex(32),
		CreatedAt: s.now(),

		Authentication: AuthenticationAPIKey,
	}}
	for _, edit := range edits {
		edit(&made.Endpoint)
	}
	s.addProject(projectID)
	s.endpoints = append(s.endpoints, made)
	s.byID[made.ID] = made
	s.byToken[made.URLToken] = made
	return made.Endpoint
}

// RemoveEndpoint removes an Endpoint and with it every key. An unknown one is none of its business.
func (s *store) RemoveEndpoint(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	gone, ok := s.byID[id]
	if !ok {
		return
	}
	for _, key := range gone.keys {
		s.revoke(key, RevokedByEndpointRemoved)
	}
	s.endpoints = slices.DeleteFunc(s.endpoints, func(e *endpoint) bool { return e == gone })
	delete(s.byID, gone.ID)
	delete(s.byToken, gone.URLToken)
}

// Ledger is every key ever made, revoked ones included, in order of creation.
func (s *store) Ledger() []Entry {
	return s.entries(func(*Entry) bool { return true })
}

// Live is the keys that work now, of one Endpoint or, with "", of all.
func (s *store) Live(endpointID string) []Entry {
	return s.entries(func(e *Entry) bool {
		return e.RevokedAt == nil && (endpointID == "" || e.EndpointID == endpointID)
	})
}

func (s *store) entries(wanted func(*Entry) bool) []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []Entry{} // [] in the control API's JSON, not null
	for _, e := range s.ledger {
		if wanted(e) {
			found = append(found, *e)
		}
	}
	return found
}

// AddKey makes a key as a person would in Cognigy's UI, and returns its plaintext. Without such an
// Endpoint, or if the name must be unique and is not, it returns nothing.
func (s *store) AddKey(endpointID, name string) (Entry, string) {
	entry, plaintext, _ := s.createKey(endpointID, name) // an error is that, or a name that is taken
	return entry, plaintext
}

// RevokeKey revokes a key as a person would in Cognigy's UI, and says whether it was live.
func (s *store) RevokeKey(keyID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.IndexFunc(s.ledger, func(e *Entry) bool { return e.ID == keyID })
	return at >= 0 && s.revoke(s.ledger[at], RevokedByUI)
}

// Works says whether this is the plaintext of a key that the Endpoint has. It lets others in, too, if
// its Authentication is None.
func (s *store) Works(endpointID, plaintext string) bool {
	sum := fingerprint(plaintext)
	s.mu.Lock()
	defer s.mu.Unlock()
	owner, ok := s.byID[endpointID]
	return ok && slices.ContainsFunc(owner.keys, func(e *Entry) bool {
		return e.RevokedAt == nil && e.SHA256 == sum
	})
}

func (s *store) createKey(endpointID, name string) (Entry, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	owner, ok := s.byID[endpointID]
	if !ok {
		return Entry{}, "", errNoEndpoint
	}
	if s.uniqueNames && slices.ContainsFunc(owner.keys, func(e *Entry) bool { return e.RevokedAt == nil && e.Name == name }) {
		return Entry{}, "", errNameTaken
	}
	plaintext := randomHex(32)
	made := &Entry{
		ID:         randomHex(12),
		EndpointID: endpointID,
		Name:       name,
		Preview:    plaintext[:4] + strings.Repeat("•", 8) + plaintext[len(plaintext)-4:],
		SHA256:     fingerprint(plaintext),
		CreatedAt:  s.now(),
	}
	owner.keys = append(owner.keys, made)
	s.ledger = append(s.ledger, made)
	return *made, plaintext, nil
}

// listKeys shows an Endpoint's keys as they were lag ago.
func (s *store) listKeys(endpointID string, lag time.Duration) ([]Entry, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	owner, ok := s.byID[endpointID]
	if !ok {
		return nil, false
	}
	var asOf time.Time
	if lag > 0 {
		asOf = s.now().Add(-lag)
	}
	var shown []Entry
	for _, e := range owner.keys {
		if e.visible(asOf) {
			shown = append(shown, *e)
		}
	}
	return shown, true
}

func (s *store) deleteKey(endpointID, keyID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	owner, ok := s.byID[endpointID]
	if !ok {
		return false
	}
	at := slices.IndexFunc(owner.keys, func(e *Entry) bool { return e.ID == keyID })
	return at >= 0 && s.revoke(owner.keys[at], RevokedByAPI)
}

// revoke expects the lock to be held. The first revocation is the one the ledger keeps.
func (s *store) revoke(key *Entry, by string) bool {
	if key.RevokedAt != nil {
		return false
	}
	now := s.now()
	key.RevokedAt, key.RevokedBy = &now, by
	return true
}

func fingerprint(plaintext string) string {
	sum := sha256.Sum256([]byte(plaintext))
	return hex.EncodeToString(sum[:])
}
