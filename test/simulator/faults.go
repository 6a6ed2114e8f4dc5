// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// FaultKind says what goes wrong. Of the kinds that act first, a request that Cognigy refuses anyway
// keeps its refusal, except for those whose names begin with CommitThen, which hide it too.
type FaultKind string

// The kinds. The empty one only delays.
const (
	// FaultStatus answers without acting.
	FaultStatus FaultKind = "Status"
	// FaultRedirect answers 307 with Body as its Location, without acting.
	FaultRedirect FaultKind = "Redirect"
	// FaultResetBefore resets the connection without acting.
	FaultResetBefore FaultKind = "ResetBefore"
	// FaultCommitThenDrop acts, then closes the connection without an answer.
	FaultCommitThenDrop FaultKind = "CommitThenDrop"
	// FaultCommitThen500 acts, then answers 500 with code 1008.
	FaultCommitThen500 FaultKind = "CommitThen500"
	// FaultCommitThenStatus acts, then answers as FaultStatus does: as a firewall that inspects answers and
	// blocks the one that contains a key.
	FaultCommitThenStatus FaultKind = "CommitThenStatus"
	// FaultCommitAfterDelay acts after Delay even when the client has long left. Only Close stops it.
	FaultCommitAfterDelay FaultKind = "CommitAfterDelay"
	// FaultMalformed acts, then answers 2xx with truncated JSON.
	FaultMalformed FaultKind = "Malformed"
	// FaultHuge acts, then answers 2xx with about 2 GB of JSON, until the client leaves.
	FaultHuge FaultKind = "Huge"
	// FaultOmitKey makes a key and answers without `key`. POST of a key only.
	FaultOmitKey FaultKind = "OmitKey"
	// FaultBadID makes a key and answers with an `_id` that is none. POST of a key only.
	FaultBadID FaultKind = "BadID"
	// FaultRename makes a key under another name and says so. POST of a key only.
	FaultRename FaultKind = "Rename"
	// FaultLagList lists keys as they were Lag ago, by Cognigy's clock. LIST of keys only.
	FaultLagList FaultKind = "LagList"
)

// Fault is something that goes wrong with the requests it matches. A request meets at most one fault
// with a kind, the one injected first; the delays of faults without a kind come on top.
type Fault struct {
	// Method, Route and EndpointID select requests; "" matches any. Route is a Route constant.
	Method     string `json:"method,omitempty"`
	Route      string `json:"route,omitempty"`
	EndpointID string `json:"endpointId,omitempty"`

	Kind FaultKind `json:"kind,omitempty"`
	// Times is how many matching requests it applies to; 0: all until ClearFaults.
	Times int `json:"times,omitempty"`
	// Rate is the share of matching requests it applies to, chosen by Options.Seed; 0 and 1: all.
	Rate float64 `json:"rate,omitempty"`
	// After is how many matching requests are let through first.
	After int `json:"after,omitempty"`
	// Delay is waited before anything else, unless the client leaves or the simulator is closed.
	Delay time.Duration `json:"delay,omitempty"`
	// Lag is how far FaultLagList looks back.
	Lag time.Duration `json:"lag,omitempty"`

	// Status, Code, RetryAfter, ContentType and Body are the answer of FaultStatus and of
	// FaultCommitThenStatus. Without a Body it is an RFC 7807 body with Code or, if Code is 0, HTML as
	// a proxy sends it.
	Status      int    `json:"status,omitempty"`
	Code        int    `json:"code,omitempty"`
	RetryAfter  string `json:"retryAfter,omitempty"`
	ContentType string `json:"contentType,omitempty"`
	Body        string `json:"body,omitempty"`
}

var (
	anyRequest = operation{}
	keyPost    = operation{http.MethodPost, RouteKeys}
	keyList    = operation{http.MethodGet, RouteKeys}

	// appliesTo holds every kind. A fault passes requests by, uncounted, that it can do nothing to.
	appliesTo = map[FaultKind]operation{
		"":                    anyRequest,
		FaultStatus:           anyRequest,
		FaultRedirect:         anyRequest,
		FaultResetBefore:      anyRequest,
		FaultCommitThenDrop:   anyRequest,
		FaultCommitThen500:    anyRequest,
		FaultCommitThenStatus: anyRequest,
		FaultCommitAfterDelay: anyRequest,
		FaultMalformed:        anyRequest,
		FaultHuge:             anyRequest,
		FaultOmitKey:          keyPost,
		FaultBadID:            keyPost,
		FaultRename:           keyPost,
		FaultLagList:          keyList,
	}
	routes = []string{"", RouteProjects, RouteEndpoints, RouteEndpoint, RouteKeys, RouteKey, RouteWebhook, RouteToken, RouteSuperAPIKeys}
)

// validate refuses faults that would never do anything, or not what their author meant.
func (f Fault) validate() error {
	_, known := appliesTo[f.Kind]
	switch {
	case !known:
		return fmt.Errorf("fault kind %q is unknown", f.Kind)
	case !slices.Contains(routes, f.Route):
		return fmt.Errorf("fault route %q is not a route template", f.Route)
	case f.Times < 0 || f.After < 0 || f.Delay < 0 || f.Rate < 0 || f.Rate > 1:
		return errors.New("fault times, after, delay and rate must not be negative, nor rate above 1")
	case (f.Kind == FaultStatus || f.Kind == FaultCommitThenStatus) && (f.Status < 200 || f.Status > 599):
		return fmt.Errorf("a %s fault needs a status from 200 to 599", f.Kind)
	case f.Kind == FaultRedirect && f.Body == "":
		return errors.New("a Redirect fault needs its location as body")
	case (f.Kind == FaultLagList) != (f.Lag > 0):
		return errors.New("a LagList fault needs a lag, and no other kind has one")
	}
	return nil
}

func (f Fault) matches(c call) bool {
	only := appliesTo[f.Kind]
	return (f.Method == "" || f.Method == c.method) &&
		(f.Route == "" || f.Route == c.route) &&
		(f.EndpointID == "" || f.EndpointID == c.endpointID) &&
		(only == anyRequest || only == operation{c.method, c.route})
}

// armed is a Fault with what it has met so far. Its random numbers are its own, so that its choices
// do not depend on which other faults there are.
type armed struct {
	Fault
	seen, fired int
	random      *rand.Rand
}

func (a *armed) fires(c call) bool {
	if a.spent() || !a.matches(c) {
		return false
	}
	a.seen++
	if a.seen <= a.After || (a.Rate > 0 && a.random.Float64() >= a.Rate) {
		return false
	}
	a.fired++
	return true
}

func (a *armed) spent() bool { return a.Times > 0 && a.fired == a.Times }

// faults are those injected and not yet spent or cleared, in order of injection.
type faults struct {
	seed uint64

	mu       sync.Mutex
	injected uint64
	armed    []*armed
}

// Inject arms a fault. It panics on one that makes no sense: that is a mistake in the test.
func (f *faults) Inject(fault Fault) {
	if err := fault.validate(); err != nil {
		panic("simulator: " + err.Error())
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.injected++
	f.armed = append(f.armed, &armed{Fault: fault, random: rand.New(rand.NewPCG(f.seed, f.injected))})
}

// ClearFaults disarms all faults. Requests that already met one are not spared it.
func (f *faults) ClearFaults() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed = nil
}

// take returns what a call meets: the first fault with a kind that fires, with the delays of all
// that fire.
func (f *faults) take(c call) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	var met Fault
	for _, a := range f.armed {
		if (met.Kind != "" && a.Kind != "") || !a.fires(c) {
			continue
		}
		delay := met.Delay + a.Delay
		if a.Kind != "" {
			met = a.Fault
		}
		met.Delay = delay
	}
	f.armed = slices.DeleteFunc(f.armed, (*armed).spent)
	return met
}

// duration is written as "1m30s" in JSON.
type duration time.Duration

func (d duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = duration(parsed)
	return err
}

// faultJSON is a Fault without its methods, and with durations that people can write.
type faultJSON struct {
	plainFault
	Delay duration `json:"delay,omitempty"`
	Lag   duration `json:"lag,omitempty"`
}

type plainFault Fault

// MarshalJSON writes delay and lag as Go durations, such as "1m30s".
func (f Fault) MarshalJSON() ([]byte, error) {
	return json.Marshal(faultJSON{plainFault(f), duration(f.Delay), duration(f.Lag)})
}

// UnmarshalJSON reads what MarshalJSON writes. Unknown fields are an error: a misspelt fault would
// match everything.
func (f *Fault) UnmarshalJSON(data []byte) error {
	var read faultJSON
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&read); err != nil {
		return err
	}
	*f = Fault(read.plainFault)
	f.Delay, f.Lag = time.Duration(read.Delay), time.Duration(read.Lag)
	return nil
}
