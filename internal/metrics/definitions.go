// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import "github.com/prometheus/client_golang/prometheus"

// prefix begins the name of every metric.
const prefix = "cognigy_operator_"

// Stability begins the help of a metric, as in Kubernetes. What docs/support.md promises holds for stable ones.
const (
	stable = "[STABLE] "
	alpha  = "[ALPHA] "
)

// The labels that say of which connection, and of which keys, a series is. They are not called namespace, since that is where Prometheus
// puts the namespace of what it scrapes.
var (
	ofConnection = []string{"connection_kind", "connection_namespace", "connection"}
	ofKeys       = append([]string{"key_namespace"}, ofConnection...)
	ofHost       = []string{"host"}
)

// What is computed when Prometheus asks.
var (
	buildInfo = describe("build_info", stable+"Always 1. The labels say what this binary is, and whether cryptography is that of Go's FIPS 140-3 module.",
		"version", "go_version", "fips")
	leader = describe("leader", stable+"1 if this process works, 0 if it stands by. One process of an installation works.")

	keysByState = describe("keys", stable+"EndpointAPIKeys by state: ready, renewal_blocked (ready, but the operator cannot replace or verify the key), "+
		"reconciling, stalled (a person must act), suspended or deleting. The name of the connection is _missing if it does not exist.",
		append(ofKeys[:len(ofKeys):len(ofKeys)], "state")...)
	retiring        = describe("keys_retiring", stable+"Replaced keys that still work, until their overlap ends.", ofKeys...)
	rotationDue     = describe("keys_rotation_due", stable+"EndpointAPIKeys whose rotation is due, overdue ones included.", ofKeys...)
	rotationOverdue = describe("keys_rotation_overdue", stable+"EndpointAPIKeys whose rotation has been due for more than an hour.", ofKeys...)
	oldestUnready   = describe("oldest_unready_key_age_seconds", stable+"Time since the EndpointAPIKey was ready that has not been so for the longest time, or "+
		"since its creation if it never was; 0 if all are ready. Suspended ones, and those that are being deleted, do not count.", ofKeys...)
	oldestDeleting = describe("oldest_deleting_key_age_seconds", stable+"Time since the earliest deletion of an EndpointAPIKey began that has not ended; "+
		"0 if none is being deleted.", ofKeys...)

	connectionUp   = describe("connection_up", stable+"1 if the latest probe of the connection succeeded, else 0.", ofConnection...)
	credentialsAge = describe("connection_credentials_age_seconds", alpha+"Time since the Secret with the connection's credentials last changed, as far as "+
		"Kubernetes tells. There is no series before the operator first read them.", ofConnection...)
	orphans = describe("connection_orphans", stable+"Orphans that the latest scan found and left: keys with this cluster's marker whose EndpointAPIKey does "+
		"not exist. There is no series before the first scan.", ofConnection...)
	otherIdentities = describe("connection_other_identity_keys", stable+"Keys of existing EndpointAPIKeys under another identity of the cluster, which the latest "+
		"scan found and the operator leaves alone.", ofConnection...)
	lastScan = describe("connection_last_orphan_scan_timestamp_seconds", stable+"When the latest complete scan for orphans ended.", ofConnection...)

	learnedRate = describe("rate_limit_requests_per_second", alpha+"How many requests a second the operator sends to the host at most now: after a refusal, "+
		"fewer than configured.", ofHost...)
	configuredRate = describe("rate_limit_configured_requests_per_second", stable+"How many requests a second the operator sends to the host at most if the host "+
		"refuses none.", ofHost...)
	waiting    = describe("rate_limit_waiting_requests", stable+"Requests that wait for the rate limit of the host.", ofHost...)
	retryAfter = describe("rate_limit_retry_after_seconds", stable+"What is left of the time in which the host wants no request; 0 if it accepts them.", ofHost...)
)

// computed are all of them.
var computed = []*prometheus.Desc{
	buildInfo, leader, keysByState, retiring, rotationDue, rotationOverdue, oldestUnready, oldestDeleting, connectionUp, credentialsAge, orphans,
	otherIdentities, lastScan, learnedRate, configuredRate, waiting, retryAfter,
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prefix+name, help, labels, nil)
}

// counters are what is counted when it happens.
type counters struct {
	issued, delivered, revoked, deferred *prometheus.CounterVec
	firstDelivery                        prometheus.Histogram
	requests, waits                      *prometheus.HistogramVec
	windows                              *prometheus.CounterVec
}

func newCounters() counters {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: prefix + name, Help: help}, labels)
	}
	return counters{
		issued:    counter("keys_issued_total", stable+"Keys that Cognigy made for the operator.", ofConnection...),
		delivered: counter("keys_delivered_total", stable+"Keys that the operator wrote into their Secret.", ofConnection...),
		revoked: counter("keys_revoked_total", stable+"Keys that the operator revoked, by reason: replaced (their overlap is over), undelivered (cleaned up, since no "+
			"workload can have them), deleted (with their EndpointAPIKey) or orphan (found by a scan).",
			append(ofConnection[:len(ofConnection):len(ofConnection)], "reason")...),
		deferred: counter("issuances_deferred_total", stable+"Issuances that the issuance budget put off: something removes or rejects the keys of an EndpointAPIKey, "+
			"or their names, as fast as the operator issues them.", ofConnection...),
		firstDelivery: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: prefix + "key_delivery_duration_seconds", Help: stable + "Time from the creation of an EndpointAPIKey until its first key was delivered.",
			Buckets: []float64{0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600},
		}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: prefix + "request_duration_seconds", Help: stable + "Time from sending a request to Cognigy until its answer was read, by the template of its " +
				"path and its outcome. The host is other for hosts without series of their own.",
			Buckets: []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30},
		}, append(ofHost[:len(ofHost):len(ofHost)], "method", "route", "outcome")),
		waits: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: prefix + "rate_limit_wait_seconds", Help: stable + "Time that requests waited for the rate limit of the host before the operator sent them.",
			Buckets: []float64{0.01, 0.1, 1, 10, 60, 300, 1800},
		}, ofHost),
		windows: counter("rate_limit_retry_after_windows_total", stable+"Times that a host of Cognigy wanted no more requests for a while.", ofHost...),
	}
}

func (c *counters) all() []prometheus.Collector {
	return []prometheus.Collector{c.issued, c.delivered, c.revoked, c.deferred, c.firstDelivery, c.requests, c.waits, c.windows}
}
