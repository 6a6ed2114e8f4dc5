// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
)

// namePattern is the strictest reading of what Cognigy may demand of a key's name.
var namePattern = regexp.MustCompile(`^[A-Za-z0-9 -]{1,200}$`)

// keyItem is a key as LIST shows it.
type keyItem struct {
	ID        string `json:"_id"`
	Name      string `json:"name"`
	Preview   string `json:"keyPreview"`
	CreatedAt int64  `json:"createdAt"`
}

// createdKey is a key as POST shows it, once.
type createdKey struct {
	Key string `json:"key,omitempty"`
	keyItem
}

type endpointItem struct {
	ID        string `json:"_id"`
	Name      string `json:"name"`
	Channel   string `json:"channel"`
	FlowID    string `json:"flowId"`
	LocaleID  string `json:"localeId"`
	URLToken  string `json:"URLToken"`
	CreatedAt int64  `json:"createdAt"`
}

type projectItem struct {
	ID   string `json:"_id"`
	Name string `json:"name"`
}

func (s *Simulator) postKey(c call) answer {
	var input struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(c.body, &input); err != nil && len(c.body) > 0 {
		return refuse(c, http.StatusBadRequest, codeInvalidArgument, "The body is not a JSON object with a name.")
	}
	switch {
	case input.Name == "":
		return refuse(c, http.StatusBadRequest, codeMissingArgument, "The name is missing.")
	case !namePattern.MatchString(input.Name):
		return refuse(c, http.StatusBadRequest, codeInvalidArgument, "The name is not valid.")
	}
	if c.fault.Kind == FaultRename {
		input.Name = renamed
	}
	made, plaintext, err := s.createKey(c.endpointID, input.Name)
	switch {
	case errors.Is(err, errNameTaken):
		return refuse(c, http.StatusConflict, codeConflict, "A key of this Endpoint has the name.")
	case err != nil:
		return notFound(c)
	}
	return answer{status: http.StatusCreated, body: createdKey{plaintext, made.item()}}
}

func (s *Simulator) getKeys(c call) answer {
	keys, ok := s.listKeys(c.endpointID, c.fault.Lag)
	if !ok {
		return notFound(c)
	}
	items := make([]keyItem, len(keys))
	for i, key := range keys {
		items[i] = key.item()
	}
	return answer{status: http.StatusOK, body: items}
}

func (s *Simulator) removeKey(c call) answer {
	if !s.deleteKey(c.endpointID, c.keyID) {
		return notFound(c)
	}
	return answer{status: http.StatusNoContent}
}

func (s *Simulator) getEndpoint(c call) answer {
	found, ok := s.endpointByID(c.endpointID)
	if !ok {
		return notFound(c)
	}
	return answer{status: http.StatusOK, body: found.item()}
}

func (s *Simulator) getEndpoints(c call) answer {
	q, ok := readPage(c.query)
	projectID := c.query.Get("projectId")
	switch {
	case !ok:
		return wrongPage(c)
	case projectID == "" && s.requireProject:
		return refuse(c, http.StatusBadRequest, codeMissingArgument, "The projectId is missing.")
	}
	found := s.listEndpoints(func(e Endpoint) bool {
		return q.matches(e.Name) && s.sees(c.credential, e.ProjectID) && (projectID == "" || e.ProjectID == projectID)
	})
	page := pageOf(found, q, func(e endpoint) int { return e.sequence }, func(e endpoint) endpointItem { return e.item() })
	return answer{status: http.StatusOK, body: page}
}

func (s *Simulator) getProjects(c call) answer {
	q, ok := readPage(c.query)
	if !ok {
		return wrongPage(c)
	}
	found := s.listProjects(func(p project) bool { return q.matches(p.name) && s.sees(c.credential, p.id) })
	page := pageOf(found, q, func(p project) int { return p.sequence }, func(p project) projectItem {
		return projectItem{p.id, p.name}
	})
	return answer{status: http.StatusOK, body: page}
}

func wrongPage(c call) answer {
	return refuse(c, http.StatusBadRequest, codeInvalidArgument, "limit, skip, next or previous is not valid.")
}

func notFound(c call) answer {
	return refuse(c, http.StatusNotFound, codeNotFound, "The resource was not found.")
}

func (e Entry) item() keyItem {
	return keyItem{ID: e.ID, Name: e.Name, Preview: e.Preview, CreatedAt: e.CreatedAt.Unix()}
}

func (e Endpoint) item() endpointItem {
	return endpointItem{
		ID:        e.ID,
		Name:      e.Name,
		Channel:   e.Channel,
		FlowID:    e.FlowID,
		LocaleID:  e.LocaleID,
		URLToken:  e.URLToken,
		CreatedAt: e.CreatedAt.Unix(),
	}
}
