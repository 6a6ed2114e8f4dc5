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

const (
	// maxNameBytes is how much of a name the client keeps: its end. A name that Cognigy is known to accept has 200 characters.
	maxNameBytes = 800
	// maxKeysBytes is how many bytes of keys the client keeps of a list: those of some 30,000 resources.
	maxKeysBytes = 8 << 20
)

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

// Size is how much memory a key takes in a list, in bytes: what its texts take, and about as much as everything around them.
func (k Key) Size() int { return 128 + len(k.ID) + len(k.Name) + len(k.Preview) }

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

func (b keyBody) key() Key {
	return Key{
		ID: b.ID, Name: end(b.Name), Preview: masked(printable(b.Preview, MaxPreviewLength)),
	}
}

// end returns the end of a name that is too long to be kept.
func end(name string) string {
	if len(name) <= maxNameBytes {
		return name
	}
	return strings.Clone(strings.ToValidUTF8(name[len(name)-maxNameBytes:], ""))
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

// ListKeys lists those keys of an Endpoint that keep accepts, each once. However long the list is, the client keeps no others, so that
// keys that do not concern the caller cannot keep it from its own. It refuses an answer with a malformed id as a whole: Cognigy alone
// chooses ids, so that such an answer is not Cognigy's, and without the element, a key of the caller's could seem revoked.
func (c *Client) ListKeys(ctx context.Context, endpointID string, keep func(Key) bool) ([]Key, error) {
	var (
		entry keyBody
		keys  []Key
		size  int
		known = map[string]bool{}
	)
	err := c.do(ctx, call{method: http.MethodGet, route: routeKeys, ids: []string{endpointID}, each: func(decoder *json.Decoder) error {
		entry = keyBody{}
		if err := decoder.Decode(&entry); err != nil {
			return err
		}
		if !ValidID(entry.ID) {
			return errors.New("a listed key has no valid _id")
		}
		key := entry.key()
		if known[key.ID] || !keep(key) {
			return nil
		}
		if size += key.Size(); size > maxKeysBytes {
			// mutation: shorten-list
			return errTooManyKeys
		}
		known[key.ID], keys = true, append(keys, key)
		return nil
	}})
	if err != nil {
		return nil, err
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
