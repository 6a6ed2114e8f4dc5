// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Route templates, for Count, Request.Route and Fault.Route.
const (
	RouteProjects  = "/new/v2.0/projects"
	RouteEndpoints = "/new/v2.0/endpoints"
	RouteEndpoint  = "/new/v2.0/endpoints/{endpointId}"
	RouteKeys      = "/new/v2.0/endpoints/{endpointId}/apikeys"
	RouteKey       = "/new/v2.0/endpoints/{endpointId}/apikeys/{apiKeyId}"
	RouteWebhook   = "/{URLToken}"

	RouteToken        = "/auth/oauth2/token"
	RouteSuperAPIKeys = managementPrefix + "{organisationId}" + managementSuffix
)

const (
	managementPrefix = "/new/management/v2.0/organisations/"
	managementSuffix = "/apikeys"
)

// maxBody is what Cognigy documents as the longest JSON body.
const maxBody = 60 << 10

var idPattern = regexp.MustCompile(`^[a-z0-9]{24}$`)

// call is one API request, read and routed.
type call struct {
	method, path, route string
	endpointID, keyID   string
	organisationID      string
	query               url.Values
	header              http.Header
	credential          string // the X-API-Key, or the query parameter api_key
	body                []byte
	fault               Fault
	stringCodes         bool // see Options
}

// serveAPI records, waits as long as a fault says, acts and answers, unless a fault says otherwise.
func (s *Simulator) serveAPI(w http.ResponseWriter, r *http.Request) {
	s.handling.RLock()
	defer s.handling.RUnlock()

	c := s.route(r)
	c.stringCodes = s.stringCodes
	request := s.arrived(c, r, s.now())
	var err error
	// The body is read before anything waits: net/http notices that a client has left only then.
	if c.body, err = io.ReadAll(io.LimitReader(r.Body, maxBody+1)); err != nil {
		drop(w)
		return
	}
	s.checkRequest(r, c)
	if refusal := s.limited(c, time.Now()); refusal != nil {
		s.reply(w, r, c, request, *refusal)
		return
	}
	c.fault = s.take(c)
	waiting := r.Context()
	if c.fault.Kind == FaultCommitAfterDelay {
		waiting = s.ctx
	}
	if !wait(waiting, c.fault.Delay) || c.fault.Kind == FaultResetBefore {
		reset(w)
		return
	}
	a := s.play(c)
	if r.Context().Err() != nil || c.fault.Kind == FaultCommitThenDrop {
		drop(w)
		return
	}
	s.reply(w, r, c, request, a)
}

// reply records before it writes, so that the client that has the answer finds what is recorded of it.
func (s *Simulator) reply(w http.ResponseWriter, r *http.Request, c call, request *Request, a answer) {
	s.checkAnswer(r, c, a)
	s.answered(request, a.status)
	a.write(w)
}

// route finds the template a path belongs to. It works on the escaped path: an escaped slash is
// part of an id, which is then refused as an id.
func (s *Simulator) route(r *http.Request) call {
	c := call{method: r.Method, path: r.URL.EscapedPath(), query: r.URL.Query(), header: r.Header}
	c.credential = cmp.Or(r.Header.Get("X-API-Key"), c.query.Get("api_key"))
	path := c.path
	if strings.HasPrefix(path, "/v2.0/") {
		path = "/new" + path // the router is mounted at the root, too
	}
	switch organisation, isManagement := strings.CutPrefix(path, managementPrefix); {
	case path == RouteProjects, path == RouteToken:
		c.route = path
		return c
	case isManagement && strings.HasSuffix(organisation, managementSuffix):
		c.route, c.organisationID = RouteSuperAPIKeys, strings.TrimSuffix(organisation, managementSuffix)
		return c
	}
	rest, isEndpoints := strings.CutPrefix(path, RouteEndpoints)
	if !isEndpoints {
		if token := strings.TrimPrefix(c.path, "/"); token != "" && !strings.Contains(token, "/") {
			c.route, c.endpointID = RouteWebhook, s.endpointByToken(token)
		}
		return c
	}
	parts := strings.Split(rest, "/") // the first is what stands before the first slash
	if parts[0] != "" || slices.Contains(parts[1:], "") {
		return c
	}
	switch {
	case len(parts) == 1:
		c.route = RouteEndpoints
	case len(parts) == 2:
		c.route, c.endpointID = RouteEndpoint, parts[1]
	case len(parts) == 3 && parts[2] == "apikeys":
		c.route, c.endpointID = RouteKeys, parts[1]
	case len(parts) == 4 && parts[2] == "apikeys":
		c.route, c.endpointID, c.keyID = RouteKey, parts[1], parts[3]
	}
	return c
}

var operations = map[operation]func(*Simulator, call) answer{
	{http.MethodGet, RouteProjects}:  (*Simulator).getProjects,
	{http.MethodGet, RouteEndpoints}: (*Simulator).getEndpoints,
	{http.MethodGet, RouteEndpoint}:  (*Simulator).getEndpoint,
	{http.MethodGet, RouteKeys}:      (*Simulator).getKeys,
	{http.MethodPost, RouteKeys}:     (*Simulator).postKey,
	{http.MethodDelete, RouteKey}:    (*Simulator).removeKey,
}

// handle is Cognigy without faults.
func (s *Simulator) handle(c call) answer {
	switch c.route {
	case "":
		return proxyPage(http.StatusNotFound)
	case RouteWebhook:
		return s.callEndpoint(c)
	case RouteToken:
		return s.postToken(c)
	case RouteSuperAPIKeys:
		return s.postSuperAPIKey(c)
	}
	if c.method == http.MethodGet && len(c.body) > 0 {
		return proxyPage(http.StatusForbidden) // what Cognigy's Trial does
	}
	if !s.accepts(c.credential) && !s.authenticates(c) {
		return refuse(c, http.StatusUnauthorized, http.StatusUnauthorized, "The X-API-Key is missing or not valid.")
	}
	run, ok := operations[operation{c.method, c.route}]
	switch {
	case !ok:
		return refuse(c, http.StatusMethodNotAllowed, codeMethodNotAllowed, "The method is not allowed here.")
	case len(c.body) > maxBody:
		return refuse(c, http.StatusRequestEntityTooLarge, http.StatusRequestEntityTooLarge, "The body is too large.")
	case c.endpointID != "" && !idPattern.MatchString(c.endpointID):
		return refuse(c, http.StatusBadRequest, codeInvalidArgument, "The endpointId is not an id.")
	case c.keyID != "" && !idPattern.MatchString(c.keyID):
		return refuse(c, http.StatusBadRequest, codeInvalidArgument, "The apiKeyId is not an id.")
	}
	if refusal := s.inaccessible(c); refusal != nil {
		return *refusal
	}
	return run(s, c)
}

// inaccessible refuses what there is and yet cannot be reached; nil if there is nothing against the call. Nothing documents how:
// a release that does not know keys could answer by HTML, too, which FaultStatus does.
func (s *Simulator) inaccessible(c call) *answer {
	found, ok := s.endpointByID(c.endpointID)
	switch {
	case !ok:
		return nil
	case !s.sees(c.credential, found.ProjectID):
		return new(refuse(c, http.StatusForbidden, http.StatusForbidden, "The user is not a member of the project."))
	case c.route != RouteEndpoint && s.release < callers[found.Channel].since:
		return new(notFound(c))
	}
	return nil
}

// wait says whether the whole delay has passed.
func wait(ctx context.Context, delay time.Duration) bool {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
