// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

// outcomes are what the label says of a failure. The kinds that concern tokens are one.
var outcomes = map[cognigy.Kind]string{
	cognigy.NotFound: "not_found", cognigy.Unauthorized: "unauthorized", cognigy.Forbidden: "forbidden", cognigy.Invalid: "invalid_request",
	cognigy.Conflict: "conflict", cognigy.RateLimited: "rate_limited", cognigy.Unavailable: "unavailable", cognigy.Redirected: "redirected",
	cognigy.Unexpected: "unexpected_answer", cognigy.TooManyKeys: "too_many_keys", cognigy.KeysNotSupported: "keys_not_supported",
	cognigy.ClientRejected: "token_refused", cognigy.ScopeRejected: "token_refused", cognigy.TokenRefused: "token_refused",
}

// NotSent is the Outcome of a request that never left.
const NotSent = ""

// Outcome says how a request ended.
func Outcome(exchange cognigy.Exchange) string {
	if exchange.Err == nil {
		return "success"
	}
	if failure := cognigy.AsError(exchange.Err); failure != nil {
		if failure.Kind == cognigy.HostNotAllowed {
			return NotSent
		}
		if outcome, known := outcomes[failure.Kind]; known {
			return outcome
		}
	}
	return "failed"
}

// Connected notes that a connection has a session, which sends requests to a host.
func (m *Metrics) Connected(found v1alpha1.Connection) { m.hosts.add(found) }

// Sent notes a request to a host.
func (m *Metrics) Sent(_ context.Context, host string, exchange cognigy.Exchange) {
	outcome := Outcome(exchange)
	if outcome == NotSent {
		return
	}
	m.counters.requests.WithLabelValues(m.hosts.of(host), exchange.Method, exchange.Route, outcome).Observe(exchange.Took.Seconds())
}

// Waited implements ratelimit.Observer.
func (m *Metrics) Waited(host string, wait time.Duration) {
	m.counters.waits.WithLabelValues(m.hosts.of(host)).Observe(wait.Seconds())
}

// RetryAfterBegan implements ratelimit.Observer.
func (m *Metrics) RetryAfterBegan(host string) {
	m.counters.windows.WithLabelValues(m.hosts.of(host)).Inc()
}

// collectHosts tells of the rate limits of the hosts that have series of their own.
func (m *Metrics) collectHosts(collected chan<- prometheus.Metric, hosts *ratelimit.Hosts) {
	for _, host := range hosts.States() {
		if m.hosts.of(host.Name) != host.Name {
			continue
		}
		collected <- gauge(learnedRate, host.PerSecond, host.Name)
		collected <- gauge(configuredRate, float64(host.Limit.PerSecond), host.Name)
		collected <- gauge(waiting, float64(host.Waiting), host.Name)
		collected <- gauge(retryAfter, host.RetryAfter.Seconds(), host.Name)
	}
}
