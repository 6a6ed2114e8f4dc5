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

	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
)

// DryRun reports whether a request asked, by its query, not to be carried out. A DELETE may also ask in its body, which an audit
// log at level Metadata does not show.
func DryRun(event *auditv1.Event) bool {
	uri, err := url.ParseRequestURI(event.RequestURI)
	return err == nil && uri.Query().Has("dryRun")
}

// Request is the key by which requests are counted.
type Request struct {
	// User is a user's name, such as system:serviceaccount:<namespace>:<name>.
	User string
	// Verb is get, list, watch, create, update, patch, delete or deletecollection.
	Verb string
	// Resource and Subresource are plural and lower-case, such as secrets, or endpointapikeys and status.
	Resource, Subresource string
	// DryRun is true if the request asked not to be carried out.
	DryRun bool
}

// Write reports whether the request asked for a change.
func (r Request) Write() bool {
	return !r.DryRun && slices.Contains([]string{"create", "update", "patch", "delete", "deletecollection"}, r.Verb)
}

// Counts says how often each request was made, whether or not it succeeded.
type Counts map[Request]int

// Count counts events. Requests for other URLs than those of resources count with an empty resource.
func Count(events []auditv1.Event) Counts {
	counts := Counts{}
	for i := range events {
		e := &events[i]
		request := Request{User: e.User.Username, Verb: e.Verb, DryRun: DryRun(e)}
		if e.ObjectRef != nil {
			request.Resource, request.Subresource = e.ObjectRef.Resource, e.ObjectRef.Subresource
		}
		counts[request]++
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

// Since returns the counts minus earlier ones.
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

// ReadAuditLog reads an audit log, also while the API server writes it. The line of a request may appear a moment after its
// answer: poll for a request that you expect.
func ReadAuditLog(file string) ([]auditv1.Event, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only
	var events []auditv1.Event
	for reader := bufio.NewReader(f); ; {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			// The API server is still writing what follows the last line break.
			return events, nil
		}
		if err != nil {
			return nil, err
		}
		var event auditv1.Event
		if err := json.Unmarshal(line, &event); err != nil {
			return nil, fmt.Errorf("line %d of %s: %w", len(events)+1, file, err)
		}
		events = append(events, event)
	}
}
