// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package orphan

import (
	"context"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// verify sorts out which suspects are orphans. It reads from the API server what plan.Orphans asks for, in that order.
func (r *Reconciler) verify(ctx context.Context, s *scanned) error {
	if len(s.suspects) == 0 {
		return nil
	}
	var owners []plan.Owner
	existing := map[string]bool{}
	resources := v1alpha1.GroupVersion.WithKind("EndpointAPIKeyList")
	err := kube.EachMetadata(ctx, r.APIReader, resources, func(resource *metav1.PartialObjectMetadata) {
		owners = append(owners, plan.Owner{Namespace: resource.Namespace, UID: string(resource.UID)})
		existing[string(resource.UID)] = true
	})
	if err != nil {
		return err
	}
	recorded := plan.RecordedKeys{}
	secrets := corev1.SchemeGroupVersion.WithKind("SecretList")
	err = kube.EachMetadata(ctx, r.APIReader, secrets, func(secret *metav1.PartialObjectMetadata) {
		owner, current, retiring := delivery.RecordedKeys(secret.Annotations)
		keys := []delivery.Recorded{current}
		if existing[owner] { // which revokes the keys that it replaced
			keys = append(keys, retiring...)
		}
		for _, key := range keys {
			recorded.Add(r.Identity, plan.Owner{Namespace: secret.Namespace, UID: key.UID}, key.KeyID)
		}
	}, client.MatchingLabels{v1alpha1.SecretTypeLabel: v1alpha1.SecretTypeAPIKey})
	if err != nil {
		return err
	}
	markers := plan.NewExistingOwners(r.Identity, owners)
	s.noteStandingsOf(s.suspects, markers, recorded)
	s.orphans = append(s.orphans, plan.Orphans(s.suspects, markers, recorded)...)
	slices.SortStableFunc(s.orphans, s.asked.first)
	s.orphans, s.suspects = s.orphans[:min(len(s.orphans), maxOrphans)], nil
	return nil
}

// confirm lists the keys of the orphans' Endpoints once more: a resource that was deleted since the first list has revoked its
// keys before it was gone.
func (r *Reconciler) confirm(ctx context.Context, s *scanned) error {
	endpoints, orphaned := map[string]bool{}, map[string]bool{}
	for _, orphan := range s.orphans {
		endpoints[orphan.EndpointID], orphaned[orphan.ID] = true, true
	}
	var confirmed []plan.MarkedKey
	for _, endpointID := range slices.Sorted(maps.Keys(endpoints)) {
		keys, err := r.keys(ctx, s, endpointID, r.Clock.Now(), func(key plan.Key) bool { return orphaned[key.ID] })
		if isHidden(err) {
			continue
		}
		if err != nil {
			return err
		}
		listed, _ := plan.Compare(s.orphans, plan.MarkedKeys(r.Identity, endpointID, keys))
		confirmed = append(confirmed, listed...)
	}
	for _, gone := range plan.Without(s.orphans, confirmed) {
		delete(s.standings, gone.ID)
	}
	s.orphans = confirmed
	return nil
}
