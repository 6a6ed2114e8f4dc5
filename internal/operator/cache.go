// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
	"github.com/cognigy-operator/cognigy-operator/internal/options"
)

// CacheOptions have the cache hold what the controllers read there, and no more: anyone who may create an object in a namespace decides
// what else it carries. Of Secrets these are only ours. Since the controllers watch their metadata, the cache holds no data of them.
func CacheOptions(options *options.Options) cache.Options {
	ours, err := labels.NewRequirement(v1alpha1.SecretTypeLabel, selection.In, []string{
		v1alpha1.SecretTypeAPIKey, v1alpha1.SecretTypeCredentials,
	})
	if err != nil {
		panic(err) // a constant is malformed
	}
	secrets := cache.ByObject{Label: labels.NewSelector().Add(*ours), Transform: slimSecret}
	caches := cache.Options{DefaultTransform: slim}
	if len(options.WatchNamespaces) > 0 {
		caches.DefaultNamespaces = map[string]cache.Config{}
		secrets.Namespaces = map[string]cache.Config{}
		if options.ClusterConnections { // whose credentials are in the operator's own namespace
			secrets.Namespaces[options.Namespace] = cache.Config{}
		}
		for _, namespace := range options.WatchNamespaces {
			caches.DefaultNamespaces[namespace] = cache.Config{}
			secrets.Namespaces[namespace] = cache.Config{}
		}
	}
	caches.ByObject = map[client.Object]cache.ByObject{&corev1.Secret{}: secrets}
	return caches
}

// slim drops managed fields from an object's metadata, and the annotations but those by which users request something. Patches of what was read
// from the cache do not touch them, since they are made of the difference to what was read. It changes nothing twice: client-go may pass
// an object that others read already.
func slim(object any) (any, error) {
	metadata, err := meta.Accessor(object)
	if err != nil {
		return object, nil //nolint:nilerr // client-go's note of a deletion that the watch missed
	}
	if len(metadata.GetManagedFields()) > 0 {
		metadata.SetManagedFields(nil)
	}
	if wanted := kube.Requests(metadata); !equality.Semantic.DeepEqual(metadata.GetAnnotations(), wanted) {
		metadata.SetAnnotations(wanted)
	}
	return object, nil
}

// slimSecret keeps of a Secret what tells it and its versions apart, its type, and whether it is protected. Annotations, the record
// among them, are read from the API server.
func slimSecret(object any) (any, error) {
	secret, ok := object.(*metav1.PartialObjectMetadata)
	if !ok {
		return object, nil
	}
	wanted := metav1.ObjectMeta{
		Namespace: secret.Namespace, Name: secret.Name, UID: secret.UID, ResourceVersion: secret.ResourceVersion,
		CreationTimestamp: secret.CreationTimestamp, DeletionTimestamp: secret.DeletionTimestamp,
		Labels: only(secret.Labels, v1alpha1.SecretTypeLabel),
	}
	if slices.Contains(secret.Finalizers, v1alpha1.InUseFinalizer) {
		wanted.Finalizers = []string{v1alpha1.InUseFinalizer}
	}
	// mutation: cache-whole-metadata
	if !equality.Semantic.DeepEqual(secret.ObjectMeta, wanted) {
		secret.ObjectMeta = wanted
	}
	return secret, nil
}

// only returns one entry of a map, or nil if the map lacks it.
func only(all map[string]string, key string) map[string]string {
	if value, ok := all[key]; ok {
		return map[string]string{key: value}
	}
	return nil
}
