// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

const (
	// MaxNameLength is how long the name of a key may be: what Cognigy's schemas accept for names elsewhere.
	MaxNameLength = 200

	clusterDigits = 10
	ownerDigits   = 24
	// MaxDisplayNameLength is what is left of a key's name beside the marker.
	MaxDisplayNameLength = MaxNameLength - len(" k8s-") - clusterDigits - len("-") - ownerDigits
)

// Marker ties a key in Cognigy to one EndpointAPIKey of one cluster. It ends the key's name, and is made of letters, digits
// and hyphens only. Hashing makes it so whatever the ids look like; 96 bits of the owner's leave no room for a collision.
func Marker(cluster, ownerUID string) string {
	return "k8s-" + digest(cluster, clusterDigits) + "-" + digest(ownerUID, ownerDigits)
}

func digest(text string, digits int) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:digits]
}

// HasMarker reports whether a key's name ends with the marker.
func HasMarker(name, marker string) bool {
	// mutation: compare-marker-prefix
	return strings.HasSuffix(name, " "+marker)
}

// KeyName is the name of a key in Cognigy: what people read, then the marker.
func KeyName(displayName, marker string) string {
	if runes := []rune(displayName); len(runes) > MaxDisplayNameLength {
		displayName = string(runes[:MaxDisplayNameLength])
	}
	return displayName + " " + marker
}

// DefaultDisplayName is "<namespace> <name>" in the alphabet that Cognigy is known to accept.
func DefaultDisplayName(namespace, name string) string {
	return namespace + " " + strings.ReplaceAll(name, ".", "-")
}
