// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"fmt"
	"slices"
)

// project is what Endpoints are in. It outlives them.
type project struct {
	id, name string
	sequence int // position in the list, from 1
}

// addProject expects the lock to be held. A project that there is stays as it is.
func (s *store) addProject(id string) {
	if slices.ContainsFunc(s.projects, func(p project) bool { return p.id == id }) {
		return
	}
	sequence := len(s.projects) + 1
	s.projects = append(s.projects, project{id, fmt.Sprintf("Project %d", sequence), sequence})
}

func (s *store) listProjects(wanted func(project) bool) []project {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []project
	for _, p := range s.projects {
		if wanted(p) {
			found = append(found, p)
		}
	}
	return found
}

func (s *store) listEndpoints(wanted func(Endpoint) bool) []endpoint {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []endpoint
	for _, e := range s.endpoints {
		if wanted(e.Endpoint) {
			found = append(found, *e)
		}
	}
	return found
}

func (s *store) endpointByID(id string) (Endpoint, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found, ok := s.byID[id]; ok {
		return found.Endpoint, true
	}
	return Endpoint{}, false
}

// endpointByToken returns the id of the Endpoint that is called with this URL token, "" if none is.
func (s *store) endpointByToken(token string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found, ok := s.byToken[token]; ok {
		return found.ID
	}
	return ""
}
