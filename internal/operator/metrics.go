// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/metrics"
	"github.com/cognigy-operator/cognigy-operator/internal/options"
)

func metricsOptions(options *options.Options) metricsserver.Options {
	return metricsserver.Options{
		BindAddress: options.MetricsAddress, SecureServing: true, FilterProvider: filters.WithAuthenticationAndAuthorization,
	}
}

// serveMetrics adds metrics to those that controller-runtime serves, which has one registry for the process. Without metrics it adds none:
// tests run several operators in a process.
func serveMetrics(options *options.Options, told *metrics.Metrics) (unregister func(), err error) {
	if options.MetricsAddress == "0" {
		return func() {}, nil
	}
	return func() { ctrlmetrics.Registry.Unregister(told) }, ctrlmetrics.Registry.Register(told)
}

// source is what metrics are computed from.
func (s shared) source() metrics.Source {
	return metrics.Source{
		Elected: s.mgr.Elected(), Objects: s.objects, CredentialsChangedAt: s.connections.CredentialsChangedAt,
		Hosts: s.connections.Hosts, Now: s.clock.Now,
	}
}

// objects reads from the cache what metrics describe. It copies no more of an object than its outermost struct: a scrape of thousands
// takes milliseconds.
func (s shared) objects(ctx context.Context) (metrics.Objects, error) {
	var found metrics.Objects
	for _, kind := range s.kinds() {
		list := kind.NewList()
		if err := s.mgr.GetCache().List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
			return found, err
		}
		err := meta.EachListItem(list, func(item runtime.Object) error {
			found.Connections = append(found.Connections, item.(v1alpha1.Connection))
			return nil
		})
		if err != nil {
			return found, err
		}
	}
	if !s.keysServed {
		return found, nil
	}
	keys := &v1alpha1.EndpointAPIKeyList{}
	err := s.mgr.GetCache().List(ctx, keys, client.UnsafeDisableDeepCopy)
	found.Keys = keys.Items
	return found, err
}
