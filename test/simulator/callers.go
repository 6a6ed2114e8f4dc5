// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import "net/http"

// What Endpoint.Channel may be.
const (
	ChannelWebhook = "webhook"
	ChannelREST    = "rest"
)

// What Endpoint.Authentication may be.
const (
	AuthenticationAPIKey = "API Key"
	AuthenticationNone   = "None"
)

// HeaderEndpointKey carries the key of a caller of any Endpoint. It came with the release unifiedSince, and wins over the header of
// the channel.
const (
	HeaderEndpointKey = "X-Cognigy-Endpoint-Key"
	unifiedSince      = 16
)

// caller is how a caller of a channel sends its key.
type caller struct {
	header string
	since  int // the release with which Endpoints of the channel got keys
}

var callers = map[string]caller{
	ChannelWebhook: {"X-Webhook-Key", 13},
	ChannelREST:    {"X-Rest-Endpoint-Key", 14},
}

// EditEndpoint changes the Name, Channel or Authentication of an Endpoint, as a user does in Cognigy's UI. An unknown one is none of
// its business.
func (s *store) EditEndpoint(id string, edit func(*Endpoint)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found, ok := s.byID[id]; ok {
		edit(&found.Endpoint)
	}
}

// callEndpoint is the Endpoint itself.
func (s *Simulator) callEndpoint(c call) answer {
	called, ok := s.endpointByID(c.endpointID)
	switch {
	case !ok:
		return proxyPage(http.StatusNotFound)
	case c.method != http.MethodPost:
		return refuse(c, http.StatusMethodNotAllowed, codeMethodNotAllowed, "The method is not allowed here.")
	case called.Authentication == AuthenticationAPIKey && !s.Works(called.ID, s.keyOf(called.Channel, c.header)):
		return answer{status: http.StatusUnauthorized, body: map[string]string{"error": "Unauthorized"}}
	}
	return answer{status: http.StatusOK, body: map[string]bool{"ok": true}}
}

// keyOf returns the key that an Endpoint of a channel reads.
func (s *Simulator) keyOf(channel string, sent http.Header) string {
	if key := sent.Get(HeaderEndpointKey); key != "" && s.release >= unifiedSince {
		return key
	}
	return sent.Get(callers[channel].header)
}
