// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy

import (
	"context"
	"net/http"
	"strings"
	"time"
)

const (
	managementRoot    = "/new/management/v2.0"
	routeSuperAPIKeys = "/organisations/{organisationId}/apikeys"
)

// SuperAPIKeySource is where super API keys of an on-premise installation come from: its management API, if
// FEATURE_USE_SUPERAPIKEY_API is true there. A super API key acts on everything in its organisation, and can be neither listed nor
// revoked, so that few are to be made.
type SuperAPIKeySource struct {
	OrganisationID     string
	Username, Password Sensitive     // of the Management UI
	Lifetime           time.Duration // how long a key works; the installation decides it, and no answer tells
	// Permit is called before each request for a key. Its error keeps the request from being sent, and is in the chain of the Error.
	Permit func(context.Context) error
}

// SuperAPIKey authenticates by super API keys, each of which it replaces before it expires.
func SuperAPIKey(source SuperAPIKeySource) Authenticator {
	keys := superAPIKeys{source: source}
	return &token{header: headerAPIKey, obtain: keys.obtain}
}

// superAPIKeys makes the keys of a source.
type superAPIKeys struct {
	source  SuperAPIKeySource
	refusal error // why Cognigy refused the latest; nil if it did not
}

// obtain makes a key. While it is not permitted to make another one, Cognigy's refusal of the one before stands.
func (k *superAPIKeys) obtain(ctx context.Context, through *exchanger) (Sensitive, time.Duration, error) {
	// mutation: super-api-keys-without-pause
	if err := k.source.Permit(ctx); err != nil {
		if k.refusal != nil {
			err = k.refusal
		}
		return Sensitive{}, 0, err
	}
	var answer struct {
		Key string `json:"apiKey"`
	}
	request := call{
		method: http.MethodPost, root: managementRoot, route: routeSuperAPIKeys, ids: []string{k.source.OrganisationID}, answer: &answer,
	}
	err := k.post(ctx, through, request)
	k.refusal = refusalOf(err)
	key := answer.Key
	answer.Key = ""
	if err == nil && (key == "" || strings.ContainsFunc(key, unfitForHeader)) {
		err = unexpected(request, http.StatusOK, "the new super API key has no usable plaintext")
	}
	return NewSensitive(key), k.source.Lifetime, err
}

func (k *superAPIKeys) post(ctx context.Context, through *exchanger, call call) error {
	request, err := through.newRequest(ctx, call)
	if err != nil {
		return err
	}
	through.accountForRequest()
	request.Header.Set(headerAuthorization, basicCredentials(k.source.Username, k.source.Password).Reveal())
	err = through.exchange(request, call)
	if failure := AsError(err); failure != nil {
		failure.Kind = superAPIKeyFailure(failure)
	}
	return err
}

// superAPIKeyFailure tells why there is no super API key. The vendor does not document how: where the feature is off, the route is
// not served, or the request meets the authentication of the API, which does not ask for Basic credentials.
func superAPIKeyFailure(failure *Error) Kind {
	switch {
	case failure.Status == http.StatusUnauthorized && failure.challenged:
		return BasicRejected
	case failure.Kind == NotFound, failure.Kind == Invalid:
		return OrganisationNotFound
	case failure.Status == http.StatusUnauthorized, failure.Status == http.StatusNotFound, failure.Status == http.StatusMethodNotAllowed:
		return SuperAPIKeysOff
	default:
		return failure.Kind
	}
}

// refusalOf returns an error that the same request would meet again, or nil.
func refusalOf(err error) error {
	if AboutCredentials(err) || IsKind(err, Forbidden) {
		return err
	}
	return nil
}
