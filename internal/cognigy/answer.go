// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import (
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// maxRetryAfter is the longest wait that a server may ask for, so that one wrong header does not put a request off for years.
const maxRetryAfter = time.Hour

// undocumented says what is wrong with an answer that cannot be decoded.
const undocumented = "the answer is not the JSON that Cognigy documents; check baseURL and the proxies on the way"

func unexpected(call call, status int, detail string) error {
	return &Error{
		Kind: Unexpected, Method: call.method, Route: call.route, Status: status,
		OutcomeUnknown: true, detail: detail,
	}
}

func answerError(call call, response *http.Response, body []byte) error {
	problem, code := readProblem(response.StatusCode, body)
	failure := &Error{
		Kind: classify(response.StatusCode, code), Method: call.method, Route: call.route,
		Status: response.StatusCode, Code: code, Title: printable(problem.Title, 100), TraceID: printable(problem.TraceID, 100),
		RetryAfter: retryAfter(response.Header.Get("Retry-After"), time.Now()),
		detail:     "not in the form of Cognigy's errors: something in front of it answered",
		challenged: asksForBasic(response.Header),
	}
	// mutation: error-quotes-body
	if failure.Kind == Redirected {
		failure.detail = "a redirect, which the operator does not follow"
	}
	failure.OutcomeUnknown = !failure.refused()
	return failure
}

// retryAfter reads the header's two forms: seconds, or an HTTP date.
func retryAfter(header string, now time.Time) time.Duration {
	wait := time.Duration(0)
	if seconds, err := strconv.Atoi(header); err == nil {
		wait = time.Duration(min(max(seconds, 0), int(maxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(header); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}

// printable bounds a text that comes from outside.
func printable(text string, limit int) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, text)
	if runes := []rune(clean); len(runes) > limit {
		return string(runes[:limit])
	}
	return clean
}
