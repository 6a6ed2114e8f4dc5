// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

// known is the session of a connection that was of a name, and what its client was configured with.
type known struct {
	name        types.NamespacedName
	session     *Session
	generation  int64             // of the connection
	fingerprint [sha256.Size]byte // of the configuration
	since       time.Time         // when the client got it
	caBundle    []byte            // of caBundleRef
	bundle      int               // bytes of the CA bundle, wherever it is from

	authenticator cognigy.Authenticator
	authenticates [sha256.Size]byte // fingerprint of the credentials of the authenticator
	// credentialsChangedAt is when the credentials of the authenticator last changed.
	credentialsChangedAt time.Time
}

// errOutdated: the credentials of the session were read while these were.
var errOutdated = errors.New("others may have read later credentials")

// Session returns the connection's session with its current credentials, and these, or a condition.Failure.
func (r *Resolver) Session(ctx context.Context, connection v1alpha1.Connection) (*Session, Credentials, error) {
	for {
		asOf := r.Clock.Now()
		credentials, err := r.credentials(ctx, connection)
		if err != nil {
			return nil, credentials, err
		}
		session, err := r.sessionWith(connection, credentials, asOf)
		if !errors.Is(err, errOutdated) {
			return session, credentials, err
		}
	}
}

// sessionWith returns the session, and has its client use credentials that were read after a time.
func (r *Resolver) sessionWith(connection v1alpha1.Connection, credentials Credentials, asOf time.Time) (*Session, error) {
	next := known{
		name: client.ObjectKeyFromObject(connection), generation: connection.GetGeneration(),
		authenticates: credentials.fingerprint(connection.GetConnectionSpec()), credentialsChangedAt: credentials.changedAt,
	}
	if connection.GetConnectionSpec().CABundleRef != nil {
		next.caBundle = credentials.caBundle
	}
	config := r.config(connection, credentials)
	next.fingerprint = fingerprint(config, next.authenticates)
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.sessions[connection.GetUID()]
	if before.session == nil || before.fingerprint != next.fingerprint && before.generation <= next.generation {
		// mutation: return-to-replaced-credentials
		if asOf.Before(before.since) {
			return nil, errOutdated
		}
		if err := r.configure(&next, before, connection, credentials, config); err != nil {
			return nil, err
		}
		before = next
	}
	perSecond, burst := connection.GetConnectionSpec().RateLimit.Values()
	before.session.SetLimit(connection.GetUID(), ratelimit.Limit{PerSecond: perSecond, Burst: burst}, IsCluster(connection))
	return before.session, nil
}

// config returns the configuration of a connection's client, but for what it shares with others.
func (r *Resolver) config(connection v1alpha1.Connection, credentials Credentials) cognigy.Config {
	spec := connection.GetConnectionSpec()
	requestTimeout, _ := spec.Timeouts()
	config := cognigy.Config{
		BaseURL: spec.BaseURL, CABundle: credentials.caBundle, ServerName: string(spec.ServerName), AllowInsecureHTTP: spec.AllowInsecureHTTP,
		Timeout: requestTimeout, UserAgent: r.UserAgent,
	}
	if !IsCluster(connection) { // tenants chose the address
		config.AllowedHosts, config.Coarse = r.AllowedHosts, true
	}
	return config
}

// configure opens a connection's session, or configures its client anew. What authenticates stays if the credentials do, and with it a
// token. The caller holds the lock.
func (r *Resolver) configure(
	next *known, before known, connection v1alpha1.Connection, credentials Credentials, config cognigy.Config,
) (err error) {
	uid, shared := connection.GetUID(), r.tenantOf(connection)
	if err := r.checkBundles(uid, len(config.CABundle), shared); err != nil {
		return err
	}
	next.bundle = len(config.CABundle)
	next.session, next.authenticator, next.since = before.session, before.authenticator, r.Clock.Now()
	if next.authenticator == nil || before.authenticates != next.authenticates {
		of, by := referenceTo(connection), next.authenticates
		next.authenticator = credentials.method.open(credentials.values, func(ctx context.Context) error { return r.permitSuperKey(ctx, of, by) })
	}
	host := r.Hosts.Host(config.BaseURL, uid)
	config.Authenticator, config.LargeAnswers = next.authenticator, shared.largeAnswers
	request := ratelimit.Request{Namespace: connection.GetNamespace(), Connection: uid}
	config.Account = func() { host.Account(request) }
	r.observe(connection, &config)
	if next.session == nil {
		next.session = &Session{Lists: shared.lists, Host: host, Connection: uid}
		next.session.Client, err = cognigy.New(config)
	} else {
		err = next.session.Configure(config)
	}
	if err != nil {
		return condition.Stalled(v1alpha1.ReasonInvalidSpec, "%s", err)
	}
	next.session.Lists.forgetRefusals(uid)
	r.keep(*next)
	return nil
}

// keep remembers a session, and drops that of an earlier connection of the same name. The caller holds the lock.
func (r *Resolver) keep(next known) {
	if r.sessions == nil {
		r.sessions = map[types.UID]known{}
	}
	r.drop(next.name, next.session.Connection)
	r.sessions[next.session.Connection] = next
}

// drop forgets the sessions of a name, but that of a UID. The caller holds the lock.
func (r *Resolver) drop(name types.NamespacedName, except types.UID) {
	for uid, known := range r.sessions {
		if known.name == name && uid != except {
			known.session.Close()
			known.session.Forget(uid)
			known.session.Lists.forgetConnection(uid)
			delete(r.sessions, uid)
			delete(r.superKeys, uid)
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

// fingerprint changes whenever the connection needs another configuration. It is computed at each use of a connection, and a bundle may
// have a megabyte, so that nothing is copied.
func fingerprint(config cognigy.Config, credentials [sha256.Size]byte) (sum [sha256.Size]byte) {
	hash := sha256.New()
	_, _ = fmt.Fprintf(hash, "%q %q %t %s %x ", config.BaseURL, config.ServerName, config.AllowInsecureHTTP, config.Timeout, credentials)
	_, _ = hash.Write(config.CABundle)
	hash.Sum(sum[:0])
	return sum
}
