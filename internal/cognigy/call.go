// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import (
	"encoding/json"
	"net/url"
	"strings"
)

// call is a request and what its answer has to be.
type call struct {
	method string
	root   string   // below which the route is; apiRoot if empty
	route  string   // template of the path below root, for errors and metrics too
	ids    []string // for the route's placeholders
	query  url.Values
	body   any // sent as JSON unless nil
	answer any // decoded from JSON unless nil
	// each decodes one element of an answer that is a JSON array. The client reads such an answer element by element, and keeps none.
	each func(*json.Decoder) error
}

// path fills the route's placeholders. It accepts nothing but ids, since ".." would lead to another route.
func (c call) path() (string, error) {
	path := c.route
	for _, id := range c.ids {
		if !idPattern.MatchString(id) {
			return "", &Error{
				Kind: Invalid, Method: c.method, Route: c.route,
				detail: "the id of an Endpoint or key has 24 lower-case letters and digits; the operator sent nothing",
			}
		}
		before, rest, _ := strings.Cut(path, "{")
		_, after, _ := strings.Cut(rest, "}")
		path = before + id + after
	}
	return path, nil
}
