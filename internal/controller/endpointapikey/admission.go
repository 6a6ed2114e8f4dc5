// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"regexp"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
)

// exempt says to the owner of a webhook or policy what to do.
const exempt = "exempt Secrets with the label " + v1alpha1.SecretTypeLabel + "=" + v1alpha1.SecretTypeAPIKey + " from it"

// isImmutable reports whether Kubernetes refuses every change of a Secret's data, for as long as the Secret exists.
func isImmutable(secret *corev1.Secret) bool {
	return secret != nil && secret.Immutable != nil && *secret.Immutable
}

// errImmutable is the failure when the data of an immutable Secret would have to change.
func errImmutable(key *v1alpha1.EndpointAPIKey) error {
	return condition.Stalled(v1alpha1.ReasonSecretImmutable,
		"Secret %q is immutable, so that the operator can neither replace nor move the key in it; no other key was issued. Delete the Secret: the "+
			"operator then makes it anew, with another key, and the one that it holds now works until its overlap ends. If an admission webhook "+
			"or policy makes Secrets immutable, first %s", key.SecretName(), exempt)
}

// errMadeImmutable is the failure when the dry run shows that the Secret would be immutable: the first key would also be the last one.
func errMadeImmutable(key *v1alpha1.EndpointAPIKey) error {
	return condition.Stalled(v1alpha1.ReasonSecretImmutable,
		"an admission webhook or policy makes Secret %q immutable when the operator writes it, so that the operator could never replace the key in "+
			"it; no key was issued. Find out which one, and %s", key.SecretName(), exempt)
}

// errDryRunUnsupported is the failure when a webhook keeps the operator from finding out whether Kubernetes accepts the Secret.
func errDryRunUnsupported(webhook string) error {
	return condition.Stalled(v1alpha1.ReasonDryRunUnsupported,
		"the admission webhook %q does not support the dry run by which the operator makes sure that Kubernetes accepts the Secret; no key was "+
			"issued. Set the webhook's sideEffects to None or NoneOnDryRun if that is true of it, or %s", webhook, exempt)
}

// dryRunUnsupported are the API server's words, all of them: a webhook's own words, which may quote a plaintext, follow others. See
// NewDryRunUnsupportedErr in k8s.io/apiserver/pkg/admission/plugin/webhook/errors.
var dryRunUnsupported = regexp.MustCompile(`^admission webhook "([^"]{1,253})" does not support dry run$`)

// webhookWithoutDryRun returns the name of the webhook on account of which the API server refuses a dry run; "" if there is none.
func webhookWithoutDryRun(err error) string {
	if !apierrors.IsBadRequest(err) {
		return ""
	}
	if found := dryRunUnsupported.FindStringSubmatch(err.Error()); found != nil {
		return found[1]
	}
	return ""
}
