// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
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

type endpointPage struct {
	Items      []endpointItem `json:"items"`
	Total      int            `json:"total"`
	NextCursor *string        `json:"nextCursor"`
	// PreviousCursor is always null: no documented parameter takes it.
	PreviousCursor *string `json:"previousCursor"`
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
	q := pageQuery{projectID: c.query.Get("projectId"), filter: c.query.Get("filter")}
	var limitOK, skipOK, nextOK bool
	q.limit, limitOK = number(c.query, "limit", 25, 1, 100)
	q.skip, skipOK = number(c.query, "skip", 0, 0, 1<<31-1)
	q.after, nextOK = decodeCursor(c.query.Get("next"))
	if !limitOK || !skipOK || !nextOK {
		return refuse(c, http.StatusBadRequest, codeInvalidArgument, "limit, skip or next is not valid.")
	}
	found := s.listEndpoints(q)
	result := endpointPage{Items: make([]endpointItem, len(found.items)), Total: found.total}
	for i, e := range found.items {
		result.Items[i] = e.item()
	}
	if found.next > 0 {
		result.NextCursor = new(encodeCursor(found.next))
	}
	return answer{status: http.StatusOK, body: result}
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

func number(query url.Values, name string, fallback, low, high int) (int, bool) {
	if !query.Has(name) {
		return fallback, true
	}
	n, err := strconv.Atoi(query.Get(name))
	return n, err == nil && low <= n && n <= high
}

// A cursor has 24 characters, as Cognigy's have, most of which no client can compute.
func encodeCursor(sequence int) string {
	position := fmt.Sprintf("%08x", sequence)
	return position + fingerprint("cursor " + position)[:16]
}

func decodeCursor(cursor string) (int, bool) {
	if cursor == "" {
		return 0, true
	}
	var sequence int
	_, err := fmt.Sscanf(cursor, "%08x", &sequence)
	return sequence, err == nil && cursor == encodeCursor(sequence)
}
