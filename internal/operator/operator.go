// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package operator assembles the process: caches, controllers, leader election, health and metrics.
package operator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/audit"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
	"github.com/cognigy-operator/cognigy-operator/internal/metrics"
	"github.com/cognigy-operator/cognigy-operator/internal/options"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
	"github.com/cognigy-operator/cognigy-operator/internal/tracing"
)

// shutdownTimeout lets a running issuance end: it exceeds the longest requestTimeout plus deliveryTimeout of a connection, five
// minutes each. Everything else ends at once. The Deployment's termination grace period is longer still.
const shutdownTimeout = 10*time.Minute + 30*time.Second

// Run runs the operator until the context ends, or until the process loses leadership.
func Run(ctx context.Context, config *rest.Config, options *options.Options, version string) (err error) {
	trail, err := audit.Open(options.AuditLog, clock.RealClock{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, trail.Close()) }()
	cluster, err := identify(ctx, config, options.ClusterID)
	switch {
	case ctx.Err() != nil: // it was told to end before the API server answered
		return nil
	case err != nil:
		return err
	}
	traces := tracing.Start(ctx, version)
	defer traces.Stop()
	announce(ctx, options, plan.Identity{Cluster: cluster})
	reviews, err := accessReviews(config)
	if err != nil {
		return err
	}
	asking, stopAsking := context.WithCancel(ctx)
	var asked sync.WaitGroup
	asked.Go(func() { logPermissions(asking, reviews, options) })
	defer asked.Wait()
	defer stopAsking()
	told := metrics.New(version)
	unregister, err := serveMetrics(options, told)
	if err != nil {
		return err
	}
	defer unregister()
	base := shared{
		options: options, identity: plan.Identity{Cluster: cluster, Former: options.FormerClusterIDs}, clock: clock.RealClock{},
		audit: trail, metrics: told, traces: traces, reviews: reviews,
	}
	for {
		if err = base.start(ctx, config, version); !errors.Is(err, errIsThere) {
			return err
		}
	}
}

// announce logs what a person wants to know first of an operator that does not do what they expect.
func announce(ctx context.Context, options *options.Options, identity plan.Identity) {
	watched := options.WatchNamespaces
	if len(watched) == 0 {
		watched = []string{"all"}
	}
	logf.FromContext(ctx).Info("working", "namespaces", watched, "clusterConnections", options.ClusterConnections,
		"namespace", options.Namespace, "leaderElection", options.LeaderElect, "allowedHosts", options.AllowedHosts,
		"identity", identity.Cluster, "formerIdentities", options.FormerClusterIDs, "marker", identity.Prefix())
}

// start runs the operator for the kinds that the API server serves now, in the namespaces that it may watch now.
func (s shared) start(ctx context.Context, config *rest.Config, version string) error {
	runnables := s.limitToPermitted(ctx)
	userAgent := delivery.FieldManager + "/" + version
	mgr, err := newManager(config, s.options, userAgent)
	if err != nil {
		return err
	}
	hosts := ratelimit.NewHosts(s.options.HostRateLimits)
	hosts.Observer = s.metrics
	s.mgr, s.events = mgr, mgr.GetEventRecorder(delivery.FieldManager)
	s.connections = &connection.Resolver{
		Client: mgr.GetClient(), APIReader: mgr.GetAPIReader(), Namespace: s.options.Namespace, SuperKeyInterval: s.options.SuperKeyInterval,
		NamespacedOnly: !s.options.ClusterConnections, UserAgent: userAgent, Clock: s.clock,
		Hosts: hosts, Observer: s.traces.Observer(s.metrics), AllowedHosts: s.options.AllowedHosts,
	}
	s.keysServed = !kube.IsNotServed(listKeys(ctx, mgr.GetAPIReader()))
	if err := s.addControllers(); err != nil {
		return err
	}
	compared, err := newDefinitions(mgr.GetConfig(), version)
	if err != nil {
		return err
	}
	for _, each := range append(runnables, compared) {
		if err := mgr.Add(each); err != nil {
			return err
		}
	}
	defer s.metrics.Follow(s.source())()
	return run(ctx, mgr)
}

func newManager(config *rest.Config, options *options.Options, userAgent string) (manager.Manager, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	config = rest.CopyConfig(config)
	// mutation: log-warnings
	config.WarningHandler = rest.NoWarnings{} // warnings of admission quote objects, and so perhaps Secrets
	config.QPS = -1                           // the API server's priority and fairness limits the rate
	config.UserAgent = userAgent              // becomes the field manager of Events
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                        scheme,
		Cache:                         CacheOptions(options),
		Client:                        clientOptions(),
		Controller:                    controllerOptions(),
		Metrics:                       metricsOptions(options),
		HealthProbeBindAddress:        options.ProbeAddress,
		LeaderElection:                options.LeaderElect,
		LeaderElectionID:              "cognigy-operator.io",
		LeaderElectionNamespace:       options.Namespace,
		LeaderElectionReleaseOnCancel: true,
		GracefulShutdownTimeout:       new(shutdownTimeout),
	})
	if err != nil {
		return nil, err
	}
	if err := mgr.AddHealthzCheck("healthz", healthz.Ping); err != nil {
		return nil, err
	}
	return mgr, mgr.AddReadyzCheck("caches", synced(mgr.GetCache()))
}

// clientOptions has the client read Secrets from the API server, and gives every write one field manager.
func clientOptions() client.Options {
	return client.Options{
		Cache:      &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}}},
		FieldOwner: delivery.FieldManager,
	}
}

// controllerOptions let a process run the operator more than once, as tests do: it uses the controllers' names again.
func controllerOptions() config.Controller {
	return config.Controller{SkipNameValidation: new(true)}
}

func clientgoscheme(s *runtime.Scheme) error { return scheme.AddToScheme(s) }

// synced is ready when the caches are: a standby replica is ready to take over.
func synced(caches cache.Cache) healthz.Checker {
	return func(request *http.Request) error {
		ctx, cancel := context.WithTimeout(request.Context(), time.Second)
		defer cancel()
		if !caches.WaitForCacheSync(ctx) {
			return fmt.Errorf("the caches have not synced yet")
		}
		return nil
	}
}
