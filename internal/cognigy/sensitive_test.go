// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/go-logr/logr/funcr"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/format"
	"go.yaml.in/yaml/v3"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
)

// plaintextPattern fits the plaintexts that the simulator makes up, and nothing else that may be told.
var plaintextPattern = regexp.MustCompile(`[0-9a-f]{40,}`)

// renderings are all the ways in which a value ends up in a log, an event, a status or a file.
func renderings(v any) map[string]string {
	all := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%q", "%s", "%d", "%x", "%X", "%t", "%p", "%10.3s", "%[1]*v", "%!", "%w"} {
		all[verb] = fmt.Sprintf(verb, v)
	}
	all["Sprint"], all["Errorf"] = fmt.Sprint(v), fmt.Errorf("wrapped: %v", v).Error()
	asJSON, err := json.Marshal(v)
	all["json"] = fmt.Sprint(string(asJSON), err)
	asXML, err := xml.Marshal(v)
	all["xml"] = fmt.Sprint(string(asXML), err)
	all["yaml"] = renderYAML(v)
	var text, structured, debug bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("message", "value", v, slog.Group("group", "value", v))
	slog.New(slog.NewJSONHandler(&structured, nil)).Info("message", "value", v, slog.Group("group", "value", v))
	all["slog text"], all["slog JSON"] = text.String(), structured.String()
	toDebug := func(prefix, args string) { debug.WriteString(prefix + args) }
	logger := funcr.New(toDebug, funcr.Options{Verbosity: 10})
	logger.WithValues("context", v).Info("message", "value", v)
	if err, ok := v.(error); ok {
		logger.Error(err, "message")
	}
	all["logr"] = debug.String()
	all["reflection"] = format.Object(v, 1) // of gomega, which walks unexported fields too
	return all
}

// renderYAML says so where yaml panics, which it does on functions and channels.
func renderYAML(v any) (text string) {
	defer func() {
		if problem := recover(); problem != nil {
			text = fmt.Sprint(problem)
		}
	}()
	out, err := yaml.Marshal(v)
	return fmt.Sprint(string(out), err)
}

func expectNoSecret(t *testing.T, v any) {
	t.Helper()
	for how, text := range renderings(v) {
		if hexed := fmt.Sprintf("%x", canary); strings.Contains(strings.ToLower(text), canary) || strings.Contains(strings.ToLower(text), hexed) {
			t.Errorf("a secret comes out by %s: %s", how, text)
		}
		// A hexadecimal rendering of harmless text looks like a plaintext.
		if !strings.EqualFold(how, "%x") && plaintextPattern.MatchString(text) {
			t.Errorf("what may be a plaintext comes out by %s: %s", how, text)
		}
	}
}

func TestNothingPrintsWhatIsSensitive(t *testing.T) {
	type holder struct {
		Shown  cognigy.Sensitive
		hidden cognigy.Sensitive
		list   []cognigy.Sensitive
		byName map[string]*cognigy.Sensitive
	}
	secret := cognigy.NewSensitive(canary)
	held := holder{Shown: secret, hidden: secret, list: []cognigy.Sensitive{secret}, byName: map[string]*cognigy.Sensitive{"a": &secret}}
	client := newClient(t, "https://cognigy.example.com")
	cases := []struct {
		why   string
		value any
	}{
		{"it is passed to a logger as it is", secret},
		{"a pointer has the methods as well", &secret},
		{"the zero value is what a missing credential is", cognigy.Sensitive{}},
		{"formatters cannot call methods of unexported fields, and walk them by reflection", held},
		{"nor those behind a pointer", &held},
		{"an interface hides the type", []any{secret, &secret, map[string]any{"a": secret}}},
		{"configurations are logged when something does not work", config("https://cognigy.example.com")},
		{"so are pointers to them", new(config("https://cognigy.example.com"))},
		{"a client is part of larger structures that are dumped", client},
		{"an API key is in what authenticates", cognigy.APIKey(secret)},
		{"so are other credentials", []cognigy.Authenticator{
			cognigy.Basic(secret, secret), cognigy.OAuth2(cognigy.OAuth2Client{ID: secret, Secret: secret}),
			cognigy.SuperAPIKey(cognigy.SuperAPIKeySource{Username: secret, Password: secret}),
		}},
		{"a new key is what a caller is most tempted to log", &cognigy.IssuedKey{Plaintext: secret}},
		{"a key may be logged by value", cognigy.IssuedKey{Key: cognigy.Key{ID: endpointID}, Plaintext: secret}},
	}
	for _, c := range cases {
		t.Run(c.why, func(t *testing.T) { expectNoSecret(t, c.value) })
	}
}

// A log shows that there was a value, so that readers do not take it for an empty credential.
func TestSensitiveSaysThatItIsRedacted(t *testing.T) {
	g := NewWithT(t)
	secret := cognigy.NewSensitive(canary)
	for _, how := range []string{"%v", "%+v", "%#v", "%q", "%s", "%d", "%x", "json", "yaml", "xml", "slog text", "slog JSON", "logr", "Sprint"} {
		g.Expect(renderings(secret)[how]).To(ContainSubstring("[redacted]"), how)
	}
	text, err := secret.MarshalText()
	g.Expect(string(text), err).To(Equal("[redacted]"))
}

func TestRevealReturnsTheValue(t *testing.T) {
	g := NewWithT(t)
	secret := cognigy.NewSensitive(canary)
	held := secret
	g.Expect(held.Reveal()).To(Equal(canary), "a copy holds the same value")
	g.Expect(cognigy.Sensitive{}.Reveal()).To(BeEmpty(), "the zero value must not panic")
}

// A struct that is decoded from what it was encoded to must not hold the placeholder as if it were the credential.
func TestSensitiveCannotBeReadBack(t *testing.T) {
	var held struct{ Secret cognigy.Sensitive }
	NewWithT(t).Expect(json.Unmarshal([]byte(`{"Secret":"[redacted]"}`), &held)).NotTo(Succeed())
}
