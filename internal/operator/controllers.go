// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	authorization "k8s.io/client-go/kubernetes/typed/authorization/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/audit"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	connectioncontroller "github.com/cognigy-operator/cognigy-operator/internal/controller/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/controller/endpointapikey"
	"github.com/cognigy-operator/cognigy-operator/internal/controller/orphan"
	"github.com/cognigy-operator/cognigy-operator/internal/controller/protection"
	"github.com/cognigy-operator/cognigy-operator/internal/metrics"
	"github.com/cognigy-operator/cognigy-operator/internal/options"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/internal/tracing"
)

// shared is what the controllers have in common.
type shared struct {
	mgr         manager.Manager
	options     *options.Options
	identity    plan.Identity
	clock       clock.PassiveClock
	events      events.EventRecorder
	audit       *audit.Trail
	connections *connection.Resolver
	metrics     *metrics.Metrics
	traces      *tracing.Traces // nil unless the environment asks for them
	reviews     authorization.AuthorizationV1Interface
	// keysServed is whether the API server serves EndpointAPIKeys.
	keysServed bool
}

type controller interface {
	SetupWithManager(mgr manager.Manager) error
}

// addControllers adds the controllers to the manager. Without EndpointAPIKeys, the operator still reports on connections, and releases
// those that are being deleted.
func (s shared) addControllers() error {
	namespaced, cluster := s.connectionController(connection.Namespaced), s.connectionController(connection.Cluster)
	kinds, controllers := s.kinds(), []controller{namespaced}
	if len(kinds) > 1 {
		controllers = append(controllers, cluster)
	}
	controllers = append(controllers, s.protection(kinds)...)
	if s.keysServed {
		controllers = append(controllers, s.keyController(namespaced, cluster))
		for _, kind := range kinds {
			controllers = append(controllers, s.orphanController(kind))
		}
	} else if err := s.mgr.Add(keysAwaited(s.mgr.GetAPIReader())); err != nil {
		return err
	}
	for _, each := range controllers {
		if err := each.SetupWithManager(s.mgr); err != nil {
			return err
		}
	}
	return nil
}

// kinds are the kinds of connections that this installation serves.
func (s shared) kinds() []connection.Kind {
	// mutation: serve-cluster-connections
	if s.options.ClusterConnections {
		return []connection.Kind{connection.Namespaced, connection.Cluster}
	}
	return []connection.Kind{connection.Namespaced}
}

// protection returns the controllers of finalizers on connections and credentials.
func (s shared) protection(kinds []connection.Kind) []controller {
	live := &protection.Reader{Reader: s.mgr.GetAPIReader(), Clock: s.clock}
	controllers := []controller{&protection.Credentials{
		Client: s.mgr.GetClient(), APIReader: live, Connections: s.connections, Kinds: kinds, Events: s.events, Clock: s.clock,
		Traces: s.traces,
	}}
	for _, kind := range kinds {
		controllers = append(controllers, &protection.Connections{
			Client: s.mgr.GetClient(), APIReader: live, Clock: s.clock, Kind: kind, KeysServed: s.keysServed,
			Traces: s.traces,
		})
	}
	return controllers
}

func (s shared) keyController(namespaced, cluster *connectioncontroller.Reconciler) controller {
	return &endpointapikey.Reconciler{
		Client: s.mgr.GetClient(), APIReader: s.mgr.GetAPIReader(), Cache: s.mgr.GetCache(), Connections: s.connections,
		Events: s.events, Audit: s.audit, Metrics: s.metrics, Traces: s.traces, Clock: s.clock, Identity: s.identity,
		DriftInterval: s.options.DriftInterval, ListLag: s.options.ListLag,
		Probe: func(found v1alpha1.Connection) {
			if connection.IsCluster(found) {
				cluster.RequestProbe(found)
			} else {
				namespaced.RequestProbe(found)
			}
		},
	}
}

func (s shared) orphanController(kind connection.Kind) controller {
	return &orphan.Reconciler{
		Client: s.mgr.GetClient(), APIReader: s.mgr.GetAPIReader(), Kind: kind, Connections: s.connections, Events: s.events,
		Audit: s.audit, Metrics: s.metrics, Traces: s.traces, Clock: s.clock, Identity: s.identity, DriftInterval: s.options.DriftInterval,
	}
}

func (s shared) connectionController(kind connection.Kind) *connectioncontroller.Reconciler {
	return &connectioncontroller.Reconciler{
		Client: s.mgr.GetClient(), Kind: kind, Connections: s.connections, Events: s.events, Traces: s.traces, Clock: s.clock,
		ProbeInterval: s.options.DriftInterval,
	}
}
