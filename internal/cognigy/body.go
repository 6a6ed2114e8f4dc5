// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import (
	"context"
	"io"
)

const (
	// maxBodyBytes is how much of an answer the client reads: enough for a list of some ten thousand keys.
	maxBodyBytes = 4 << 20
	// smallBodyBytes is how much it reads without regard to other answers: what Cognigy documents as its largest body.
	smallBodyBytes = 60 << 10
)

// read reads an answer. A large one waits while others that share the bound are decoded. The caller calls done once it has decoded
// the answer.
func (c *Client) read(ctx context.Context, answer io.Reader) (body []byte, done func(), err error) {
	done = func() {}
	body, err = io.ReadAll(io.LimitReader(answer, smallBodyBytes))
	if err != nil || len(body) < smallBodyBytes {
		return body, done, err
	}
	if c.large != nil {
		ctx, cancel := context.WithTimeout(ctx, c.timeout)
		defer cancel()
		if err := c.large.Acquire(ctx, 1); err != nil {
			return nil, done, err
		}
		done = func() { c.large.Release(1) }
	}
	// The byte beyond the limit tells an answer that is too long from one that just fits.
	rest, err := io.ReadAll(io.LimitReader(answer, maxBodyBytes+1-smallBodyBytes))
	return append(body, rest...), done, err
}
