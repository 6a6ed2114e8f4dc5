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
	elsewhere map[string]bool // the ids of the keys that other Secrets of the namespace record
}

// readFormers finds out which of the other owners that the record and the status name are former ones: those that do not live in
// this namespace. The caller has read the Secret before. With the cache as the reader, that is a hint: an owner that lives saves
// requests. Only a reader of the API server also tells which keys other Secrets record.
func (r *Reconciler) readFormers(ctx context.Context, s *scope, reader client.Reader) error {
	named := slices.Concat(delivery.FormerOwners(s.secret, s.key), s.key.Status.FormerOwnerUIDs)
	if len(named) == 0 {
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
	if reader == r.APIReader && len(found.owners) > 0 {
		found.elsewhere, err = r.recordedElsewhere(ctx, s.key)
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

// recordedElsewhere returns the ids of the keys that the other Secrets of the resource's namespace record.
func (r *Reconciler) recordedElsewhere(ctx context.Context, key *v1alpha1.EndpointAPIKey) (map[string]bool, error) {
	ids := map[string]bool{}
	secrets := corev1.SchemeGroupVersion.WithKind("SecretList")
	err := kube.EachMetadata(ctx, r.APIReader, secrets, func(secret *metav1.PartialObjectMetadata) {
		if secret.Name != key.SecretName().Name {
			ids[secret.Annotations[v1alpha1.KeyIDAnnotation]] = true
		}
	}, client.InNamespace(key.Namespace), client.MatchingLabels{v1alpha1.SecretTypeLabel: v1alpha1.SecretTypeAPIKey})
	return ids, err
}
