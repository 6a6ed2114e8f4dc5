// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
)

// AuditEvent is a request that the API server has answered.
type AuditEvent struct {
	Verb       string `json:"verb"`
	RequestURI string `json:"requestURI"`
	UserAgent  string `json:"userAgent"`
	User       struct {
		Username string `json:"username"`
	} `json:"user"`
	ObjectRef struct {
		APIGroup    string `json:"apiGroup"`
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name"`
	} `json:"objectRef"`
	ResponseStatus struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
}

// DryRun is true if the request asked not to be carried out, by its query. A DELETE may also ask in its body, which an
// audit log at level Metadata does not show.
func (e *AuditEvent) DryRun() bool {
	uri, err := url.ParseRequestURI(e.RequestURI)
	return err == nil && uri.Query().Has("dryRun")
}

// Request is what requests are counted by.
type Request struct {
	// User is a user's name, such as system:serviceaccount:<namespace>:<name>.
	User string
	// Verb is get, list, watch, create, update, patch, delete or deletecollection.
	Verb string
	// Resource and Subresource are plural and lower-case, such as secrets, or endpointapikeys and status.
	Resource, Subresource string
	// DryRun is true if nothing was to be changed.
	DryRun bool
}

// Write is true if the request was to change something.
func (r Request) Write() bool {
	return !r.DryRun && slices.Contains([]string{"create", "update", "patch", "delete", "deletecollection"}, r.Verb)
}

// Counts is how often each request was made, whether or not it succeeded.
type Counts map[Request]int

// Count counts events.
func Count(events []AuditEvent) Counts {
	counts := Counts{}
	for i := range events {
		e := &events[i]
		counts[Request{
			User: e.User.Username, Verb: e.Verb,
			Resource: e.ObjectRef.Resource, Subresource: e.ObjectRef.Subresource, DryRun: e.DryRun(),
		}]++
	}
	return counts
}

// Sum adds up the requests that match.
func (c Counts) Sum(match func(Request) bool) int {
	sum := 0
	for request, count := range c {
		if match(request) {
			sum += count
		}
	}
	return sum
}

// Since is what was counted after an earlier count.
func (c Counts) Since(earlier Counts) Counts {
	later := Counts{}
	for request, count := range c {
		if count -= earlier[request]; count > 0 {
			later[request] = count
		}
	}
	return later
}

// CountRequests counts the requests in an audit log.
func CountRequests(file string) (Counts, error) {
	events, err := ReadAuditLog(file)
	return Count(events), err
}

// ReadAuditLog reads an audit log, also while it is being written. The line of a request may appear a moment after its
// answer, so whoever expects a request polls.
func ReadAuditLog(file string) ([]AuditEvent, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only
	var events []AuditEvent
	for reader := bufio.NewReader(f); ; {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			// What follows the last line break is still being written.
			return events, nil
		}
		if err != nil {
			return nil, err
		}
		var event AuditEvent
		if err := json.Unmarshal(line, &event); err != nil {
			return nil, fmt.Errorf("line %d of %s: %w", len(events)+1, file, err)
		}
		events = append(events, event)
	}
}
