// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import (
	"context"
	"time"
)

// Exchange is a request that was sent, and what became of it.
type Exchange struct {
	Method string
	Route  string // a template such as /endpoints/{endpointId}/apikeys
	Took   time.Duration
	Err    error // nil, or an Error
}

// told tells of a request that began at a time.
func (c *exchanger) told(ctx context.Context, call call, began time.Time, err error) {
	if c.observe != nil {
		c.observe(ctx, Exchange{Method: call.method, Route: call.route, Took: time.Since(began), Err: err})
	}
}
