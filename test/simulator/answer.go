// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// Cognigy's own error codes, as far as the simulated routes answer with them.
const (
	codeMissingArgument  = 1000
	codeNotFound         = 1002
	codeConflict         = 1004
	codeInvalidArgument  = 1005
	codeInternal         = 1008
	codeMethodNotAllowed = 1013
)

// answer is a response before it is written, which is what faults work on.
type answer struct {
	status int
	header map[string]string
	body   any // nil, a document, an endless, or a value to be encoded as JSON
	// foreign: something in front of Cognigy answers.
	foreign bool
}

// document is a body that is sent as it is.
type document struct{ contentType, text string }

// problem is an RFC 7807 body.
type problem struct {
	Type     string   `json:"type"`
	Title    string   `json:"title"`
	Status   int      `json:"status"`
	Detail   string   `json:"detail"`
	Instance string   `json:"instance"`
	TraceID  string   `json:"traceId"`
	Code     int      `json:"code"`
	Details  struct{} `json:"details"`
}

// stringCoded is a problem whose code is a string.
type stringCoded struct {
	problem
	Code string `json:"code"`
}

// refuse answers with an error of Cognigy's. The detail is a fixed text, never made of what the
// client sent, so that it cannot repeat a credential.
func refuse(c call, status, code int, detail string) answer {
	refusal := problem{
		Type:     "about:blank",
		Title:    http.StatusText(status),
		Status:   status,
		Detail:   detail,
		Instance: strings.TrimPrefix(c.path, "/new"),
		TraceID:  "api--" + uuid.NewString(),
		Code:     code,
	}
	if c.stringCodes {
		return answer{status: status, body: stringCoded{refusal, strconv.Itoa(code)}}
	}
	return answer{status: status, body: refusal}
}

// proxyPage answers as a proxy in front of Cognigy does: HTML, and no error code.
func proxyPage(status int) answer {
	title := fmt.Sprintf("%d %s", status, http.StatusText(status))
	page := "<html>\r\n<head><title>" + title + "</title></head>\r\n<body><center><h1>" + title +
		"</h1></center><hr><center>nginx</center></body>\r\n</html>\r\n"
	return answer{status: status, body: document{"text/html", page}, foreign: true}
}

func (a answer) encode() document {
	switch body := a.body.(type) {
	case document:
		return body
	case problem, stringCoded:
		return document{"application/problem+json; charset=utf-8", encodeJSON(body)}
	default:
		return document{"application/json; charset=utf-8", encodeJSON(body)}
	}
}

func (a answer) write(w http.ResponseWriter) {
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	switch body := a.body.(type) {
	case nil:
		w.WriteHeader(a.status)
	case endless:
		body.write(w, a.status)
	default:
		encoded := a.encode()
		w.Header().Set("Content-Type", encoded.contentType)
		w.WriteHeader(a.status)
		_, _ = w.Write([]byte(encoded.text)) // fails only when the client has left
	}
}

func encodeJSON(v any) string {
	encoded, err := json.Marshal(v)
	if err != nil {
		panic(err) // every body is a struct of this package, made of strings and numbers
	}
	return string(encoded)
}
