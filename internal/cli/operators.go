// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/internal/options"
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

// manager returns the operator's container; nil if the Deployment has none.
func manager(deployment *appsv1.Deployment) *corev1.Container {
	containers := deployment.Spec.Template.Spec.Containers
	i := slices.IndexFunc(containers, func(container corev1.Container) bool { return container.Name == managerContainer })
	if i < 0 {
		return nil
	}
	return &containers[i]
}

// settingsOf reads the settings of the operator from its Deployment. What a variable takes from elsewhere is not known.
func settingsOf(deployment *appsv1.Deployment) (*options.Options, error) {
	container := manager(deployment)
	if container == nil {
		return nil, fmt.Errorf("the Deployment %s/%s has no container %q", deployment.Namespace, deployment.Name, managerContainer)
	}
	settings, err := options.Read(container.Args, func(name string) string {
		for _, variable := range container.Env {
			if variable.Name == name {
				return variable.Value
			}
		}
		return ""
	})
	if err != nil {
		return nil, fmt.Errorf("the settings of Deployment %s/%s: %w", deployment.Namespace, deployment.Name, err)
	}
	settings.Namespace = deployment.Namespace
	return settings, nil
}

// operatorSettings are those of the operator that is responsible for a namespace.
type operatorSettings struct {
	settings   *options.Options
	deployment string // namespace and name
	unknown    string // why the settings are those of an operator without flags; "" if they are the operator's own
}

// operatorOf finds the operator that watches a namespace, as far as the caller may read Deployments.
func (c *cluster) operatorOf(ctx context.Context, namespace string) operatorSettings {
	none := operatorSettings{settings: &options.Options{DriftInterval: options.DefaultDriftInterval}}
	deployments, err := c.operators(ctx)
	if err != nil {
		none.unknown = err.Error()
		return none
	}
	none.unknown = "no Deployment with the label app.kubernetes.io/name=cognigy-operator is found"
	for i := range deployments {
		name := deployments[i].Namespace + "/" + deployments[i].Name
		settings, err := settingsOf(&deployments[i])
		switch {
		case err != nil:
			none.unknown = err.Error()
		case len(settings.WatchNamespaces) == 0 || slices.Contains(settings.WatchNamespaces, namespace):
			return operatorSettings{settings: settings, deployment: name}
		default:
			none.unknown = fmt.Sprintf("Deployment %s does not watch this namespace, and no other one is found", name)
		}
	}
	return none
}

// imageOf is the image of the operator in a Deployment; "" if it has none.
func imageOf(deployment *appsv1.Deployment) string {
	if container := manager(deployment); container != nil {
		return container.Image
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
