// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

func TestOtherIdentityKeys(t *testing.T) {
	existing := plan.NewOwnerDigests([]plan.Owner{{Namespace: "crm", UID: "alive"}, {Namespace: "shop", UID: "neighbour"}})
	now := plan.Identity{Cluster: "now", Former: []string{"former"}}
	earlier := plan.Marker("earlier", plan.Owner{Namespace: "crm", UID: "alive"})
	for _, c := range []struct {
		why, name string
		want      bool
	}{
		{"An existing resource's key under an identity that nobody names was left behind.", plan.KeyName("x", start, earlier), true},
		{"Its attempt and its display name change nothing.", " " + earlier, true},
		{"A display name with another marker changes nothing.", markerFor("now", "alive") + " " + earlier, true},
		{"A key of the identity of now is managed.", "x " + plan.Marker("now", plan.Owner{Namespace: "crm", UID: "alive"}), false},
		{"So is one of a former identity.", "x " + plan.Marker("former", plan.Owner{Namespace: "crm", UID: "alive"}), false},
		{"The key of a resource that does not exist may be another cluster's.", "x " + plan.Marker("earlier", plan.Owner{Namespace: "crm", UID: "dead"}), false},
		{"So may one of another namespace: no resource has this UID there.", "x " + plan.Marker("earlier", plan.Owner{Namespace: "shop", UID: "alive"}), false},
		{"A key that someone renamed has no marker.", "x " + earlier + " copy", false},
		{"Nor has one without the space before it.", "x" + earlier, false},
		{"Nor one in capitals.", "x " + strings.ToUpper(earlier), false},
		{"Nor one that is cut.", "x " + earlier[:len(earlier)-1], false},
		{"A key that a person made is that person's.", "by hand", false},
		{"No name is no marker.", "", false},
	} {
		got := plan.OtherIdentityKeys(now, endpointID, []plan.Key{{ID: "k1", Name: c.name, Preview: "8a4f"}}, existing)
		var want []plan.MarkedKey
		if c.want {
			want = []plan.MarkedKey{{EndpointID: endpointID, ID: "k1", Preview: "8a4f", Marker: earlier}}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s Got %v of %q", c.why, got, c.name)
		}
	}
}

// A scan revokes orphans, and reports keys of other identities: no key is both, whatever the clusters and owners are called.
func TestOtherIdentityKeysAreNoOrphans(t *testing.T) {
	names := rapid.SampledFrom([]string{"a", "b", "c"})
	rapid.Check(t, func(t *rapid.T) {
		own := plan.Identity{Cluster: names.Draw(t, "cluster"), Former: rapid.SliceOf(names).Draw(t, "former")}
		existing := []plan.Owner{{Namespace: names.Draw(t, "namespace"), UID: names.Draw(t, "uid")}}
		key := plan.Key{ID: "k1", Name: plan.KeyName("x", start, plan.Marker(names.Draw(t, "maker"), plan.Owner{
			Namespace: names.Draw(t, "key's namespace"), UID: names.Draw(t, "key's uid"),
		}))}
		others := plan.OtherIdentityKeys(own, endpointID, []plan.Key{key}, plan.NewOwnerDigests(existing))
		orphans := plan.Orphans(plan.MarkedKeys(own, endpointID, []plan.Key{key}), plan.NewExistingOwners(own, existing), nil)
		if len(others) > 0 && len(orphans) > 0 {
			t.Fatalf("%v is of another identity and an orphan", key)
		}
	})
}

func TestIdentityHashes(t *testing.T) {
	var keys []plan.MarkedKey
	for _, cluster := range []string{"b", "a", "b"} {
		keys = append(keys, plan.MarkedKey{Marker: markerFor(cluster, "alive")})
	}
	// As `printf %s a | sha256sum` prints them.
	if got := plan.IdentityHashes(keys, 10); !slices.Equal(got, []string{"3e23e81600", "ca978112ca"}) {
		t.Errorf("got %v", got)
	}
	if got := plan.IdentityHashes(keys, 1); !slices.Equal(got, []string{"3e23e81600"}) {
		t.Errorf("one at most: %v", got)
	}
	if got := plan.IdentityHashes(nil, 10); len(got) != 0 {
		t.Errorf("no keys have %v", got)
	}
}
