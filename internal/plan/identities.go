// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"maps"
	"slices"
	"strings"
)

// OwnerDigests holds the ends of the markers of EndpointAPIKeys, which stay the same when the identity of the cluster changes.
type OwnerDigests map[string]bool

// NewOwnerDigests returns those of these resources.
func NewOwnerDigests(existing []Owner) OwnerDigests {
	digests := OwnerDigests{}
	for _, owner := range existing {
		digests[owner.digests()] = true
	}
	return digests
}

// OtherIdentityKeys returns those of an Endpoint's keys that carry the namespace and the UID of an existing EndpointAPIKey, and an
// identity that is none of this cluster's. UIDs are unique, so that this cluster issued the keys before its identity changed, unless
// its etcd is a copy: then another cluster has the same UIDs, and the keys may be its own and in use. Names do not tell which, so that
// the operator reports such keys and never revokes them.
func OtherIdentityKeys(identity Identity, endpointID string, keys []Key, existing OwnerDigests) []MarkedKey {
	var others []MarkedKey
	for _, key := range keys {
		if !HasAnyMarker(key.Name) {
			continue
		}
		marker := key.Name[len(key.Name)-markerLength:]
		if !existing[marker[markerLength-digestsLength:]] || identity.made(marker) {
			continue
		}
		others = append(others, MarkedKey{EndpointID: endpointID, ID: key.ID, Preview: key.Preview, Marker: strings.Clone(marker)})
	}
	return others
}

// IdentityHashes returns the hashes of clusters' identities in the markers of keys, 10 hexadecimal digits each: every one once, in
// ascending order, the first ones if there are more than most.
func IdentityHashes(keys []MarkedKey, most int) []string {
	hashes := map[string]bool{}
	for _, key := range keys {
		hashes[key.IdentityHash()] = true
	}
	sorted := slices.Sorted(maps.Keys(hashes))
	return sorted[:min(len(sorted), most)]
}

// IdentityHash is the hash of the cluster's identity in the key's marker.
func (k MarkedKey) IdentityHash() string { return k.Marker[len("k8s-"):][:clusterDigits] }
