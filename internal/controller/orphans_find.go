// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// pageOfObjects is how many objects the API server is asked for at once.
const pageOfObjects = 500

// search is one sweep while it looks for orphans.
type search struct {
	found  v1alpha1.Connection
	link   *connection.Link
	living plan.ExistingOwners // the resources that the cache shows: who lived before the sweep needs no proof after it
	// referred are the Endpoints of the connection's own resources.
	referred map[string]bool
	suspects []plan.MarkedKey
	orphans  []plan.MarkedKey
}

// find returns the orphans on all Endpoints that the connection's user sees, maxOrphans at most.
func (r *OrphanReconciler) find(ctx context.Context, found v1alpha1.Connection, link *connection.Link) ([]plan.MarkedKey, error) {
	s := &search{found: found, link: link, referred: map[string]bool{}}
	if err := r.lookAround(ctx, s); err != nil {
		return nil, err
	}
	endpoints, err := link.ListEndpoints(ctx, func(request func() error) error { return r.send(ctx, found, link, request) })
	if cognigy.IsKind(err, cognigy.Invalid) || hidden(err) { // what a probe does not mind either
		endpoints, err = slices.Sorted(maps.Keys(s.referred)), nil
	}
	if err != nil {
		return nil, err
	}
	for _, endpointID := range endpoints {
		keys, err := r.keys(ctx, s, endpointID, r.Clock.Now().Add(-r.DriftInterval))
		if hidden(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		s.suspects = append(s.suspects, plan.Orphans(plan.MarkedKeys(r.Cluster, endpointID, keys), s.living, nil)...)
		if len(s.suspects) < maxOrphans {
			continue
		}
		if err := r.prove(ctx, s); err != nil {
			return nil, err
		}
		if len(s.orphans) == maxOrphans {
			break
		}
	}
	if err := r.prove(ctx, s); err != nil {
		return nil, err
	}
	return r.confirm(ctx, s)
}

// hidden tells whether Cognigy says that something is not there, or not for this user.
func hidden(err error) bool {
	return cognigy.IsKind(err, cognigy.NotFound) || cognigy.IsKind(err, cognigy.Forbidden)
}

// lookAround learns from the cache what spares questions later.
func (r *OrphanReconciler) lookAround(ctx context.Context, s *search) error {
	resources := &v1alpha1.EndpointAPIKeyList{}
	if err := r.List(ctx, resources, client.UnsafeDisableDeepCopy); err != nil { // they are only read
		return err
	}
	var uids []string
	for i := range resources.Items {
		resource := &resources.Items[i]
		uids = append(uids, string(resource.UID))
		if !refersTo(resource, s.found) {
			continue
		}
		// Whose namespace may not use the connection may not have it ask for Endpoints either.
		if _, err := r.Connections.Find(ctx, resource); err == nil {
			s.referred[resource.Spec.Endpoint.ID] = true
		} else if problemOf(err) == nil {
			return err
		}
	}
	s.living = plan.NewExistingOwners(r.Cluster, uids)
	return nil
}

// keys lists the keys of an Endpoint. Where resources of the connection look anyway, a list is shared with them. No other list is
// kept: whoever answers for Cognigy decides how many there are, and how long.
func (r *OrphanReconciler) keys(ctx context.Context, s *search, endpointID string, notBefore time.Time) (keys []plan.Key, err error) {
	err = r.send(ctx, s.found, s.link, func() error {
		if s.referred[endpointID] {
			listing, err := s.link.List(ctx, endpointID, notBefore, r.Clock.Now)
			if err == nil {
				keys = listing.Keys
			}
			return err
		}
		listed, err := s.link.ListKeys(ctx, endpointID)
		for _, key := range listed {
			keys = append(keys, plan.Key(key))
		}
		return err
	})
	return keys, err
}

// send waits until it is the connection's turn to send a request, and sends it. Where that takes long, the sweep gives up its
// worker and begins again later.
func (r *OrphanReconciler) send(ctx context.Context, found v1alpha1.Connection, link *connection.Link, request func() error) error {
	for wait := r.turn(found, link); wait > 0; wait = r.turn(found, link) {
		if wait > r.DriftInterval {
			return &notYet{wait: wait}
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	sent := r.Clock.Now()
	err := request()
	link.Learn(err, sent, r.Clock.Now())
	return err
}

func (r *OrphanReconciler) turn(found v1alpha1.Connection, link *connection.Link) time.Duration {
	return link.Turn(found.GetUID(), 1, r.Clock.Now())
}

// prove makes orphans of the suspects that are some. It reads from the API server what plan.Orphans asks for, in that order.
func (r *OrphanReconciler) prove(ctx context.Context, s *search) error {
	if len(s.suspects) == 0 {
		return nil
	}
	var uids []string
	err := r.each(ctx, v1alpha1.GroupVersion.WithKind("EndpointAPIKeyList"), func(resource *metav1.PartialObjectMetadata) {
		uids = append(uids, string(resource.UID))
	})
	if err != nil {
		return err
	}
	recorded := map[string]bool{}
	err = r.each(ctx, corev1.SchemeGroupVersion.WithKind("SecretList"), func(secret *metav1.PartialObjectMetadata) {
		recorded[secret.Annotations[v1alpha1.KeyIDAnnotation]] = true
	}, client.HasLabels{v1alpha1.SecretTypeLabel})
	if err != nil {
		return err
	}
	s.orphans = append(s.orphans, plan.Orphans(s.suspects, plan.NewExistingOwners(r.Cluster, uids), recorded)...)
	s.orphans, s.suspects = s.orphans[:min(len(s.orphans), maxOrphans)], nil
	return nil
}

// confirm lists the keys of orphans once more: a resource that was deleted since the first list has revoked its keys before it
// was gone.
func (r *OrphanReconciler) confirm(ctx context.Context, s *search) ([]plan.MarkedKey, error) {
	endpoints := map[string]bool{}
	for _, orphan := range s.orphans {
		endpoints[orphan.EndpointID] = true
	}
	var confirmed []plan.MarkedKey
	for _, endpointID := range slices.Sorted(maps.Keys(endpoints)) {
		keys, err := r.keys(ctx, s, endpointID, r.Clock.Now())
		if hidden(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		listed, _ := plan.Compare(s.orphans, plan.MarkedKeys(r.Cluster, endpointID, keys))
		confirmed = append(confirmed, listed...)
	}
	return confirmed, nil
}

// each calls do with the metadata of all objects of a kind, as the API server has them now.
func (r *OrphanReconciler) each(ctx context.Context, kind schema.GroupVersionKind, do func(*metav1.PartialObjectMetadata), which ...client.ListOption) error {
	next := ""
	for {
		page := &metav1.PartialObjectMetadataList{}
		page.SetGroupVersionKind(kind)
		if err := r.Live.List(ctx, page, append(which, client.Limit(pageOfObjects), client.Continue(next))...); err != nil {
			return err
		}
		for i := range page.Items {
			do(&page.Items[i])
		}
		if next = page.Continue; next == "" {
			return nil
		}
	}
}
