// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"errors"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
)

// errReplaced: another object of the same name took the place of the one that was read, or the connection changed.
var errReplaced = errors.New("the object changed while the operator worked with it")

// isRefusal reports whether Kubernetes refuses a write for good, or a template fails: repeating it as it is does not help.
func isRefusal(err error) bool {
	return condition.FailureOf(err) != nil || apierrors.IsForbidden(err) || apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) ||
		apierrors.IsRequestEntityTooLargeError(err) || apierrors.IsMethodNotSupported(err) || apierrors.IsUnauthorized(err)
}

// rejected is the failure of a write to a Secret that holds a plaintext, which the API server's words may quote.
func rejected(err error, key *v1alpha1.EndpointAPIKey) error {
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return err
	}
	return secretRejected(err, key, reasonFor(err))
}

// secretRejected is the failure of a write to a Secret. The API server's own words may be passed as details only where no
// plaintext was sent or stored: admission webhooks quote what they reject.
func secretRejected(err error, key *v1alpha1.EndpointAPIKey, details string) error {
	return &condition.Failure{
		Reason: v1alpha1.ReasonSecretRejected, Stalled: isRefusal(err),
		Message: "Kubernetes rejects the Secret \"" + key.SecretName().String() + "\"; raise the quota, or permit the operator to write it: " + details,
	}
}

// errOldCRD is the failure when the API server prunes what the operator writes into a status.
var errOldCRD = condition.Stalled(v1alpha1.ReasonOldCRD, "the CustomResourceDefinition of EndpointAPIKey is older than the operator: the API "+
	"server drops status.issuance, without which no key can be issued safely; apply the CRDs of the operator's version")

// errSecretMutated is the failure when Kubernetes stores a Secret otherwise than the operator wrote it.
func errSecretMutated(what string, key *v1alpha1.EndpointAPIKey) error {
	return condition.Stalled(v1alpha1.ReasonSecretRejected,
		"something changes the %s of Secret %q whenever the operator writes them; find out which admission webhook or policy does", what, key.SecretName())
}

// checkType returns the failure when the Secret has another type than the spec wants: it is from an earlier life of the resource.
func (s *scope) checkType() error {
	if s.secret == nil || s.secret.Type == s.key.SecretType() {
		return nil
	}
	return condition.Stalled(v1alpha1.ReasonSecretRejected, "Secret %q has the type %q, and secret.type is %q; Kubernetes lets no Secret change its "+
		"type. Delete the Secret, so that the operator creates it anew with another key, or create another EndpointAPIKey with the Secret's type",
		s.key.SecretName(), s.secret.Type, s.key.SecretType())
}

// undelivered is the failure when a new key could not be written into its Secret. It does not quote what may have seen the
// plaintext.
func undelivered(err error, consequence string) error {
	if apierrors.IsAlreadyExists(err) || apierrors.IsConflict(err) {
		return err
	}
	if failure := condition.FailureOf(err); failure != nil {
		return condition.Stalled(failure.Reason, "%s; %s", failure.Message, consequence)
	}
	return &condition.Failure{
		Reason: v1alpha1.ReasonSecretRejected, Stalled: isRefusal(err),
		Message: "the operator could not write the new key into its Secret in time (" + reasonFor(err) + "); " + consequence,
	}
}

// reasonFor is what may be told of an error whose message may quote a plaintext.
func reasonFor(err error) string {
	if reason := apierrors.ReasonForError(err); reason != "" {
		return string(reason)
	}
	return "no answer"
}

// nameFailure returns the failure that an error is, or nil. It blames displayName for an invalid request for a key, if the name has
// characters that Cognigy is not known to accept.
func nameFailure(err error, key *v1alpha1.EndpointAPIKey) *condition.Failure {
	failure, request := condition.FailureOf(err), cognigy.AsError(err)
	hasName := request != nil && request.Method == http.MethodPost
	if failure == nil || !hasName || failure.Reason != v1alpha1.ReasonInvalidRequest || safeName(displayName(key)) {
		return failure
	}
	named := *failure
	named.Reason = v1alpha1.ReasonInvalidDisplayName
	named.Message = "Cognigy refuses the key's name; use only letters, digits, spaces and hyphens in displayName. " + failure.Message
	return &named
}

func safeName(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == ' ', r == '-':
			return false
		default:
			return true
		}
	})
}
