// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// Changing how markers are made would lose sight of every key that exists.
func TestMarkerStays(t *testing.T) {
	const made = "k8s-7156b8d309-9261ceef0b969e70ac20f151-775659733cdbfa5a48756d72"
	if got := markerFor("6f2f6b1c-6f33-4c9d-8d0c-9c5a0f3f0d11", "0b4e7a52-3f0a-4b7e-9d5e-2f6a1c8b9d10"); got != made {
		t.Errorf("the marker is %s, was %s", got, made)
	}
}

// Cognigy's list tells when each key was made, whatever the time zone of the process.
func TestKeyNameTellsTheAttempt(t *testing.T) {
	attempt := time.Date(2026, 11, 22, 11, 0, 3, 123456789, time.FixedZone("CET", 3600))
	if got := plan.KeyName("My key", attempt, marker); got != "My key 20261122T100003123456Z "+marker {
		t.Errorf("got %q", got)
	}
}

func TestMarksNamespace(t *testing.T) {
	identity := plan.Identity{Cluster: "this", Former: []string{"before"}}
	for _, tt := range []struct {
		cluster, namespace string
		want               bool
	}{
		{"this", "crm", true}, {"before", "crm", true}, {"this", "crm2", false}, {"another", "crm", false},
	} {
		name := plan.KeyName("Key", time.Now(), plan.Marker(tt.cluster, plan.Owner{Namespace: tt.namespace, UID: "1"}))
		if got := identity.MarksNamespace(name, "crm"); got != tt.want {
			t.Errorf("%s, %s: got %t", tt.cluster, tt.namespace, got)
		}
	}
	for _, name := range []string{"", "k8s-1", plan.Marker("this", plan.Owner{Namespace: "crm", UID: "1"})} {
		if identity.MarksNamespace(name, "crm") {
			t.Errorf("%q has no marker", name)
		}
	}
}

var safe = regexp.MustCompile(`^k8s-[0-9a-f]{10}-[0-9a-f]{24}-[0-9a-f]{24}$`)

// Markers are letters, digits and hyphens of one length, whatever a cluster and an owner are called.
func TestMarkerAlphabet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cluster, owner := rapid.String().Draw(t, "cluster"), plan.Owner{
			Namespace: rapid.String().Draw(t, "namespace"), UID: rapid.String().Draw(t, "owner"),
		}
		made := plan.Marker(cluster, owner)
		if !safe.MatchString(made) {
			t.Fatalf("the marker %q is not safe", made)
		}
		if made != plan.Marker(cluster, owner) {
			t.Fatal("the marker is another one when asked again")
		}
		if other := plan.Marker(cluster, plan.Owner{Namespace: owner.Namespace, UID: owner.UID + "2"}); other == made {
			t.Fatal("two owners have one marker")
		}
		if other := plan.Marker(cluster, plan.Owner{Namespace: owner.Namespace + "2", UID: owner.UID}); other == made {
			t.Fatal("two namespaces have one marker")
		}
		if other := plan.Marker(cluster+"2", owner); other == made {
			t.Fatal("two clusters have one marker")
		}
	})
}

// A key's name fits Cognigy's limit and carries its own marker alone, whatever the display name is made of.
func TestKeyName(t *testing.T) {
	others := markerFor("cluster", "other")
	rapid.Check(t, func(t *rapid.T) {
		display := rapid.OneOf(
			rapid.String(), rapid.StringN(150, 250, -1), rapid.Just(others), rapid.Just(strings.Repeat("ü", 300)),
			rapid.Map(rapid.StringN(100, 200, -1), func(text string) string { return text + " " + others }),
		).Draw(t, "display name")
		name := plan.KeyName(display, start, marker)
		switch runes := utf8.RuneCountInString(name); {
		case runes > plan.MaxNameLength:
			t.Fatalf("the name has %d characters", runes)
		case !plan.HasMarker(name, marker):
			t.Fatalf("%q has lost its marker", name)
		case plan.HasMarker(name, others):
			t.Fatalf("%q has another resource's marker", name)
		case !utf8.ValidString(name):
			t.Fatalf("%q was cut inside a character", name)
		case utf8.RuneCountInString(display) <= plan.MaxDisplayNameLength && !strings.HasPrefix(name, display):
			t.Fatalf("%q does not begin with %q", name, display)
		}
	})
}

func TestKeyNameLength(t *testing.T) {
	if plan.MaxDisplayNameLength != 112 {
		t.Errorf("the CRD allows 112 characters, there is room for %d", plan.MaxDisplayNameLength)
	}
	const attempt = " 20261122T100000000000Z "
	for _, letter := range []string{"a", "ä", "鍵", "🔑"} {
		longest := strings.Repeat(letter, 112)
		if got := plan.KeyName(longest, start, marker); got != longest+attempt+marker || utf8.RuneCountInString(got) != 200 {
			t.Errorf("112 times %s became %q", letter, got)
		}
		if got := plan.KeyName(longest+letter, start, marker); got != longest+attempt+marker {
			t.Errorf("113 times %s became %q", letter, got)
		}
	}
}

func TestHasMarker(t *testing.T) {
	others := markerFor("cluster", "other")
	for name, want := range map[string]bool{
		"My key " + marker:                  true,
		others + " " + marker:               true,  // a display name that is another resource's marker changes nothing
		marker + " " + others:               false, // nor does one that is ours
		"My key " + marker + " ":            false,
		"My key " + marker + " copy":        false, // a user renamed it in Cognigy's UI
		"My key" + marker:                   false,
		"My key x" + marker:                 false,
		marker:                              false, // no name that we give is without a display name and a space
		" " + marker:                        true,
		"My key " + strings.ToUpper(marker): false,
		"My key":                            false,
		"":                                  false,
	} {
		if got := plan.HasMarker(name, marker); got != want {
			t.Errorf("HasMarker(%q) = %t", name, got)
		}
	}
}

func TestDefaultDisplayName(t *testing.T) {
	if got := plan.DefaultDisplayName("crm", "hooks.example.com"); got != "crm hooks-example-com" {
		t.Errorf("got %q: a dot is not known to be accepted by Cognigy", got)
	}
	longest := plan.DefaultDisplayName(strings.Repeat("n", 63), strings.Repeat("r", 253))
	if name := plan.KeyName(longest, start, marker); len(name) != plan.MaxNameLength || !plan.HasMarker(name, marker) {
		t.Errorf("the longest names become %q", name)
	}
}
