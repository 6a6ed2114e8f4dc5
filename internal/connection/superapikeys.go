// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
)

// superKeyRequest is this process's latest request for a super API key of a connection.
type superKeyRequest struct {
	at time.Time
	by [sha256.Size]byte // fingerprint of the credentials
}

// tooSoonError keeps a super API key from being requested.
type tooSoonError struct {
	wait    time.Duration
	failure *condition.Failure
}

// Error implements error.
func (e *tooSoonError) Error() string { return e.failure.Error() }

// Unwrap returns the failure that a status reports.
func (e *tooSoonError) Unwrap() error { return e.failure }

// SuperKeyWait returns how long it takes until the operator may ask for another super API key, if an error is on account of that;
// otherwise zero.
func SuperKeyWait(err error) time.Duration {
	if early, ok := errors.AsType[*tooSoonError](err); ok {
		return early.wait
	}
	return 0
}

// permitSuperKey permits a request for a super API key, and notes it in the connection's status before. It reads the status from the API
// server and writes it under optimistic lock, so that of two processes one asks.
func (r *Resolver) permitSuperKey(ctx context.Context, of reference, by [sha256.Size]byte) error {
	found := of.kind.New()
	if err := r.APIReader.Get(ctx, of.name, found); apierrors.IsNotFound(err) {
		return nil // what is left to do is to revoke keys of resources that are gone, too
	} else if err != nil {
		return err
	}
	if found.GetUID() != of.uid {
		return fmt.Errorf("another connection has taken the place of %q", of.name)
	}
	now := r.Clock.Now().Truncate(time.Microsecond)
	// mutation: super-api-keys-in-a-row
	if wait := r.superKeyWait(found, by, now); wait > 0 {
		return &tooSoonError{wait, condition.Waiting(v1alpha1.ReasonTokenPending,
			"super API keys cannot be revoked, so that the operator asks for them at least %s apart; it asks for the next at %s",
			r.SuperKeyInterval, now.Add(wait).UTC().Format(time.RFC3339))}
	}
	_, err := kube.PatchStatus(ctx, r.Client, found, func(changed v1alpha1.Connection) {
		changed.GetConnectionStatus().SuperKeyMintedAt = new(metav1.NewMicroTime(now))
	})
	if err == nil {
		r.rememberSuperKey(of.uid, superKeyRequest{at: now, by: by})
	}
	return err
}

// superKeyWait is how long the next request has to wait for the interval since the latest one, whichever process made it. One with
// credentials that were replaced since does not count: nobody uses its key any more.
func (r *Resolver) superKeyWait(found v1alpha1.Connection, by [sha256.Size]byte, now time.Time) time.Duration {
	r.mu.Lock()
	own := r.superKeys[found.GetUID()]
	r.mu.Unlock()
	latest := own.at
	if noted := found.GetConnectionStatus().SuperKeyMintedAt; noted != nil && noted.After(latest) {
		latest = noted.Time
	}
	if latest.Equal(own.at) && own.by != by {
		return 0
	}
	wait := latest.Add(r.SuperKeyInterval).Sub(now)
	if wait > 2*r.SuperKeyInterval { // the clock was put back
		return 0
	}
	return min(wait, r.SuperKeyInterval)
}

func (r *Resolver) rememberSuperKey(of types.UID, latest superKeyRequest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.superKeys == nil {
		r.superKeys = map[types.UID]superKeyRequest{}
	}
	r.superKeys[of] = latest
}
