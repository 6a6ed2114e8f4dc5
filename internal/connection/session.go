// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

// probeInterval is the time between two probes that failing requests cause.
const probeInterval = 5 * time.Second

// Session is what requests through one connection need: a client with its current credentials, the lists of keys, and the
// limiter of its host. A connection has one, whose client is configured anew with new credentials.
type Session struct {
	*cognigy.Client
	*ratelimit.Host
	// Lists are shared with the other connections of the tenant.
	Lists *Lists
	// Connection is the UID of the connection.
	Connection types.UID

	mu         sync.Mutex
	lastProbed time.Time // on account of a failing request
}

// List returns a list of the Endpoint's keys that was requested at notBefore or later. Callers at the same time share it. An
// Endpoint that is gone is an answer, not an error.
func (s *Session) List(ctx context.Context, endpointID string, notBefore time.Time) (*plan.Listing, error) {
	return s.Lists.list(ctx, s.Client, s.place(endpointID), notBefore)
}

// ListSome returns a new list of those of the Endpoint's keys whose names keep accepts. Nobody shares it, and it is not remembered: it is for
// an Endpoint that has too many keys for List.
func (s *Session) ListSome(ctx context.Context, endpointID string, keep func(name string) bool) (*plan.Listing, error) {
	return fetch(ctx, s.Client, endpointID, s.Lists.clock.Now(), keep)
}

// Newest returns the newest list of the Endpoint's keys, or nil if there is none, or if the process does not remember it.
func (s *Session) Newest(endpointID string) *plan.Listing {
	return s.Lists.newestOf(s.place(endpointID))
}

// MissingSince returns what RememberMissing was told of a key; zero if nothing, or if a list showed the key since.
func (s *Session) MissingSince(endpointID, keyID string) time.Time {
	return s.Lists.missingSince(missingKey{s.place(endpointID), keyID})
}

// RememberMissing keeps the Plan.MissingSince of a key, unless the newest list shows the key.
func (s *Session) RememberMissing(endpointID, keyID string, since time.Time) {
	s.Lists.rememberMissing(missingKey{s.place(endpointID), keyID}, since)
}

func (s *Session) place(endpointID string) place { return place{s.Connection, endpointID} }

// RequestProbe reports whether to probe the connection now because a request failed. It does not do so every time.
func (s *Session) RequestProbe(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Before(s.lastProbed.Add(probeInterval)) {
		return false
	}
	s.lastProbed = now
	return true
}
