// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit

import (
	"errors"
	"time"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
)

// ErrWaiting is the error of a request that waits for its turn: its Wake is called once it has it.
var ErrWaiting = errors.New("waiting for a turn to send a request to Cognigy")

// RetryAfter returns for how long Cognigy asks to wait by its answer; zero if it does not say.
func RetryAfter(err error) time.Duration {
	if failure := cognigy.AsError(err); failure != nil {
		return failure.RetryAfter
	}
	return 0
}
