// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package condition

import (
	"net/http"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
)

// advice says for each kind of failed call which reason it has, whether a person must act, and what to do.
var advice = map[cognigy.Kind]Failure{
	cognigy.NotFound:         {Reason: v1alpha1.ReasonEndpointNotFound, Stalled: true, Message: "Cognigy knows no such Endpoint; check endpoint.id and the connection's baseURL"},
	cognigy.Unauthorized:     {Reason: v1alpha1.ReasonUnauthorized, Stalled: true, Message: "Cognigy rejects the credentials; put a valid API key, or what auth asks for instead, into the connection's credentials Secret"},
	cognigy.Forbidden:        {Reason: v1alpha1.ReasonForbidden, Stalled: true, Message: "the user of the connection's API key lacks a permission; grant it to that user in Cognigy, or use another user's API key"},
	cognigy.Invalid:          {Reason: v1alpha1.ReasonInvalidRequest, Stalled: true, Message: "Cognigy refuses the request; check displayName (letters, digits, spaces and hyphens are safe) and endpoint.id"},
	cognigy.Conflict:         {Reason: v1alpha1.ReasonConflict, Message: "Cognigy reports a conflict; the operator tries again"},
	cognigy.RateLimited:      {Reason: v1alpha1.ReasonRateLimited, Message: "Cognigy limits the rate of requests; the operator tries again later"},
	cognigy.Unavailable:      {Reason: v1alpha1.ReasonUnavailable, Message: "Cognigy is unreachable or fails; the operator tries again"},
	cognigy.Redirected:       {Reason: v1alpha1.ReasonUnexpectedAnswer, Stalled: true, Message: "baseURL answers with a redirect, which the operator does not follow because it would send the credentials along; create another connection with the address that the redirect leads to"},
	cognigy.Unexpected:       {Reason: v1alpha1.ReasonUnexpectedAnswer, Message: "the answer is not Cognigy's, or a proxy changed it; check the connection's baseURL; the operator tries again"},
	cognigy.HostNotAllowed:   {Reason: v1alpha1.ReasonHostNotAllowed, Stalled: true, Message: "the operator may not connect a CognigyConnection to this host; ask its administrator to add the host to --allowed-hosts, or to provide a ClusterCognigyConnection"},
	cognigy.KeysNotSupported: {Reason: v1alpha1.ReasonKeysNotSupported, Stalled: true, Message: "Cognigy knows the Endpoint, but no API keys of it; they exist for Webhook Endpoints from Cognigy.AI 2026.13 and for REST Endpoints from 2026.14; update Cognigy, or name another Endpoint; a resource that is being deleted is released with deletionPolicy: Retain"},
	cognigy.TooManyKeys:      {Reason: v1alpha1.ReasonTooManyKeys, Stalled: true, Message: "the Endpoint has more keys with names of the operator's form than the operator keeps in memory; revoke in Cognigy those that nothing uses, or set orphanPolicy: Revoke on the connection, so that the operator revokes those that have no EndpointAPIKey"},

	cognigy.NoToken:              {Reason: v1alpha1.ReasonTokenPending, Message: "the operator has no token for Cognigy yet; it tries again"},
	cognigy.ClientRejected:       {Reason: v1alpha1.ReasonUnauthorized, Stalled: true, Message: "Cognigy rejects the OAuth 2.0 client; put its id and its secret into the connection's credentials Secret, and permit it the grant of client credentials"},
	cognigy.ScopeRejected:        {Reason: v1alpha1.ReasonInvalidScope, Stalled: true, Message: "Cognigy does not give the OAuth 2.0 client a scope that it asks for; correct auth.oauth2.scopes, or permit the client these scopes"},
	cognigy.TokenRefused:         {Reason: v1alpha1.ReasonUnauthorized, Stalled: true, Message: "Cognigy gives the OAuth 2.0 client no token; check that the installation permits the grant of client credentials"},
	cognigy.BasicRejected:        {Reason: v1alpha1.ReasonUnauthorized, Stalled: true, Message: "Cognigy's management API rejects name and password; put those of a user of the Management UI into the connection's credentials Secret"},
	cognigy.SuperAPIKeysOff:      {Reason: v1alpha1.ReasonSuperAPIKeysOff, Stalled: true, Message: "the installation offers no super API keys; set FEATURE_USE_SUPERAPIKEY_API=true there, and check baseURL; if it is set, the name and the password in the connection's credentials Secret may be wrong"},
	cognigy.OrganisationNotFound: {Reason: v1alpha1.ReasonOrganisationNotFound, Stalled: true, Message: "the installation has no such organisation; correct auth.superAPIKey.organisationID"},
}

func ofCall(call *cognigy.Error) *Failure {
	failure := advice[call.Kind]
	failure.Message += ": " + call.Error()
	if call.Method == http.MethodPost && call.OutcomeUnknown {
		failure.Message += "; before it issues another key, the operator verifies whether this request made one"
	}
	return &failure
}
