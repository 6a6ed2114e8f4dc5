// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import (
	"bytes"
	"context"
	"io"
)

const (
	// maxBodyBytes is how much the client keeps of an answer that it decodes as a whole: of every answer but a list of keys.
	maxBodyBytes = 4 << 20
	// smallBodyBytes is how much it reads without regard to other answers: what Cognigy documents as its largest body.
	smallBodyBytes = 60 << 10
)

// open begins to read an answer, and returns all of it as body. A large one waits while others that share the bound are decoded. The
// caller calls done once it has decoded the answer.
func (c *exchanger) open(ctx context.Context, answer io.Reader) (body io.Reader, done func(), err error) {
	done = func() {}
	begin, err := io.ReadAll(io.LimitReader(answer, smallBodyBytes))
	if err != nil || len(begin) < smallBodyBytes {
		return bytes.NewReader(begin), done, err
	}
	if c.large != nil {
		ctx, cancel := context.WithTimeout(ctx, c.timeout)
		defer cancel()
		if err := c.large.Acquire(ctx, 1); err != nil {
			return nil, done, err
		}
		done = func() { c.large.Release(1) }
	}
	return io.MultiReader(bytes.NewReader(begin), answer), done, nil
}
