// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import "fmt"

// Problem is why a connection cannot be used, in the terms of a condition.
type Problem struct {
	Reason  string // a reason of the API
	Message string // what is wrong and what to do
	Stalled bool   // a person must act
}

// Error implements error.
func (p *Problem) Error() string { return p.Message }

func waiting(reason, format string, args ...any) *Problem {
	return &Problem{Reason: reason, Message: fmt.Sprintf(format, args...)}
}

func stalled(reason, format string, args ...any) *Problem {
	return &Problem{Reason: reason, Message: fmt.Sprintf(format, args...), Stalled: true}
}
