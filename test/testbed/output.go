// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package testbed

import (
	"bytes"
	"sync"
)

// Output collects what is printed, by several processes or goroutines. The zero value is empty.
type Output struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

// Write implements io.Writer.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.Write(p)
}

// String is everything that was printed.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.String()
}
