// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

const (
	oneWayMessage       = "a connection authenticates in one way: keep one of auth.apiKey, auth.superAPIKey, auth.oauth2 and auth.basic"
	organisationMessage = "an organisation id is 24 characters, each a lower-case letter or a digit; copy it from Cognigy's Management UI"
	lifetimeMessage     = "a lifetime is between 1m and 24h, in hours, minutes and seconds; write for example 15m"
	scopeMessage        = "a scope has printable characters, but no space, quotation mark or backslash; write several scopes as a list"
	bundleMessage       = "caBundle and caBundleRef both say which certificate authorities to trust; keep one of them"
	serverNameMessage   = "serverName is the name or the IP address in the server's certificate, without a scheme or a port; write for example cognigy.example.com"
	organisation        = "64f0c0ffee0123456789abcd"
)

// by has a connection authenticate in a way and in no other, with fields of that way changed.
func by(way string, with map[string]any) fields {
	auth := map[string]any{"secretRef": map[string]any{"name": "credentials"}}
	if way == "superAPIKey" {
		auth["organisationID"] = organisation
	}
	maps.Copy(auth, with)
	for name, value := range auth {
		if _, remove := value.(absent); remove {
			delete(auth, name)
		}
	}
	return fields{"spec.auth": map[string]any{way: auth}}
}

func TestWaysToAuthenticate(t *testing.T) {
	ref := map[string]any{"secretRef": map[string]any{"name": "credentials"}}
	for _, k := range connectionKinds {
		cases := []admission{
			{why: "two ways: which one counts?", with: fields{"spec.auth.basic": ref}, refused: oneWayMessage},
			{why: "a way that does not exist", with: fields{"spec.auth": map[string]any{"saml": ref}}, refused: authMessage},
		}
		for _, way := range []string{"superAPIKey", "oauth2", "basic"} {
			cases = append(cases, []admission{
				{why: way, with: by(way, nil)},
				{why: way + " without a Secret", with: by(way, map[string]any{"secretRef": absent{}}), refused: "spec.auth." + way + ".secretRef: Required value"},
				{why: way + " with a Secret elsewhere", with: by(way, map[string]any{"secretRef": map[string]any{"name": "other/credentials"}}), refused: nameMessage},
			}...)
		}
		for way, keys := range map[string][]string{
			"superAPIKey": {"usernameKey", "passwordKey"}, "basic": {"usernameKey", "passwordKey"}, "oauth2": {"clientIDKey", "clientSecretKey"},
		} {
			for _, key := range keys {
				named := func(value string) fields {
					return by(way, map[string]any{"secretRef": map[string]any{"name": "credentials", key: value}})
				}
				cases = append(cases, admission{why: way + " with another " + key, with: named("MY.key_1")},
					admission{why: way + " with no " + key, with: named(""), refused: dataKeyMessage})
			}
		}
		testAdmission(t, k, cases)
	}
}

func TestSuperAPIKey(t *testing.T) {
	id := func(value any) fields { return by("superAPIKey", map[string]any{"organisationID": value}) }
	lifetime := func(value any) fields { return by("superAPIKey", map[string]any{"lifetime": value}) }
	for _, k := range connectionKinds {
		testAdmission(t, k, []admission{
			{why: "of which organisation?", with: id(absent{}), refused: "spec.auth.superAPIKey.organisationID: Required value"},
			{why: "its name is not its id", with: id("acme"), refused: organisationMessage},
			{why: "a path is no id", with: id("../users/apikeys/0000000"), refused: organisationMessage},
			{why: "longer", with: id(organisation + "0"), refused: "spec.auth.superAPIKey.organisationID: Too long"},
			{why: "a minute is the least", with: lifetime("1m")},
			{why: "a day is the most", with: lifetime("24h0m0s")},
			{why: "less than the time between two", with: lifetime("59s"), refused: lifetimeMessage},
			{why: "more", with: lifetime("24h1s"), refused: lifetimeMessage},
			{why: "a number of what?", with: lifetime("15"), refused: lifetimeMessage},
			{why: "a number", with: lifetime(15), refused: "spec.auth.superAPIKey.lifetime: Invalid value"},
		})
	}
}

func TestOAuth2(t *testing.T) {
	scopes := func(values ...any) fields { return by("oauth2", map[string]any{"scopes": values}) }
	many := func(n int) (names []any) {
		for i := range n {
			names = append(names, fmt.Sprint("scope", i))
		}
		return names
	}
	for _, k := range connectionKinds {
		testAdmission(t, k, []admission{
			{why: "scopes", with: scopes("api:read", "https://cognigy.example/endpoints")},
			{why: "none", with: by("oauth2", map[string]any{"scopes": []any{}})},
			{why: "two in one", with: scopes("read write"), refused: scopeMessage},
			{why: "a quotation mark", with: scopes(`a"b`), refused: scopeMessage},
			{why: "a backslash", with: scopes(`a\b`), refused: scopeMessage},
			{why: "all other characters", with: scopes("!#$[]^`{|}~")},
			{why: "letters of others", with: scopes("Überblick"), refused: scopeMessage},
			{why: "empty", with: scopes(""), refused: "should be at least 1 chars long"},
			{why: "twice", with: scopes("a", "a"), refused: "Duplicate value"},
			{why: "the most", with: scopes(many(32)...)},
			{why: "more", with: scopes(many(33)...), refused: "Too many"},
			{why: "the longest", with: scopes(long(256))},
			{why: "longer", with: scopes(long(257)), refused: "Too long"},
		})
	}
}

func TestCABundleRef(t *testing.T) {
	ref := func(value map[string]any) fields { return fields{"spec.caBundleRef": value} }
	bundle := base64.StdEncoding.EncodeToString([]byte("a bundle"))
	for _, k := range connectionKinds {
		testAdmission(t, k, []admission{
			{why: "a ConfigMap", with: ref(map[string]any{"name": "authorities"})},
			{why: "a Secret", with: ref(map[string]any{"kind": "Secret", "name": "authorities", "key": "tls.crt"})},
			{why: "something else", with: ref(map[string]any{"kind": "Pod", "name": "authorities"}), refused: `spec.caBundleRef.kind: Unsupported value: "Pod"`},
			{why: "which one?", with: ref(map[string]any{"kind": "Secret"}), refused: "spec.caBundleRef.name: Required value"},
			{why: "one elsewhere", with: ref(map[string]any{"name": "kube-system/authorities"}), refused: nameMessage},
			{why: "an empty data key", with: ref(map[string]any{"name": "authorities", "key": ""}), refused: dataKeyMessage},
			{why: "two bundles: which one counts?", with: fields{
				"spec.caBundle": bundle, "spec.caBundleRef": map[string]any{"name": "authorities"},
			}, refused: bundleMessage},
		})
	}
}

func TestServerName(t *testing.T) {
	name := func(value any) fields { return fields{"spec.serverName": value} }
	for _, k := range connectionKinds {
		testAdmission(t, k, []admission{
			{why: "a name", with: name("Cognigy.example.com")},
			{why: "a name of a cluster", with: name("service-endpoint")},
			{why: "an address", with: name("10.0.0.1")},
			{why: "of IPv6", with: name("fd00::1")},
			{why: "empty, as from an unset template value", with: name(""), refused: serverNameMessage},
			{why: "a URL", with: name("https://cognigy.example.com"), refused: serverNameMessage},
			{why: "a port", with: name("cognigy.example.com:443"), refused: serverNameMessage},
			{why: "a pattern would match what nobody meant", with: name("*.example.com"), refused: serverNameMessage},
			{why: "the longest", with: name(strings.Repeat("a", 253))},
			{why: "longer", with: name(strings.Repeat("a", 254)), refused: "spec.serverName: Too long"},
		})
	}
}

func TestSuperKeyMintedAt(t *testing.T) {
	at := func(value any) fields { return fields{"status.superKeyMintedAt": value} }
	for _, k := range connectionKinds {
		testStatus(t, k, []admission{
			{why: "as the operator writes it", with: at("2026-11-22T10:00:00.000001Z")},
			{why: "a time that Go writes otherwise", with: at("2026-11-22T10:00:00Z"), refused: "should match"},
			{why: "no time", with: at("now"), refused: "date-time"},
		})
	}
}

// What is left out is what most Secrets have.
func TestAuthDefaults(t *testing.T) {
	g := NewWithT(t)
	created := func(with fields) v1alpha1.ConnectionSpec {
		name := newName()
		_, err := connections.create(t, connections.manifest(t, name, with))
		g.Expect(err).NotTo(HaveOccurred())
		return *connections.get(t, name).(v1alpha1.Connection).GetConnectionSpec()
	}
	super := created(by("superAPIKey", nil)).Auth.SuperAPIKey
	g.Expect(super.SecretRef).To(Equal(v1alpha1.BasicSecretReference{Name: "credentials", UsernameKey: "username", PasswordKey: "password"}))
	g.Expect(super.Lifetime.Value()).To(Equal((*v1alpha1.Lifetime)(nil).Value()))
	g.Expect(created(by("oauth2", nil)).Auth.OAuth2.SecretRef).To(Equal(
		v1alpha1.OAuth2SecretReference{Name: "credentials", ClientIDKey: "client-id", ClientSecretKey: "client-secret"}))
	g.Expect(created(fields{"spec.caBundleRef": map[string]any{"name": "authorities"}}).CABundleRef).To(Equal(
		&v1alpha1.CABundleReference{Kind: v1alpha1.CABundleKindConfigMap, Name: "authorities", Key: "ca.crt"}))
}
