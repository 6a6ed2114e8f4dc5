// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"context"
	"crypto/sha256"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

// known is the session of a connection that was of a name.
type known struct {
	name    types.NamespacedName
	session *Session
}

// Session returns the connection's session with its current credentials, and these, or a condition.Failure.
func (r *Resolver) Session(ctx context.Context, connection v1alpha1.Connection) (*Session, Credentials, error) {
	credentials, err := r.credentials(ctx, connection)
	if err != nil {
		return nil, credentials, err
	}
	session, err := r.sessionWith(connection, credentials.apiKey)
	return session, credentials, err
}

func (r *Resolver) sessionWith(connection v1alpha1.Connection, apiKey cognigy.Sensitive) (session *Session, err error) {
	spec := connection.GetConnectionSpec()
	requestTimeout, _ := spec.Timeouts()
	config := cognigy.Config{
		BaseURL: spec.BaseURL, APIKey: apiKey, CABundle: spec.CABundle, AllowInsecureHTTP: spec.AllowInsecureHTTP,
		Timeout: requestTimeout, UserAgent: r.UserAgent,
	}
	if !IsCluster(connection) { // tenants chose the address
		config.AllowedHosts, config.Coarse = r.AllowedHosts, true
	}
	current := fingerprint(config)
	r.mu.Lock()
	defer r.mu.Unlock()
	session = r.sessions[connection.GetUID()].session
	if session == nil || session.fingerprint != current {
		shared := r.tenantOf(connection)
		config.LargeAnswers = shared.largeAnswers
		if session, err = r.open(connection.GetUID(), config, shared.lists, session); err != nil {
			return nil, err
		}
		session.fingerprint = current
		r.keep(client.ObjectKeyFromObject(connection), session)
	}
	perSecond, burst := spec.RateLimit.Values()
	session.SetLimit(session.Connection, ratelimit.Limit{PerSecond: perSecond, Burst: burst}, IsCluster(connection))
	return session, nil
}

// open makes a session that continues the one before, which is nil for the first.
func (r *Resolver) open(uid types.UID, config cognigy.Config, lists *Lists, before *Session) (*Session, error) {
	made, err := cognigy.New(config)
	if err != nil {
		return nil, condition.Stalled(v1alpha1.ReasonInvalidSpec, "%s", err)
	}
	if before != nil {
		before.Close()
		lists.forgetRefusals(uid)
	}
	return &Session{Client: made, Lists: lists, Host: r.Hosts.Host(config.BaseURL, uid), Connection: uid}, nil
}

// keep remembers a session, and drops that of an earlier connection of the same name. The caller holds the lock.
func (r *Resolver) keep(name types.NamespacedName, session *Session) {
	if r.sessions == nil {
		r.sessions = map[types.UID]known{}
	}
	r.drop(name, session.Connection)
	r.sessions[session.Connection] = known{name: name, session: session}
}

// drop forgets the sessions of a name, but that of a UID. The caller holds the lock.
func (r *Resolver) drop(name types.NamespacedName, except types.UID) {
	for uid, known := range r.sessions {
		if known.name == name && uid != except {
			known.session.Close()
			known.session.Forget(uid)
			known.session.Lists.forgetConnection(uid)
			delete(r.sessions, uid)
		}
	}
}

// Known returns the session that the connection had last, or nil. Its credentials may be outdated: use it for what it
// remembers only.
func (r *Resolver) Known(connection v1alpha1.Connection) *Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sessions[connection.GetUID()].session
}

// Forget drops the session of a connection that is gone. Only the cluster-wide kind has no namespace in its name.
func (r *Resolver) Forget(name types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(name, "")
}

// fingerprint changes whenever the connection needs another client. It is computed at each use of a connection, and a bundle may have
// a megabyte, so that nothing is copied.
func fingerprint(config cognigy.Config) (sum [sha256.Size]byte) {
	hash := sha256.New()
	_, _ = fmt.Fprintf(hash, "%q %q %t %s ", config.BaseURL, config.APIKey.Reveal(), config.AllowInsecureHTTP, config.Timeout)
	_, _ = hash.Write(config.CABundle)
	hash.Sum(sum[:0])
	return sum
}
