// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
)

// problemOf puts a failure into the terms of a condition; nil if it is not worth one: a write that came too late, or
// Kubernetes itself failing, is tried again soon.
func problemOf(err error) *connection.Problem {
	if problem := (*connection.Problem)(nil); errors.As(err, &problem) {
		return problem
	}
	if failure := cognigy.AsError(err); failure != nil {
		return cognigyProblem(failure)
	}
	return nil
}

// advice says for each kind of failure what it means for a condition and what to do.
var advice = map[cognigy.Kind]connection.Problem{
	cognigy.NotFound:     {Reason: v1alpha1.ReasonEndpointNotFound, Stalled: true, Message: "Cognigy knows no such Endpoint; check endpoint.id and the connection's baseURL"},
	cognigy.Unauthorized: {Reason: v1alpha1.ReasonUnauthorized, Stalled: true, Message: "Cognigy rejects the credentials; put a valid API key into the connection's credentials Secret"},
	cognigy.Forbidden:    {Reason: v1alpha1.ReasonForbidden, Stalled: true, Message: "the user of the connection's API key may not do this; give that user the permission in Cognigy, or use another user's API key"},
	cognigy.Invalid:      {Reason: v1alpha1.ReasonInvalidRequest, Stalled: true, Message: "Cognigy refuses the request; check displayName (letters, digits, spaces and hyphens are safe) and endpoint.id"},
	cognigy.Conflict:     {Reason: v1alpha1.ReasonConflict, Message: "Cognigy reports a conflict; trying again"},
	cognigy.RateLimited:  {Reason: v1alpha1.ReasonRateLimited, Message: "Cognigy asks to slow down; trying again later"},
	cognigy.Unavailable:  {Reason: v1alpha1.ReasonUnavailable, Message: "Cognigy cannot be reached or fails; trying again"},
	cognigy.Redirected:   {Reason: v1alpha1.ReasonUnexpectedAnswer, Stalled: true, Message: "redirects are not followed, since they would take the credentials along; create another connection with the baseURL that they lead to"},
	cognigy.Unexpected:   {Reason: v1alpha1.ReasonUnexpectedAnswer, Message: "what answered is not Cognigy, or a proxy stands in between; check the connection's baseURL; trying again"},
}

func cognigyProblem(failure *cognigy.Error) *connection.Problem {
	problem := advice[failure.Kind]
	problem.Message += ": " + failure.Error()
	if failure.Method == "POST" && failure.OutcomeUnknown {
		problem.Message += "; whether a key was made will be verified before another is"
	}
	return &problem
}

// nameProblem makes a refusal of the request one of the name, where the name has characters that are not known to be safe.
func nameProblem(problem *connection.Problem, key *v1alpha1.EndpointAPIKey) *connection.Problem {
	if problem == nil || problem.Reason != v1alpha1.ReasonInvalidRequest || safeName(displayName(key)) {
		return problem
	}
	named := *problem
	named.Reason = v1alpha1.ReasonNameRefused
	named.Message = "Cognigy refuses the key's name; use letters, digits, spaces and hyphens in displayName. " + problem.Message
	return &named
}

func safeName(name string) bool {
	for _, r := range name {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == ' ', r == '-':
		default:
			return false
		}
	}
	return true
}

// refusal tells whether Kubernetes refuses a write, so that repeating it as it is will not help.
func refusal(err error) bool {
	return apierrors.IsForbidden(err) || apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) ||
		apierrors.IsRequestEntityTooLargeError(err) || apierrors.IsMethodNotSupported(err) || apierrors.IsUnauthorized(err)
}

// refused makes a problem of an error with the Secret, unless it is nil. The API server's words may be passed on only where
// nobody saw a plaintext: admission webhooks quote what they refuse.
func refused(err error, secret types.NamespacedName, words string) error {
	if err == nil {
		return nil
	}
	return &connection.Problem{
		Reason: v1alpha1.ReasonSecretRefused, Stalled: refusal(err),
		Message: fmt.Sprintf("Kubernetes refuses the Secret %q; make room for it, or allow it: %s", secret, words),
	}
}

// changedBack is the problem of a Secret that is not stored as it is written.
func changedBack(what string, key *v1alpha1.EndpointAPIKey) error {
	return &connection.Problem{
		Reason: v1alpha1.ReasonSecretRefused, Stalled: true,
		Message: fmt.Sprintf("something changes %s of Secret %q as soon as they are written; find out which admission webhook does", what, key.SecretName()),
	}
}

// reasonOf is what can be said of an error that may quote a plaintext.
func reasonOf(err error) string {
	if reason := apierrors.ReasonForError(err); reason != "" {
		return string(reason)
	}
	return "no answer"
}

// undelivered says why a new key could not be written into its Secret, without quoting what may have seen the plaintext.
func undelivered(err error, whatNow string) error {
	if apierrors.IsAlreadyExists(err) || apierrors.IsConflict(err) {
		return err
	}
	return &connection.Problem{
		Reason: v1alpha1.ReasonSecretRefused, Stalled: refusal(err),
		Message: fmt.Sprintf("the new key could not be written into its Secret in time (%s); %s", reasonOf(err), whatNow),
	}
}
