// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit

import (
	"errors"
	"time"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
)

// Wait is the error of a request that may not be sent yet.
type Wait struct {
	For time.Duration // until the request may be tried again
}

// Error implements error.
func (w *Wait) Error() string {
	return "waiting for the rate limit for " + w.For.Round(time.Millisecond).String()
}

// RetryAfter returns for how long an error asks to wait, on account of the limiter or of Cognigy; zero if it does not say.
func RetryAfter(err error) time.Duration {
	if early, ok := errors.AsType[*Wait](err); ok {
		return early.For
	}
	if failure := cognigy.AsError(err); failure != nil {
		return failure.RetryAfter
	}
	return 0
}
