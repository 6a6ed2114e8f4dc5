// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package metrics holds what the operator says of itself to Prometheus. docs/metrics.md lists it.
//
//   - definitions.go: every metric, its labels and its help;
//   - objects.go: what is computed from the cache when Prometheus asks, so that nothing is stale after a deletion;
//   - keys.go, requests.go: what is counted when it happens;
//   - connections.go, hosts.go: which connections and hosts have series of their own.
package metrics

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

// Objects are the resources that metrics describe. Metrics do not change them.
type Objects struct {
	Keys        []v1alpha1.EndpointAPIKey
	Connections []v1alpha1.Connection
}

// Source is where metrics come from that are computed when Prometheus asks.
type Source struct {
	// Elected is closed once this process works. Until then, it describes no objects: the leader does.
	Elected <-chan struct{}
	// Objects reads the cache. It sends nothing.
	Objects func(context.Context) (Objects, error)
	// CredentialsChangedAt is when the credentials of a connection last changed, as far as is known; zero if it is not.
	CredentialsChangedAt func(v1alpha1.Connection) time.Time
	Hosts                *ratelimit.Hosts
	Now                  func() time.Time
}

// Metrics is a prometheus.Collector, and counts what the operator tells it. It is safe for concurrent use.
type Metrics struct {
	version     string
	counters    counters
	connections connectionNames
	hosts       hostNames

	mu     sync.Mutex
	source *Source // nil while no manager runs
}

// New returns metrics of a version of the operator.
func New(version string) *Metrics {
	return &Metrics{version: version, counters: newCounters()}
}

// Follow has the metrics describe a source, until stop is called.
func (m *Metrics) Follow(source Source) (stop func()) {
	m.setSource(&source)
	return func() { m.setSource(nil) }
}

func (m *Metrics) setSource(source *Source) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.source = source
}

// works returns the source if this process works, or nil.
func (m *Metrics) works() *Source {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.source == nil {
		return nil
	}
	select {
	case <-m.source.Elected:
		return m.source
	default:
		return nil
	}
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(descriptions chan<- *prometheus.Desc) {
	for _, each := range m.counters.all() {
		each.Describe(descriptions)
	}
	for _, each := range computed {
		descriptions <- each
	}
}

// scrapeTimeout bounds how long a scrape waits for caches that have not synced yet.
const scrapeTimeout = 5 * time.Second

// Collect implements prometheus.Collector. It forgets what is gone before it collects what was counted.
func (m *Metrics) Collect(collected chan<- prometheus.Metric) {
	collected <- gauge(buildInfo, 1, m.buildLabels()...)
	source := m.works()
	collected <- gauge(leader, oneIf(source != nil))
	var objects Objects
	if source != nil {
		ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
		defer cancel()
		var err error
		if objects, err = source.Objects(ctx); err != nil {
			source = nil // a cache that cannot be read says nothing of what exists
		}
	}
	if source != nil {
		m.forgetAllBut(objects.Connections)
		m.begin(objects.Connections)
	}
	for _, each := range m.counters.all() {
		each.Collect(collected)
	}
	if source != nil {
		m.collectObjects(collected, objects, source)
		m.collectHosts(collected, source.Hosts)
	}
}

// forgetAllBut deletes the series of connections and hosts that are gone.
func (m *Metrics) forgetAllBut(connections []v1alpha1.Connection) {
	for _, gone := range m.connections.retain(connections) {
		m.counters.forgetConnection(gone)
	}
	for _, gone := range m.hosts.retain(connections) {
		m.counters.forgetHost(gone)
	}
}

// begin has counters of connections and hosts exist before there is something to count: Prometheus takes no first value for an increase.
func (m *Metrics) begin(connections []v1alpha1.Connection) {
	for _, found := range connections {
		if id := idOf(found); m.connections.of(id) == id {
			m.counters.begin(id)
		}
		host := ratelimit.HostOf(found.GetConnectionSpec().BaseURL)
		m.counters.windows.WithLabelValues(m.hosts.of(host))
	}
}

func gauge(description *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(description, prometheus.GaugeValue, value, labels...)
}

func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
