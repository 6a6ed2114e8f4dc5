// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	// MaxNameLength is how long the name of a key may be: what Cognigy's schemas accept for names elsewhere.
	MaxNameLength = 200

	clusterDigits   = 10
	namespaceDigits = 24
	ownerDigits     = 24
	digestsLength   = namespaceDigits + len("-") + ownerDigits
	markerLength    = len("k8s-") + clusterDigits + len("-") + digestsLength
	attemptLength   = len("20261122T100003123456Z")
	// MaxDisplayNameLength is what is left of a key's name beside the attempt and the marker.
	MaxDisplayNameLength = MaxNameLength - len(" ") - attemptLength - len(" ") - markerLength
)

// Owner is an EndpointAPIKey that keys in Cognigy belong to.
type Owner struct{ Namespace, UID string }

// Marker ties a key in Cognigy to one EndpointAPIKey of one cluster. It ends the key's name, and is made of letters, digits
// and hyphens only. Hashing makes it so whatever the ids look like; 96 bits each of namespace and owner leave no room for a
// collision.
func Marker(cluster string, owner Owner) string {
	return clusterMarker(cluster) + owner.digests()
}

// digests end the owner's markers, whatever the identity of its cluster.
func (o Owner) digests() string {
	return digest(o.Namespace, namespaceDigits) + "-" + digest(o.UID, ownerDigits)
}

// Identity is that of a cluster in the names of keys, and those that it had before: keys with their markers are the cluster's, too.
type Identity struct {
	Cluster string
	Former  []string
}

// Markers returns the owner's marker, and those that it had under the cluster's former identities.
func (i Identity) Markers(owner Owner) []string {
	var markers []string
	for _, cluster := range i.clusters() {
		markers = append(markers, Marker(cluster, owner))
	}
	return markers
}

// Prefix begins the markers under the present identity.
func (i Identity) Prefix() string { return clusterMarker(i.Cluster) }

// MarksNamespace reports whether a key's name ends with the marker of any owner of the namespace.
func (i Identity) MarksNamespace(name, namespace string) bool {
	start := len(name) - markerLength
	return HasAnyMarker(name) && slices.ContainsFunc(i.clusters(), func(cluster string) bool {
		return strings.HasPrefix(name[start:], clusterMarker(cluster)+digest(namespace, namespaceDigits)+"-")
	})
}

func (i Identity) clusters() []string { return append([]string{i.Cluster}, i.Former...) }

// made reports whether a marker is one of this cluster's, under whichever of its identities.
func (i Identity) made(marker string) bool {
	return slices.ContainsFunc(i.clusters(), func(cluster string) bool { return strings.HasPrefix(marker, clusterMarker(cluster)) })
}

// clusterMarker begins the markers of a cluster.
func clusterMarker(cluster string) string { return "k8s-" + digest(cluster, clusterDigits) + "-" }

func digest(text string, digits int) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:digits]
}

// anyMarker is the form of markers, of whichever cluster, at the end of a key's name.
var anyMarker = regexp.MustCompile(fmt.Sprintf(` k8s-[0-9a-f]{%d}-[0-9a-f]{%d}-[0-9a-f]{%d}$`, clusterDigits, namespaceDigits, ownerDigits))

// HasAnyMarker reports whether a key's name ends in the form of a marker, of whichever cluster. No other key can be a resource's.
func HasAnyMarker(name string) bool { return anyMarker.MatchString(name) }

// HasMarker reports whether a key's name ends with the marker.
func HasMarker(name, marker string) bool {
	// mutation: compare-marker-prefix
	return strings.HasSuffix(name, " "+marker)
}

// KeyName is the name of a key in Cognigy: what people read, the time at which the attempt began, in UTC and microseconds, and the
// marker. The time makes the name unique, which Cognigy's interface asks for.
func KeyName(displayName string, attempt time.Time, marker string) string {
	if runes := []rune(displayName); len(runes) > MaxDisplayNameLength {
		displayName = string(runes[:MaxDisplayNameLength])
	}
	attempt = attempt.UTC()
	return fmt.Sprintf("%s %s%06dZ %s", displayName, attempt.Format("20060102T150405"), attempt.Nanosecond()/1000, marker)
}

// AttemptOf returns the time at which the attempt began that made a key, as the key's name tells; false if it does not.
func AttemptOf(name string) (time.Time, bool) {
	end := len(name) - len(" ") - markerLength
	start := end - attemptLength
	if start < 0 {
		return time.Time{}, false
	}
	digits := len("20261122T100003")
	text := name[start:end]
	made, err := time.Parse("20060102T150405.000000Z", text[:digits]+"."+text[digits:])
	return made, err == nil
}

// DefaultDisplayName is "<namespace> <name>" in the alphabet that Cognigy is known to accept.
func DefaultDisplayName(namespace, name string) string {
	return namespace + " " + strings.ReplaceAll(name, ".", "-")
}
