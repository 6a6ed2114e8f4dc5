// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package protection

import (
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
	"github.com/cognigy-operator/cognigy-operator/internal/tracing"
)

// longestRetry is short, because an issuance may wait for the finalizer.
const longestRetry = 30 * time.Second

// everyKind is both kinds of connections, whichever this installation serves.
var everyKind = []connection.Kind{connection.Namespaced, connection.Cluster}

// Credentials labels the Secrets that connections name, so that the operator notices their changes at once, and keeps
// them by a finalizer while a connection that is in use needs them. It changes nothing but their metadata.
type Credentials struct {
	// Client reads connections from the cache, and Secrets from the API server.
	client.Client
	// APIReader reads everything from the API server.
	APIReader   client.Reader
	Connections *connection.Resolver
	// Kinds are the kinds of connections that this installation serves.
	Kinds  []connection.Kind
	Events events.EventRecorder
	Clock  clock.PassiveClock
	Traces *tracing.Traces
}

// credentialsController is the name of the controller.
const credentialsController = "credentials"

// SetupWithManager registers the reconciler and what it watches.
func (r *Credentials) SetupWithManager(mgr ctrl.Manager) error {
	changed := builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, kube.InUseChanged))
	made := ctrl.NewControllerManagedBy(mgr).Named(credentialsController).
		For(&corev1.Secret{}, builder.OnlyMetadata, builder.WithPredicates(predicate.NewPredicateFuncs(isCredentials)))
	for _, kind := range r.Kinds {
		made.Watches(kind.New(), handler.EnqueueRequestsFromMapFunc(r.requestsOf), changed)
	}
	return made.
		WithOptions(controller.Options{MaxConcurrentReconciles: kube.Workers, RateLimiter: kube.Backoff(kube.ShortestRetry, longestRetry)}).
		Complete(r.Traces.Reconciler(&corev1.Secret{}, credentialsController, r))
}

func isCredentials(secret client.Object) bool {
	return secret.GetLabels()[v1alpha1.SecretTypeLabel] == v1alpha1.SecretTypeCredentials
}

// requestsOf returns the Secrets of a connection. Updates bring the old connection, too, so that a Secret is released that
// the new one does not name any more.
func (r *Credentials) requestsOf(_ context.Context, object client.Object) (requests []reconcile.Request) {
	for _, name := range r.Connections.SecretNames(object.(v1alpha1.Connection)) {
		requests = append(requests, reconcile.Request{NamespacedName: name})
	}
	return requests
}

// Reconcile adds label and finalizer to a Secret, or removes the finalizer.
func (r *Credentials) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	use, err := r.use(ctx, r, r.Kinds, request, client.MatchingFields{connection.IndexSecret: request.String()})
	if err != nil {
		return ctrl.Result{}, err
	}
	secret := kube.SecretMetadata()
	if err := r.Get(ctx, request.NamespacedName, secret); err != nil {
		if apierrors.IsNotFound(err) && len(use.by) > 0 {
			return after(connection.CredentialsInterval, r.reportTerminating(ctx, nil, use))
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	// A stale cache must not release what a connection needs, and an installation not what only another one serves.
	// mutation: release-credentials-by-cache
	if !use.needed && controllerutil.ContainsFinalizer(secret, v1alpha1.InUseFinalizer) {
		live, err := r.use(ctx, r.APIReader, everyKind, request, client.InNamespace(request.Namespace))
		if err != nil || live.needed {
			return ctrl.Result{}, err // the cache's event follows
		}
	}
	if secret, err = kube.Patch(ctx, r.Client, secret, use.apply); err != nil {
		return kube.Written(err)
	}
	err = r.reportTerminating(ctx, secret, use)
	if isKept(secret) { // the report names dependents, of which others may be deleted
		return after(longestRetry, err)
	}
	return kube.Written(err)
}

// after reconciles again after a wait, or soon if the last write failed.
func after(wait time.Duration, err error) (ctrl.Result, error) {
	if err != nil {
		return kube.Written(err)
	}
	return kube.After(wait)
}

// use is what connections want of a Secret.
type use struct {
	by     []v1alpha1.Connection // those that name it
	needed bool                  // one of them is in use
}

// apply changes the metadata of a Secret according to its use.
func (u use) apply(secret *metav1.PartialObjectMetadata) {
	if len(u.by) > 0 && !isWatched(secret) {
		metav1.SetMetaDataLabel(&secret.ObjectMeta, v1alpha1.SecretTypeLabel, v1alpha1.SecretTypeCredentials)
	}
	switch {
	case !u.needed:
		controllerutil.RemoveFinalizer(secret, v1alpha1.InUseFinalizer)
	case secret.DeletionTimestamp.IsZero(): // Kubernetes accepts no new finalizer after that
		controllerutil.AddFinalizer(secret, v1alpha1.InUseFinalizer)
	}
}

// isWatched reports whether the cache shows a Secret: it holds those with one of two labels. The one of a delivered Secret is not
// replaced, since the controller of EndpointAPIKeys would put it back.
func isWatched(secret client.Object) bool {
	return isCredentials(secret) || secret.GetLabels()[v1alpha1.SecretTypeLabel] == v1alpha1.SecretTypeAPIKey
}

// use returns what the selected connections of some kinds want of a Secret.
func (r *Credentials) use(
	ctx context.Context, reader client.Reader, kinds []connection.Kind, request ctrl.Request, selection client.ListOption,
) (use, error) {
	var found use
	for _, kind := range kinds {
		connections := kind.NewList()
		err := reader.List(ctx, connections, selection)
		if r.Connections.NamespacedOnly && connection.IsCluster(kind.New()) && apierrors.IsForbidden(err) {
			continue // an installation that is limited to namespaces watches none with credentials of that kind
		}
		if err != nil {
			return use{}, err
		}
		_ = meta.EachListItem(connections, func(item runtime.Object) error {
			if each := item.(v1alpha1.Connection); slices.Contains(r.Connections.SecretNames(each), request.NamespacedName) {
				found.by = append(found.by, each)
				found.needed = found.needed || controllerutil.ContainsFinalizer(each, v1alpha1.InUseFinalizer)
			}
			return nil
		})
	}
	return found, nil
}
