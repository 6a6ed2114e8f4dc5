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

// Len is how many bytes were printed.
func (o *Output) Len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.Len()
}

// From is what was printed after a number of bytes.
func (o *Output) From(n int) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.buffer.Bytes()[n:])
}
