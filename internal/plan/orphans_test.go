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

// A key that is not certainly ours is never touched: a marker of this cluster, to the letter, at the very end of the name.
var identity = plan.Identity{Cluster: "cluster"}

func TestMarkedKeys(t *testing.T) {
	for name, want := range map[string]bool{
		"My key " + marker: true,
		" " + marker:       true,
		plan.KeyName("My key", start, markerFor("cluster", "whoever")): true,
		markerFor("other", "owner") + " " + marker:                     true, // what a display name looks like changes nothing
		plan.KeyName("My key", start, markerFor("other", "owner")):     false,
		marker + " " + markerFor("other", "owner"):                     false,
		marker:                                      false, // no name that we give is without a display name and a space
		"My key" + marker:                           false,
		"My key x" + marker:                         false,
		"My key\t" + marker:                         false,
		"My key " + marker + " ":                    false,
		"My key " + marker + " copy":                false, // a user renamed it in Cognigy's UI
		"My key " + marker + "0":                    false,
		"My key " + marker[:len(marker)-1]:          false,
		"My key " + marker[:len(marker)-1] + "g":    false, // not hexadecimal
		"My key " + marker[:len(marker)-1] + "A":    false,
		"My key " + marker[:39] + "0" + marker[40:]: false, // no hyphen between namespace and owner
		"My key " + marker[:15]:                     false,
		"My key " + marker[:14]:                     false,
		"My key K" + marker[1:]:                     false,
		"My key k8s_" + marker[4:]:                  false,
		"My key " + strings.ToUpper(marker):         false,
		"My key":                                    false,
		"":                                          false,
	} {
		got := plan.MarkedKeys(identity, endpointID, []plan.Key{{ID: "k1", Name: name, Preview: "8a4f"}})
		if !want && len(got) == 0 {
			continue
		}
		if !want || len(got) != 1 || got[0].EndpointID != endpointID || got[0].ID != "k1" || got[0].Preview != "8a4f" || !strings.HasSuffix(name, " "+got[0].Marker) {
			t.Errorf("MarkedKeys(%q) = %v", name, got)
		}
	}
}

// ownersOf are resources of one namespace of the cluster.
func ownersOf(uids []string) plan.ExistingOwners {
	var owners []plan.Owner
	for _, uid := range uids {
		owners = append(owners, plan.Owner{Namespace: "crm", UID: uid})
	}
	return plan.NewExistingOwners(identity, owners)
}

// record is a Secret's record.
func record(uid, keyID string) plan.RecordedKeys {
	keys := plan.RecordedKeys{}
	keys.Add(identity, plan.Owner{Namespace: "crm", UID: uid}, keyID)
	return keys
}

func TestOrphans(t *testing.T) {
	mark := func(id, owner string) plan.MarkedKey {
		return plan.MarkedKey{EndpointID: endpointID, ID: id, Marker: markerFor("cluster", owner)}
	}
	dead, alive := mark("k1", "dead"), mark("k2", "alive")
	for _, c := range []struct {
		why      string
		marked   []plan.MarkedKey
		existing []string
		recorded plan.RecordedKeys
		want     []plan.MarkedKey
	}{
		{"An owner that is not there any more leaves an orphan; one that is there does not.", []plan.MarkedKey{dead, alive}, []string{"alive"}, nil, []plan.MarkedKey{dead}},
		{"All keys of an owner, however many.", []plan.MarkedKey{alive, mark("k3", "alive")}, []string{"alive"}, nil, nil},
		{"Without any owner, every key is one.", []plan.MarkedKey{dead, alive}, nil, nil, []plan.MarkedKey{dead, alive}},
		{"A Secret that records the key keeps it: it was retained.", []plan.MarkedKey{dead}, nil, record("dead", "k1"), nil},
		{"A Secret that records another key does not.", []plan.MarkedKey{dead}, nil, record("dead", "k2"), []plan.MarkedKey{dead}},
		{"A key is known by its id, an owner by its UID: neither passes for the other.", []plan.MarkedKey{dead}, []string{"k1"}, record("k1", "dead"), []plan.MarkedKey{dead}},
		{"A Secret of another owner's does not keep it.", []plan.MarkedKey{dead}, nil, record("another", "k1"), []plan.MarkedKey{dead}},
		{"No keys, no orphans.", nil, []string{"alive"}, nil, nil},
	} {
		if got := plan.Orphans(c.marked, ownersOf(c.existing), c.recorded); !slices.Equal(got, c.want) {
			t.Errorf("%s Got %v", c.why, got)
		}
	}
}

func TestStandingOf(t *testing.T) {
	key := plan.MarkedKey{EndpointID: endpointID, ID: "k1", Marker: markerFor("cluster", "owner")}
	for _, c := range []struct {
		existing []string
		recorded plan.RecordedKeys
		want     plan.Standing
	}{
		{nil, nil, plan.Orphaned},
		{[]string{"another"}, record("another", "k1"), plan.Orphaned},
		{[]string{"owner"}, nil, plan.Owned},
		{[]string{"owner"}, record("owner", "k1"), plan.Owned},
		{nil, record("owner", "k1"), plan.Recorded},
	} {
		if got := plan.StandingOf(key, ownersOf(c.existing), c.recorded); got != c.want {
			t.Errorf("with owners %v and records %v: %q", c.existing, c.recorded, got)
		}
	}
}

func TestRevocable(t *testing.T) {
	keys := []plan.MarkedKey{{ID: "k1"}, {ID: "k2"}}
	for _, c := range []struct {
		all   bool
		named map[string]bool
		want  []plan.MarkedKey
	}{
		{false, nil, nil},
		{false, map[string]bool{"k2": true, "k3": true}, keys[1:]},
		{true, nil, keys},
		{true, map[string]bool{"k1": true}, keys},
	} {
		if got := plan.Revocable(keys, c.all, c.named); !slices.Equal(got, c.want) {
			t.Errorf("all: %t, named: %v: %v", c.all, c.named, got)
		}
	}
}

// Keys of existing owners are no orphans, whatever other keys, owners and clusters there are.
func TestExistingOwnersKeepTheirKeys(t *testing.T) {
	owners := rapid.SliceOf(rapid.StringMatching(`[a-f0-9]{1,3}`))
	rapid.Check(t, func(t *rapid.T) {
		existing, others := owners.Draw(t, "existing"), owners.Draw(t, "others")
		var keys []plan.Key
		dead := map[string]bool{}
		for _, uid := range slices.Concat(existing, others) {
			cluster := rapid.SampledFrom([]string{"cluster", "another"}).Draw(t, "cluster")
			name := plan.KeyName(rapid.String().Draw(t, "display name"), start, markerFor(cluster, uid))
			keys = append(keys, plan.Key{ID: uid, Name: name})
			if cluster == "cluster" && !slices.Contains(existing, uid) {
				dead[uid] = true
			}
		}
		found := map[string]bool{}
		for _, key := range plan.Orphans(plan.MarkedKeys(identity, endpointID, keys), ownersOf(existing), nil) {
			if !dead[key.ID] {
				t.Fatalf("%v is no orphan", key)
			}
			found[key.ID] = true
		}
		if len(found) != len(dead) {
			t.Fatalf("found %v of %v", found, dead)
		}
	})
}

// One look may err: only what two in a row show is revoked.
func TestCompare(t *testing.T) {
	key := func(endpoint, id string) plan.MarkedKey { return plan.MarkedKey{EndpointID: endpoint, ID: id} }
	a, b, c := key("e1", "a"), key("e1", "b"), key("e1", "c")
	again, fresh := plan.Compare([]plan.MarkedKey{a, b, key("e2", "c")}, []plan.MarkedKey{c, b})
	if !slices.Equal(again, []plan.MarkedKey{b}) || !slices.Equal(fresh, []plan.MarkedKey{a, key("e2", "c")}) {
		t.Errorf("again %v, fresh %v", again, fresh)
	}
	if again, fresh := plan.Compare([]plan.MarkedKey{a}, nil); again != nil || len(fresh) != 1 {
		t.Errorf("the first scan finds %v again, %v for the first time", again, fresh)
	}
}

func TestWithout(t *testing.T) {
	a, b := plan.MarkedKey{ID: "a"}, plan.MarkedKey{ID: "b"}
	orphans := []plan.MarkedKey{a, b}
	if got := plan.Without(orphans, []plan.MarkedKey{a}); !slices.Equal(got, []plan.MarkedKey{b}) {
		t.Errorf("got %v", got)
	}
	if !slices.Equal(orphans, []plan.MarkedKey{a, b}) {
		t.Errorf("the orphans themselves became %v", orphans)
	}
}
