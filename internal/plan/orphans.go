// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"
)

// Marked is a key with a marker of this cluster. It is an orphan if no EndpointAPIKey has this marker any more.
type Marked struct {
	EndpointID string
	ID         string
	Preview    string
	Marker     string
}

// Living holds the markers of all EndpointAPIKeys that exist in this cluster.
type Living map[string]bool

// NewLiving returns the markers of resources with these UIDs.
func NewLiving(cluster string, ownerUIDs []string) Living {
	living := Living{}
	for _, uid := range ownerUIDs {
		living[Marker(cluster, uid)] = true
	}
	return living
}

// MarkedKeys returns those of an Endpoint's keys whose names end with a marker of this cluster, whichever resource's.
func MarkedKeys(cluster, endpointID string, keys []Key) []Marked {
	var marked []Marked
	for _, key := range keys {
		if marker, ok := markerOf(key.Name, cluster); ok {
			marked = append(marked, Marked{EndpointID: endpointID, ID: key.ID, Preview: key.Preview, Marker: marker})
		}
	}
	return marked
}

// markerOf returns the marker that ends a key's name, if it is one of this cluster's. It is a copy, so that the name does not
// stay in memory: whoever names keys in Cognigy decides how long that is.
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

// Orphans returns the keys that no living resource owns and no Secret records. Whatever lives is to be looked up after the
// lists that show the keys: a key that a list shows had its intent written on a resource, and one that is not there
// afterwards does not come back, since UIDs are not used twice. The Secrets are to be looked up after the resources: what a
// resource leaves behind is in its Secret before the resource is gone.
func Orphans(marked []Marked, living Living, recorded map[string]bool) []Marked {
	var orphans []Marked
	for _, key := range marked {
		if !living[key.Marker] && !recorded[key.ID] {
			orphans = append(orphans, key)
		}
	}
	return orphans
}

// Compare tells the orphans that another look shows, too, from those that only this one does.
func Compare(orphans, other []Marked) (both, fresh []Marked) {
	known := map[Marked]bool{}
	for _, key := range other {
		known[key] = true
	}
	for _, key := range orphans {
		if known[key] {
			both = append(both, key)
		} else {
			fresh = append(fresh, key)
		}
	}
	return both, fresh
}

// Without returns the orphans but those that were revoked.
func Without(orphans, revoked []Marked) []Marked {
	return slices.DeleteFunc(slices.Clone(orphans), func(key Marked) bool { return slices.Contains(revoked, key) })
}
