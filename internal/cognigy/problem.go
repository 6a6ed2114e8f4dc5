// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import (
	"encoding/json"
	"strconv"
)

// problem is what the client uses of the RFC 7807 body of Cognigy's errors. Status and code may be written as strings, which
// json.Number reads, too: Cognigy's documentation shows codes so, and the vendor's code sends numbers.
type problem struct {
	Title   string      `json:"title"`
	Status  json.Number `json:"status"`
	TraceID string      `json:"traceId"`
	Code    json.Number `json:"code"`
}

// readProblem returns Cognigy's error and its code, or none and 0 if the body is not in its documented form: others in front of Cognigy
// answer JSON with a code of their own, too, such as a web application firewall or a kube-apiserver.
func readProblem(status int, body []byte) (read problem, code int) {
	if json.Unmarshal(body, &read) != nil || read.Status.String() != strconv.Itoa(status) || read.TraceID == "" {
		return problem{}, 0
	}
	code, err := strconv.Atoi(read.Code.String())
	if err != nil || code == 0 {
		return problem{}, 0
	}
	return read, code
}
