// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// keyLike has the form of a plaintext: nothing that a report needs has it.
var keyLike = regexp.MustCompile(`[0-9a-fA-F]{64,}`)

// scrub replaces what has the form of a plaintext. Nothing that is collected should.
func scrub(data []byte) []byte { return keyLike.ReplaceAll(data, []byte("[redacted]")) }

// kept are the annotations that a report has, of the operator's and of those that ask it for something. The checksum depends on the plaintext.
func kept(name string) bool {
	own := strings.HasPrefix(name, v1alpha1.GroupVersion.Group+"/")
	return own && name != v1alpha1.ChecksumAnnotation && name != v1alpha1.TemplatesAnnotation || name == v1alpha1.RequestedAtAnnotation
}

// redactMetadata leaves out annotations of others, which may hold anything, and the history of fields.
func redactMetadata(from metav1.ObjectMeta) metav1.ObjectMeta {
	redacted := *from.DeepCopy()
	redacted.ManagedFields, redacted.Annotations = nil, nil
	for name, value := range from.Annotations {
		if kept(name) {
			metav1.SetMetaDataAnnotation(&redacted, name, value)
		}
	}
	return redacted
}

func omitted(size int) string { return fmt.Sprintf("[redacted, %d bytes]", size) }

func redactKey(key *v1alpha1.EndpointAPIKey) *v1alpha1.EndpointAPIKey {
	redacted := key.DeepCopy()
	redacted.ObjectMeta = redactMetadata(key.ObjectMeta)
	for name, value := range redacted.Spec.Secret.Annotations {
		redacted.Spec.Secret.Annotations[name] = v1alpha1.AnnotationValue(omitted(len(value)))
	}
	if template := redacted.Spec.Secret.Template; template != nil {
		for name, text := range template.Data {
			template.Data[name] = v1alpha1.TemplateText(omitted(len(text)))
		}
	}
	return redacted
}

func redactConnection(found v1alpha1.Connection) v1alpha1.Connection {
	redacted := found.DeepCopyObject().(v1alpha1.Connection)
	metadata := redactMetadata(metav1.ObjectMeta{Annotations: found.GetAnnotations()})
	redacted.SetManagedFields(nil)
	redacted.SetAnnotations(metadata.Annotations)
	if spec := redacted.GetConnectionSpec(); len(spec.CABundle) > 0 {
		spec.CABundle = []byte(omitted(len(spec.CABundle)))
	}
	return redacted
}

// operatorFacts are what a report says of a Deployment of the operator.
type operatorFacts struct {
	Namespace string                  `json:"namespace"`
	Name      string                  `json:"name"`
	Image     string                  `json:"image"`
	Arguments []string                `json:"arguments,omitempty"`
	Variables []string                `json:"variables,omitempty"`
	Status    appsv1.DeploymentStatus `json:"status"`
}

func redactDeployment(from *appsv1.Deployment) operatorFacts {
	facts := operatorFacts{Namespace: from.Namespace, Name: from.Name, Image: imageOf(from), Status: from.Status}
	if container := manager(from); container != nil {
		facts.Arguments = slices.Clone(container.Args)
		for _, variable := range container.Env {
			facts.Variables = append(facts.Variables, variable.Name)
		}
	}
	return facts
}
