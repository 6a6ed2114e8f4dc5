// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit

import (
	"errors"
	"time"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
)

// ErrQueued is the error of a request that waits in the queue of its host: the host wakes its waiter.
var ErrQueued = errors.New("waiting for the rate limit")

// RetryAfter returns for how long Cognigy asks to wait by its answer; zero if it does not say.
func RetryAfter(err error) time.Duration {
	if failure := cognigy.AsError(err); failure != nil {
		return failure.RetryAfter
	}
	return 0
}
