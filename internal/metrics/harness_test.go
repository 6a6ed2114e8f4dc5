// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/metrics"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

var now = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// described are metrics that describe objects.
type described struct {
	*metrics.Metrics
	*WithT
	objects  metrics.Objects
	registry *prometheus.Registry
	hosts    *ratelimit.Hosts
}

// of returns metrics of a leader whose cache has objects.
func of(t *testing.T, connections []v1alpha1.Connection, keys ...*v1alpha1.EndpointAPIKey) *described {
	t.Helper()
	d := &described{
		Metrics: metrics.New("1.2.3"), WithT: NewWithT(t), registry: prometheus.NewPedanticRegistry(), hosts: ratelimit.NewHosts(nil),
		objects: metrics.Objects{Connections: connections},
	}
	for _, key := range keys {
		d.objects.Keys = append(d.objects.Keys, *key)
	}
	elected := make(chan struct{})
	close(elected)
	d.follow(t, elected)
	d.hosts.Observer = d
	d.Expect(d.registry.Register(d)).To(Succeed())
	return d
}

func (d *described) follow(t *testing.T, elected <-chan struct{}) {
	t.Helper()
	t.Cleanup(d.Follow(metrics.Source{
		Elected: elected, Objects: func(context.Context) (metrics.Objects, error) { return d.objects, nil }, Hosts: d.hosts,
		CredentialsChangedAt: func(v1alpha1.Connection) time.Time { return now.Add(-time.Hour) }, Now: func() time.Time { return now },
	}))
}

// series returns the values of all series by name and labels, those of histograms by their count.
func (d *described) series() map[string]float64 {
	families, err := d.registry.Gather()
	d.Expect(err).NotTo(HaveOccurred())
	series := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			series[family.GetName()[len("cognigy_operator_"):]+labelsOf(metric)] = valueOf(metric)
		}
	}
	return series
}

func labelsOf(metric *dto.Metric) (text string) {
	for _, label := range metric.GetLabel() {
		text += fmt.Sprintf(" %s=%s", label.GetName(), label.GetValue())
	}
	return text
}

func valueOf(metric *dto.Metric) float64 {
	if histogram := metric.GetHistogram(); histogram != nil {
		return float64(histogram.GetSampleCount())
	}
	return metric.GetGauge().GetValue() + metric.GetCounter().GetValue()
}

// connectionTo returns a CognigyConnection of a namespace, or a ClusterCognigyConnection without one, that is ready.
func connectionTo(host, namespace, name string) v1alpha1.Connection {
	meta := metav1.ObjectMeta{Namespace: namespace, Name: name, Generation: 1}
	ready := []metav1.Condition{{Type: "Ready", Status: metav1.ConditionTrue, ObservedGeneration: 1}}
	if namespace == "" {
		made := &v1alpha1.ClusterCognigyConnection{ObjectMeta: meta}
		made.Spec.BaseURL, made.Status.Conditions = "https://"+host, ready
		return made
	}
	made := &v1alpha1.CognigyConnection{ObjectMeta: meta}
	made.Spec.BaseURL, made.Status.Conditions = "https://"+host, ready
	return made
}

// keyOf returns an EndpointAPIKey that is ready, changed by edits, of a CognigyConnection.
func keyOf(namespace, connection, name string, edits ...func(*v1alpha1.EndpointAPIKey)) *v1alpha1.EndpointAPIKey {
	key := &v1alpha1.EndpointAPIKey{ObjectMeta: metav1.ObjectMeta{
		Namespace: namespace, Name: name, CreationTimestamp: metav1.NewTime(now.Add(-2 * time.Hour)),
	}}
	key.Spec.ConnectionRef.Name = v1alpha1.ObjectName(connection)
	key.Status.Conditions = []metav1.Condition{{Type: "Ready", Status: metav1.ConditionTrue}}
	for _, edit := range edits {
		edit(key)
	}
	return key
}
