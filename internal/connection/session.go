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
// limiter of its host. New credentials make a new Session, which shares lists and host with the one before.
type Session struct {
	*cognigy.Client
	*Lists
	*ratelimit.Host
	// Connection is the UID of the connection.
	Connection types.UID

	fingerprint string // of what the client was made from

	mu         sync.Mutex
	lastProbed time.Time // on account of a failing request
}

// List returns a list of the Endpoint's keys that was requested at notBefore or later. Callers at the same time share it. An
// Endpoint that is gone is an answer, not an error.
func (s *Session) List(ctx context.Context, endpointID string, notBefore time.Time) (*plan.Listing, error) {
	return s.list(ctx, s.Client, endpointID, notBefore)
}

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
