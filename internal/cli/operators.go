// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// operatorLabels are on the Deployment and the Pods of every installation, by manifests or by Helm.
var operatorLabels = client.MatchingLabels{"app.kubernetes.io/name": "cognigy-operator"}

// managerContainer is the operator's container in its Deployment.
const managerContainer = "manager"

// operators returns the Deployments of the operator: those of the whole cluster, or, where the caller may not list these, of the namespace.
func (c *cluster) operators(ctx context.Context) ([]appsv1.Deployment, error) {
	list := &appsv1.DeploymentList{}
	err := c.List(ctx, list, operatorLabels)
	if apierrors.IsForbidden(err) {
		if inNamespace := c.List(ctx, list, operatorLabels, client.InNamespace(c.namespace)); inNamespace == nil && len(list.Items) > 0 {
			err = nil
		}
	}
	return list.Items, err
}

// imageOf is the image of the operator in a Deployment.
func imageOf(deployment *appsv1.Deployment) string {
	for _, container := range deployment.Spec.Template.Spec.Containers {
		if container.Name == managerContainer {
			return container.Image
		}
	}
	return ""
}

// versionOf is the tag of an image; "" if it has none.
func versionOf(image string) string {
	image, _, _ = strings.Cut(image, "@")
	_, tag, tagged := strings.Cut(image[strings.LastIndex(image, "/")+1:], ":")
	if !tagged {
		return ""
	}
	return tag
}

// helmRelease is the Helm release that installed an object; "" if none did.
func helmRelease(object client.Object) (name, namespace string) {
	return object.GetAnnotations()["meta.helm.sh/release-name"], object.GetAnnotations()["meta.helm.sh/release-namespace"]
}
