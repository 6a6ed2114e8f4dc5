// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// former is what a scope knows of the owners that the Secret had before.
type former struct {
	owners    []plan.Former
	elsewhere map[string]bool // the ids of the keys that Secrets of the namespace record which are not the resource's
}

// readFormers finds out which of the other owners that the record and the status name are former ones: those that do not live in
// this namespace. The caller has read the Secret before. With the cache as the reader, that is a hint: an owner that lives saves
// requests. Only a reader of the API server also tells which keys other Secrets record.
func (r *Reconciler) readFormers(ctx context.Context, s *scope, reader client.Reader) error {
	named := slices.Concat(delivery.FormerOwners(s.secret, s.key), s.key.Status.FormerOwnerUIDs)
	if len(named) == 0 && !s.deleted {
		s.setFormer(former{})
		return nil
	}
	existing, err := existingOwners(ctx, reader, s.key.Namespace)
	if err != nil {
		return err
	}
	found := former{}
	slices.Sort(named)
	for _, uid := range slices.Compact(named) {
		if uid != string(s.key.UID) && !existing[types.UID(uid)] {
			found.owners = append(found.owners, plan.Former{UID: uid, Markers: r.markers(s.key.Namespace, types.UID(uid))})
		}
	}
	// mutation: ignore-restored-owner
	gone := s.deleted // so that another resource may have been restored in its place, and have taken its keys over
	if reader == r.APIReader && (gone || len(found.owners) > 0) {
		found.elsewhere, err = r.recordedElsewhere(ctx, s)
	}
	s.setFormer(found)
	return err
}

func existingOwners(ctx context.Context, reader client.Reader, namespace string) (map[types.UID]bool, error) {
	existing := map[types.UID]bool{}
	keys := &v1alpha1.EndpointAPIKeyList{}
	err := reader.List(ctx, keys, client.InNamespace(namespace), client.UnsafeDisableDeepCopy) // nothing here changes them
	for i := range keys.Items {
		existing[keys.Items[i].UID] = true
	}
	return existing, err
}

// recordedElsewhere returns the ids of the keys that Secrets of the resource's namespace record which are not its own. That of a
// resource that is gone may be another one's by now.
func (r *Reconciler) recordedElsewhere(ctx context.Context, s *scope) (map[string]bool, error) {
	ids := map[string]bool{}
	secrets := corev1.SchemeGroupVersion.WithKind("SecretList")
	err := kube.EachMetadata(ctx, r.APIReader, secrets, func(secret *metav1.PartialObjectMetadata) {
		owner, current, retiring := delivery.RecordedKeys(secret.Annotations)
		if secret.Name == s.key.SecretName().Name && (!s.deleted || owner == string(s.key.UID)) {
			return
		}
		ids[current.KeyID] = true
		if !s.deleted { // two resources may have taken over the same replaced key: each of them revokes it
			return
		}
		for _, replaced := range retiring {
			ids[replaced.KeyID] = true
		}
	}, client.InNamespace(s.key.Namespace), client.MatchingLabels{v1alpha1.SecretTypeLabel: v1alpha1.SecretTypeAPIKey})
	return ids, err
}
