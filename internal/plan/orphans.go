// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"
)

// MarkedKey is a key whose name ends with a marker. If the marker is one of this cluster's, under whichever of its identities, the key
// is an orphan if no EndpointAPIKey has this marker any more.
type MarkedKey struct {
	EndpointID string
	ID         string
	Preview    string
	Marker     string
}

// ExistingOwners holds the markers of all EndpointAPIKeys of this cluster.
type ExistingOwners map[string]bool

// NewExistingOwners returns the markers of these resources.
func NewExistingOwners(identity Identity, existing []Owner) ExistingOwners {
	owners := ExistingOwners{}
	for _, owner := range existing {
		for _, marker := range identity.Markers(owner) {
			owners[marker] = true
		}
	}
	return owners
}

// MarkedKeys returns those of an Endpoint's keys whose names end with a marker of this cluster, whichever resource's.
func MarkedKeys(identity Identity, endpointID string, keys []Key) []MarkedKey {
	var marked []MarkedKey
	for _, key := range keys {
		if marker, ok := markerOf(key.Name, identity); ok {
			marked = append(marked, MarkedKey{EndpointID: endpointID, ID: key.ID, Preview: key.Preview, Marker: marker})
		}
	}
	return marked
}

// markerOf returns the marker that ends a key's name, if it is one of this cluster's. It is a copy, so that the name does not
// stay in memory: anyone who names keys in Cognigy decides how long that is.
func markerOf(name string, identity Identity) (string, bool) {
	if !HasAnyMarker(name) {
		return "", false
	}
	marker := name[len(name)-markerLength:]
	// mutation: own-foreign-orphans
	if !identity.made(marker) {
		return "", false
	}
	return strings.Clone(marker), true
}

// RecordedKeys holds the ids of the keys that Secrets record, each with the marker of the record's owner.
type RecordedKeys map[recordedKey]bool

type recordedKey struct{ id, marker string }

// Add adds a key that a Secret of the owner's namespace records.
func (r RecordedKeys) Add(identity Identity, owner Owner, keyID string) {
	for _, marker := range identity.Markers(owner) {
		r[recordedKey{keyID, marker}] = true
	}
}

// Orphans returns the keys that no existing resource owns and no Secret records. The caller lists the keys first, then the
// resources, then the Secrets: the intent of a listed key was written on a resource before, and a resource that is missing
// afterwards does not come back, since UIDs are not used twice. A resource that leaves its key behind records it in its
// Secret before it is gone. A record counts for a key of its owner only, so that a tenant cannot hide another one's orphans.
func Orphans(marked []MarkedKey, owners ExistingOwners, recorded RecordedKeys) []MarkedKey {
	var orphans []MarkedKey
	for _, key := range marked {
		if StandingOf(key, owners, recorded) == Orphaned {
			orphans = append(orphans, key)
		}
	}
	return orphans
}

// Standing is whether a key is an orphan, or why not.
type Standing string

// How keys stand.
const (
	Missing  Standing = ""         // no list shows the key
	Foreign  Standing = "foreign"  // it has no marker of this cluster
	Owned    Standing = "owned"    // the EndpointAPIKey exists whose marker it has
	Recorded Standing = "recorded" // a Secret records it
	Orphaned Standing = "orphaned"
)

// StandingOf returns how a key with a marker of this cluster stands, by what Orphans takes.
func StandingOf(key MarkedKey, owners ExistingOwners, recorded RecordedKeys) Standing {
	switch {
	// mutation: revoke-owned-keys
	case owners[key.Marker]:
		return Owned
	case recorded[recordedKey{key.ID, key.Marker}]:
		return Recorded
	default:
		return Orphaned
	}
}

// Revocable returns those orphans that the operator may revoke. Two scans in a row have found each of them; that no copy of this cluster has keys of
// the same markers, only people know: they say so of all keys by the policy, or name some.
func Revocable(twice []MarkedKey, all bool, named map[string]bool) []MarkedKey {
	var revocable []MarkedKey
	for _, key := range twice {
		// mutation: revoke-unnamed-orphans
		if all || named[key.ID] {
			revocable = append(revocable, key)
		}
	}
	return revocable
}

// Compare splits orphans into those that another scan found, too, and those that only this one did.
func Compare(orphans, other []MarkedKey) (both, added []MarkedKey) {
	known := map[MarkedKey]bool{}
	for _, key := range other {
		known[key] = true
	}
	for _, key := range orphans {
		if known[key] {
			both = append(both, key)
		} else {
			added = append(added, key)
		}
	}
	return both, added
}

// Without returns the orphans without those that were revoked.
func Without(orphans, revoked []MarkedKey) []MarkedKey {
	return slices.DeleteFunc(slices.Clone(orphans), func(key MarkedKey) bool { return slices.Contains(revoked, key) })
}
