// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"context"
	"strings"
	"unicode"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
)

// method is the way to authenticate that a connection's spec chooses.
type method struct {
	secret v1alpha1.ObjectName
	data   []datum // of the Secret
	// open returns an Authenticator of the values of data, in its order. Permit is cognigy.SuperAPIKeySource's.
	open func(values []cognigy.Sensitive, permit func(context.Context) error) cognigy.Authenticator
}

// datum is a part of the credentials.
type datum struct {
	key   v1alpha1.DataKey
	field string // of the spec, that names the data key
	what  string // belongs there
	trim  func(string) string
	// unfit reports whether a value cannot have a character.
	unfit func(rune) bool
}

// methodOf returns the method of a spec, or nil if it has none that this version of the operator knows.
func methodOf(auth v1alpha1.Auth) *method {
	switch {
	case auth.APIKey != nil:
		return ofAPIKey(auth.APIKey.SecretRef)
	case auth.SuperAPIKey != nil:
		return ofSuperAPIKey(auth.SuperAPIKey)
	case auth.OAuth2 != nil:
		return ofOAuth2(auth.OAuth2)
	case auth.Basic != nil:
		return &method{
			secret: auth.Basic.SecretRef.Name, data: basicData(auth.Basic.SecretRef, "auth.basic.secretRef", "Cognigy"),
			open: func(values []cognigy.Sensitive, _ func(context.Context) error) cognigy.Authenticator {
				return cognigy.Basic(values[0], values[1])
			},
		}
	default:
		return nil
	}
}

func ofAPIKey(ref v1alpha1.SecretKeyReference) *method {
	return &method{
		secret: ref.Name,
		data: []datum{{
			key: ref.Key, field: "auth.apiKey.secretRef.key", what: "a Cognigy API key", trim: strings.TrimSpace,
			unfit: func(r rune) bool { return r <= ' ' || r > '~' },
		}},
		open: func(values []cognigy.Sensitive, _ func(context.Context) error) cognigy.Authenticator {
			return cognigy.APIKey(values[0])
		},
	}
}

func ofSuperAPIKey(auth *v1alpha1.SuperAPIKeyAuth) *method {
	return &method{
		secret: auth.SecretRef.Name, data: basicData(auth.SecretRef, "auth.superAPIKey.secretRef", "the Management UI"),
		open: func(values []cognigy.Sensitive, permit func(context.Context) error) cognigy.Authenticator {
			return cognigy.SuperAPIKey(cognigy.SuperAPIKeySource{
				OrganisationID: string(auth.OrganisationID), Username: values[0], Password: values[1], Lifetime: auth.Lifetime.Value(), Permit: permit,
			})
		},
	}
}

func ofOAuth2(auth *v1alpha1.OAuth2Auth) *method {
	const ref = "auth.oauth2.secretRef"
	return &method{
		secret: auth.SecretRef.Name,
		data: []datum{
			{auth.SecretRef.ClientIDKey, ref + ".clientIDKey", "the id of an OAuth 2.0 client", trimLineBreaks, unicode.IsControl},
			{auth.SecretRef.ClientSecretKey, ref + ".clientSecretKey", "the secret of an OAuth 2.0 client", trimLineBreaks, unicode.IsControl},
		},
		open: func(values []cognigy.Sensitive, _ func(context.Context) error) cognigy.Authenticator {
			client := cognigy.OAuth2Client{ID: values[0], Secret: values[1]}
			for _, scope := range auth.Scopes {
				client.Scopes = append(client.Scopes, string(scope))
			}
			return cognigy.OAuth2(client)
		},
	}
}

func basicData(ref v1alpha1.BasicSecretReference, field, of string) []datum {
	return []datum{
		{
			ref.UsernameKey, field + ".usernameKey", "the name of a user of " + of, trimLineBreaks,
			func(r rune) bool { return r == ':' || unicode.IsControl(r) }, // a colon ends the name
		},
		{ref.PasswordKey, field + ".passwordKey", "the password of a user of " + of, trimLineBreaks, unicode.IsControl},
	}
}

// trimLineBreaks is for values that may have spaces: files end with a newline.
func trimLineBreaks(value string) string { return strings.Trim(value, "\r\n") }
