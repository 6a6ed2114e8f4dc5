// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	connectioncontroller "github.com/cognigy-operator/cognigy-operator/internal/controller/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/controller/endpointapikey"
	"github.com/cognigy-operator/cognigy-operator/internal/controller/orphan"
	"github.com/cognigy-operator/cognigy-operator/internal/controller/protection"
	"github.com/cognigy-operator/cognigy-operator/internal/options"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// shared is what the controllers have in common.
type shared struct {
	mgr         manager.Manager
	options     *options.Options
	identity    plan.Identity
	clock       clock.PassiveClock
	events      events.EventRecorder
	connections *connection.Resolver
}

// addControllers adds the controllers to the manager.
func (s shared) addControllers() error {
	namespaced, cluster := s.connectionController(connection.Namespaced), s.connectionController(connection.Cluster)
	kinds, controllers := []connection.Kind{connection.Namespaced}, []interface{ SetupWithManager(manager.Manager) error }{namespaced}
	// mutation: serve-cluster-connections
	if s.options.ClusterConnections {
		kinds, controllers = append(kinds, connection.Cluster), append(controllers, cluster)
	}
	controllers = append(controllers,
		&endpointapikey.Reconciler{
			Client: s.mgr.GetClient(), APIReader: s.mgr.GetAPIReader(), Cache: s.mgr.GetCache(), Connections: s.connections,
			Events: s.events, Clock: s.clock, Identity: s.identity, DriftInterval: s.options.DriftInterval, ListLag: s.options.ListLag,
			Probe: func(found v1alpha1.Connection) {
				if connection.IsCluster(found) {
					cluster.RequestProbe(found)
				} else {
					namespaced.RequestProbe(found)
				}
			},
		},
		&protection.Credentials{
			Client: s.mgr.GetClient(), APIReader: s.mgr.GetAPIReader(), Connections: s.connections, Kinds: kinds, Events: s.events,
			Clock: s.clock,
		},
	)
	for _, kind := range kinds {
		controllers = append(controllers,
			&protection.Connections{Client: s.mgr.GetClient(), APIReader: s.mgr.GetAPIReader(), Clock: s.clock, Kind: kind},
			&orphan.Reconciler{
				Client: s.mgr.GetClient(), APIReader: s.mgr.GetAPIReader(), Kind: kind, Connections: s.connections, Events: s.events,
				Clock: s.clock, Identity: s.identity, DriftInterval: s.options.DriftInterval,
			})
	}
	for _, controller := range controllers {
		if err := controller.SetupWithManager(s.mgr); err != nil {
			return err
		}
	}
	return nil
}

func (s shared) connectionController(kind connection.Kind) *connectioncontroller.Reconciler {
	return &connectioncontroller.Reconciler{
		Client: s.mgr.GetClient(), Kind: kind, Connections: s.connections, Events: s.events, Clock: s.clock,
		ProbeInterval: s.options.DriftInterval,
	}
}
