// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"

	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// fleet is a number of keys in fifty namespaces, each with a connection.
func fleet(t *testing.T, keys int) *described {
	t.Helper()
	var connections []v1alpha1.Connection
	for i := range 50 {
		connections = append(connections, connectionTo("x.example", fmt.Sprintf("n%d", i), "crm"))
	}
	d := of(t, connections)
	for i := range keys {
		d.objects.Keys = append(d.objects.Keys, *keyOf(fmt.Sprintf("n%d", i%50), "crm", fmt.Sprint(i)))
	}
	return d
}

// scrape returns how many bytes a scrape has.
func (d *described) scrape() int {
	answer := httptest.NewRecorder()
	promhttp.HandlerFor(d.registry, promhttp.HandlerOpts{}).ServeHTTP(answer, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/metrics", nil))
	return answer.Body.Len()
}

// Keys are only counted: a scrape of 5,000 makes hardly more allocations, and no more text, than one of 500.
func TestCost(t *testing.T) {
	g := NewWithT(t)
	some, many := fleet(t, 500), fleet(t, 5000)
	g.Expect(many.scrape()).To(BeNumerically("~", some.scrape(), 100))
	few, lots := testing.AllocsPerRun(5, func() { some.scrape() }), testing.AllocsPerRun(5, func() { many.scrape() })
	t.Logf("allocations of a scrape: %.0f with 500 keys, %.0f with 5,000", few, lots)
	g.Expect(lots - few).To(BeNumerically("<", 100))
	g.Expect(int(reflect.TypeFor[v1alpha1.EndpointAPIKey]().Size())).To(BeNumerically("<", 1<<10), "what a list of the cache copies of a key")
}

func BenchmarkScrape(b *testing.B) {
	for _, keys := range []int{500, 5000} {
		b.Run(fmt.Sprint(keys), func(b *testing.B) {
			d := fleet(&testing.T{}, keys)
			b.ReportAllocs()
			for b.Loop() {
				d.scrape()
			}
		})
	}
}
