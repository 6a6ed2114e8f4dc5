// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import "strings"

// pageQuery selects Endpoints. Positions are sequence numbers, so that a page neither repeats nor
// skips an Endpoint when others are removed between two calls.
type pageQuery struct {
	projectID, filter  string
	after, skip, limit int
}

type page struct {
	items []Endpoint
	total int // all that match, whichever page they are on
	next  int // where the next page continues; 0: this is the last
}

func (q pageQuery) matches(e *endpoint) bool {
	return (q.projectID == "" || e.ProjectID == q.projectID) &&
		strings.Contains(strings.ToLower(e.Name), strings.ToLower(q.filter))
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

func (s *store) listEndpoints(q pageQuery) page {
	s.mu.Lock()
	defer s.mu.Unlock()
	var result page
	last, skipped := 0, 0
	for _, e := range s.endpoints {
		if !q.matches(e) {
			continue
		}
		result.total++
		switch {
		case e.sequence <= q.after:
		case skipped < q.skip:
			skipped++
		case len(result.items) < q.limit:
			result.items = append(result.items, e.Endpoint)
			last = e.sequence
		default:
			result.next = last
		}
	}
	return result
}
