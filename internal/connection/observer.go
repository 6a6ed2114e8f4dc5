// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"context"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

// Observer is told what sessions do.
type Observer interface {
	// Connected is called when the client of a connection is configured.
	Connected(found v1alpha1.Connection)
	// Sent is called for each request to a host, with the context of whoever caused it.
	Sent(ctx context.Context, host string, exchange cognigy.Exchange)
}

// observe has the observer told of the requests of a connection's client.
func (r *Resolver) observe(found v1alpha1.Connection, config *cognigy.Config) {
	if r.Observer == nil {
		return
	}
	host := ratelimit.HostOf(config.BaseURL)
	config.Observe = func(ctx context.Context, exchange cognigy.Exchange) { r.Observer.Sent(ctx, host, exchange) }
	r.Observer.Connected(found)
}

// CredentialsChangedAt is when the credentials of a connection last changed, as far as is known; zero if this process did not read them.
func (r *Resolver) CredentialsChangedAt(found v1alpha1.Connection) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sessions[found.GetUID()].credentialsChangedAt
}

// changedAt is when a data key of a Secret last changed: not later than the latest write of whoever manages the field. Without one, it is
// when the Secret was created.
func changedAt(secret *corev1.Secret, data []datum) time.Time {
	latest := secret.CreationTimestamp.Time
	for _, manager := range secret.ManagedFields {
		manages := manager.FieldsV1 != nil && slices.ContainsFunc(data, func(each datum) bool {
			return strings.Contains(manager.FieldsV1.GetRawString(), `"f:`+string(each.key)+`"`)
		})
		if manages && manager.Time != nil && manager.Time.After(latest) {
			latest = manager.Time.Time
		}
	}
	return latest
}
