// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
)

// secretList is a list of Secrets, of which the plugin reads the metadata.
var secretList = corev1.SchemeGroupVersion.WithKind("SecretList")

// metadataOnly is an object without its data.
type metadataOnly = metav1.PartialObjectMetadata

// eachSecret calls do with the metadata of the Secrets of one of the operator's types.
func eachSecret(ctx context.Context, cluster *cluster, namespace, kind string, do func(*metadataOnly)) error {
	return kube.EachMetadata(ctx, cluster, secretList, do, client.InNamespace(namespace), client.MatchingLabels{v1alpha1.SecretTypeLabel: kind})
}
