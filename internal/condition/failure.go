// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package condition puts what the operator finds out into the terms of Kubernetes conditions: failures with a reason, a
// message and advice, and the conditions of kstatus and RenewalBlocked.
package condition

import (
	"errors"
	"fmt"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
)

// Failure is an error in the terms of a condition.
type Failure struct {
	Reason  string // a reason of the API
	Message string // what is wrong and what to do
	Stalled bool   // a person must act: a retry alone will not help
}

// Error implements error.
func (f *Failure) Error() string { return f.Message }

// Waiting returns a failure that may end without anyone's help.
func Waiting(reason, format string, args ...any) *Failure {
	return &Failure{Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// Stalled returns a failure that ends only when a person acts.
func Stalled(reason, format string, args ...any) *Failure {
	return &Failure{Reason: reason, Message: fmt.Sprintf(format, args...), Stalled: true}
}

// FailureOf finds the Failure in an error's chain, or makes one of a failed call to Cognigy. It returns nil for any other
// error: a conflicting write, or Kubernetes itself failing, is retried soon and needs no condition.
func FailureOf(err error) *Failure {
	if failure, ok := errors.AsType[*Failure](err); ok {
		return failure
	}
	if call := cognigy.AsError(err); call != nil {
		return ofCall(call)
	}
	return nil
}
