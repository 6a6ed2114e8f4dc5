// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// aspect is a part of what a connection needs to work.
type aspect string

// The aspects, in the order in which a request meets them.
const (
	aspectSpec        aspect = "spec"
	aspectSecret      aspect = "credentials Secret"
	aspectAuthorities aspect = "certificate authorities"
	aspectDNS         aspect = "DNS"
	aspectNetwork     aspect = "network"
	aspectTLS         aspect = "TLS"
	aspectAnswer      aspect = "answer (proxies)"
	aspectCredentials aspect = "credentials"
	aspectPermissions aspect = "permissions"
	aspectLimit       aspect = "rate limit"
)

var aspects = []aspect{
	aspectSpec, aspectSecret, aspectAuthorities, aspectDNS, aspectNetwork, aspectTLS, aspectAnswer, aspectCredentials, aspectPermissions, aspectLimit,
}

// aspectOf says which aspect fails, by the reason that a connection reports.
var aspectOf = map[string]aspect{
	v1alpha1.ReasonInvalidSpec:          aspectSpec,
	v1alpha1.ReasonHostNotAllowed:       aspectSpec,
	v1alpha1.ReasonCredentialsNotFound:  aspectSecret,
	v1alpha1.ReasonCredentialsInvalid:   aspectSecret,
	v1alpha1.ReasonCABundleNotFound:     aspectAuthorities,
	v1alpha1.ReasonCABundleInvalid:      aspectAuthorities,
	v1alpha1.ReasonUnavailable:          aspectNetwork,
	v1alpha1.ReasonUnexpectedAnswer:     aspectAnswer,
	v1alpha1.ReasonUnauthorized:         aspectCredentials,
	v1alpha1.ReasonInvalidScope:         aspectCredentials,
	v1alpha1.ReasonSuperAPIKeysOff:      aspectCredentials,
	v1alpha1.ReasonOrganisationNotFound: aspectCredentials,
	v1alpha1.ReasonTokenPending:         aspectCredentials,
	v1alpha1.ReasonForbidden:            aspectPermissions,
	v1alpha1.ReasonRateLimited:          aspectLimit,
}

// unreachable tells the causes of Unavailable apart, by the words of the operator's client for them.
var unreachable = []struct {
	words  string
	failed aspect
}{
	{"DNS does not resolve", aspectDNS},
	{"does not trust the server's certificate", aspectTLS},
	{"speaks http, not https", aspectTLS},
	{"HTTP 5", aspectAnswer},
	{"HTTP 4", aspectAnswer},
	{"proxy", aspectAnswer},
}

// failedAspect is the aspect in which a connection fails; "" if it works, or if nothing is known.
func failedAspect(said report) aspect {
	failed := aspectOf[said.reason]
	if said.reason != v1alpha1.ReasonUnavailable {
		return failed
	}
	for _, cause := range unreachable {
		if strings.Contains(said.message, cause.words) {
			return cause.failed
		}
	}
	return failed
}

// silent are the aspects that a connection's status does not tell apart where its readers must not learn what listens in the operator's network.
var silent = []aspect{aspectDNS, aspectNetwork, aspectTLS}

// isCoarse reports whether the status keeps from its readers why there was no answer: the operator's log has it.
func isCoarse(said report) bool {
	return strings.Contains(said.message, "the operator's log has the cause")
}
