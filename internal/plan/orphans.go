// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"
)

// MarkedKey is a key with a marker of this cluster. It is an orphan if no EndpointAPIKey has this marker any more.
type MarkedKey struct {
	EndpointID string
	ID         string
	Preview    string
	Marker     string
}

// ExistingOwners holds the markers of all EndpointAPIKeys of this cluster.
type ExistingOwners map[string]bool

// NewExistingOwners returns the markers of resources with these UIDs.
func NewExistingOwners(cluster string, ownerUIDs []string) ExistingOwners {
	owners := ExistingOwners{}
	for _, uid := range ownerUIDs {
		owners[Marker(cluster, uid)] = true
	}
	return owners
}

// MarkedKeys returns those of an Endpoint's keys whose names end with a marker of this cluster, whichever resource's.
func MarkedKeys(cluster, endpointID string, keys []Key) []MarkedKey {
	var marked []MarkedKey
	for _, key := range keys {
		if marker, ok := markerOf(key.Name, cluster); ok {
			marked = append(marked, MarkedKey{EndpointID: endpointID, ID: key.ID, Preview: key.Preview, Marker: marker})
		}
	}
	return marked
}

// markerOf returns the marker that ends a key's name, if it is one of this cluster's. It is a copy, so that the name does not
// stay in memory: anyone who names keys in Cognigy decides how long that is.
func markerOf(name, cluster string) (string, bool) {
	ours := "k8s-" + digest(cluster, clusterDigits) + "-"
	start := len(name) - len(ours) - ownerDigits
	if start < 1 || name[start-1] != ' ' {
		return "", false
	}
	owner, ok := strings.CutPrefix(name[start:], ours)
	// mutation: own-foreign-orphans
	if !ok || strings.Trim(owner, "0123456789abcdef") != "" {
		return "", false
	}
	return ours + owner, true
}

// Orphans returns the keys that no existing resource owns and no Secret records. The caller lists the keys first, then the
// resources, then the Secrets: the intent of a listed key was written on a resource before, and a resource that is missing
// afterwards does not come back, since UIDs are not used twice. A resource that leaves its key behind records it in its
// Secret before it is gone.
func Orphans(marked []MarkedKey, owners ExistingOwners, recorded map[string]bool) []MarkedKey {
	var orphans []MarkedKey
	for _, key := range marked {
		if !owners[key.Marker] && !recorded[key.ID] {
			orphans = append(orphans, key)
		}
	}
	return orphans
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
