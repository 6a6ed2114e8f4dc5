// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// located remembers where lists showed keys of the resources that name their Endpoint: what nobody forges. In memory only; without it, a
// deletion may have to look for keys on every Endpoint of the project.
type located struct {
	mu        sync.Mutex
	locations map[types.NamespacedName]location
}

type location struct {
	uid        types.UID // others may have had the name before
	endpointID string
}

func (l *located) note(key *v1alpha1.EndpointAPIKey, endpointID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.locations == nil {
		l.locations = map[types.NamespacedName]location{}
	}
	l.locations[client.ObjectKeyFromObject(key)] = location{key.UID, endpointID}
}

// of returns the Endpoint on which a list last showed keys of a resource, "" if none did.
func (l *located) of(key *v1alpha1.EndpointAPIKey) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.locations[client.ObjectKeyFromObject(key)]; known.uid == key.UID {
		return known.endpointID
	}
	return ""
}

// forget drops what is known of the resources of a name.
func (l *located) forget(name types.NamespacedName) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.locations, name)
}
