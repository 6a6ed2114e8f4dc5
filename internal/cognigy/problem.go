// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import (
	"bytes"
	"encoding/json"
)

// problem is what the client uses of the RFC 7807 body of Cognigy's errors.
type problem struct {
	Title   string `json:"title"`
	Status  number `json:"status"`
	TraceID string `json:"traceId"`
	Code    number `json:"code"`
}

// readProblem returns Cognigy's error, or none if the body is not in its documented form: others in front of Cognigy answer JSON with
// a code of their own, too, such as a web application firewall or a kube-apiserver.
func readProblem(status int, body []byte) problem {
	var read problem
	if json.Unmarshal(body, &read) != nil || int(read.Status) != status || read.TraceID == "" || read.Code == 0 {
		return problem{}
	}
	return read
}

// number is an integer, also where it is written as a string: Cognigy's documentation shows codes so, and the vendor's code sends
// numbers.
type number int

// UnmarshalJSON implements json.Unmarshaler.
func (n *number) UnmarshalJSON(text []byte) error {
	if len(text) > 1 {
		text = bytes.TrimSuffix(bytes.TrimPrefix(text, []byte(`"`)), []byte(`"`))
	}
	return json.Unmarshal(text, (*int)(n))
}
