// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"
)

const (
	routeKeys = "/endpoints/{endpointId}/apikeys"
	routeKey  = "/endpoints/{endpointId}/apikeys/{apiKeyId}"
)

var idPattern = regexp.MustCompile(`^[a-z0-9]{24}$`)

// MaxPreviewLength is how many characters of a preview the operator reports at most.
const MaxPreviewLength = 256

// ValidID reports whether a text is an id as Cognigy documents it.
func ValidID(text string) bool { return idPattern.MatchString(text) }

// Key is an API key of an Endpoint as Cognigy lists it.
type Key struct {
	ID      string // ^[a-z0-9]{24}$
	Name    string
	Preview string // first 4 characters, a mask, last 4
}

// IssuedKey is a new key with its plaintext, which Cognigy shows this once.
type IssuedKey struct {
	Key
	Plaintext Sensitive
}

type keyBody struct {
	ID      string `json:"_id"`
	Name    string `json:"name"`
	Preview string `json:"keyPreview"`
}

// listedKey is an entry of a list. The first one without a valid id ends the decoding, so that a million entries that are no keys
// take no memory.
type listedKey struct{ keyBody }

func (k *listedKey) UnmarshalJSON(data []byte) error {
	if err := json.Unmarshal(data, &k.keyBody); err != nil {
		return err
	}
	if !ValidID(k.ID) {
		return errors.New("a listed key has no valid _id")
	}
	return nil
}

func (b keyBody) key() Key {
	return Key{
		ID: b.ID, Name: b.Name, Preview: masked(printable(b.Preview, MaxPreviewLength)),
	}
}

// masked hides the middle of a preview that shows it, since the operator reports previews.
func masked(preview string) string {
	const shown = 4
	runes := []rune(preview)
	if strings.ContainsRune(preview, '•') || len(runes) <= 2*shown {
		return preview
	}
	return string(runes[:shown]) + strings.Repeat("•", 2*shown) + string(runes[len(runes)-shown:])
}

// CreateKey makes a key. It sends one request and never repeats it. If the error's OutcomeUnknown is set, a key may exist all the
// same: the caller finds it in a list by its name.
func (c *Client) CreateKey(ctx context.Context, endpointID, name string) (*IssuedKey, error) {
	var answer struct {
		keyBody
		Plaintext string `json:"key"`
	}
	request := call{
		method: http.MethodPost, route: routeKeys, ids: []string{endpointID},
		body: map[string]string{"name": name}, answer: &answer,
	}
	// mutation: repeat-post
	if err := c.do(ctx, request); err != nil {
		return nil, err
	}
	plaintext := answer.Plaintext
	answer.Plaintext = ""
	switch {
	case !ValidID(answer.ID):
		return nil, unexpected(request, http.StatusCreated, "the new key has no valid _id")
	case plaintext == "" || strings.ContainsFunc(plaintext, unfitForHeader):
		return nil, unexpected(request, http.StatusCreated, "the new key has no usable plaintext")
	}
	return &IssuedKey{Key: answer.key(), Plaintext: NewSensitive(plaintext)}, nil
}

// unfitForHeader reports whether a character cannot be part of a key, which callers send in a header.
func unfitForHeader(r rune) bool { return r <= ' ' || r > '~' }

// ListKeys lists the keys of an Endpoint. It refuses an answer with a malformed id as a whole.
func (c *Client) ListKeys(ctx context.Context, endpointID string) ([]Key, error) {
	answer := []listedKey(nil)
	request := call{
		method: http.MethodGet, route: routeKeys, ids: []string{endpointID}, answer: &answer,
	}
	if err := c.do(ctx, request); err != nil {
		return nil, err
	}
	// JSON null decodes without an error, but is no list: if it counted as an empty one, every key would seem revoked.
	if answer == nil {
		return nil, unexpected(request, http.StatusOK, "the list of keys is missing")
	}
	keys := make([]Key, 0, len(answer))
	for _, entry := range answer {
		keys = append(keys, entry.key())
	}
	return keys, nil
}

// DeleteKey revokes a key. A key that Cognigy does not know counts as revoked. The caller confirms the success by ListKeys, since
// the answer is not documented.
func (c *Client) DeleteKey(ctx context.Context, endpointID, keyID string) error {
	err := c.do(ctx, call{
		method: http.MethodDelete, route: routeKey, ids: []string{endpointID, keyID},
	})
	if IsKind(err, NotFound) {
		return nil
	}
	return err
}
