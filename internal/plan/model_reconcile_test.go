// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"errors"
	"reflect"
	"time"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// scope is what one reconcile works with.
type scope struct {
	key              *resource
	secret           *secret
	workload         *workload
	readAt           time.Time     // when it read the Secret
	listing          *plan.Listing // of this reconcile
	fresh, concluded bool
	recorded         bool
}

func (o *operator) reconcile() {
	s := &scope{}
	err := o.effect("read cache and Secret", func() error {
		s.key, s.secret, s.workload, s.readAt = o.cached(), o.env.secret, o.env.workload, o.env.now
		return nil
	})
	if err == nil && s.key == nil {
		o.due = time.Time{}
		return
	}
	if err != nil {
		o.retry(time.Second)
		return
	}
	var failure error
	next := o.plan(s)
	if next.Do == plan.List {
		if failure = o.observeFresh(s, next.ListNotBefore); failure == nil {
			next = o.plan(s)
		}
	}
	if failure == nil && next.Do != plan.Wait {
		released, err := o.execute(s, next)
		if failure = err; released {
			o.due = time.Time{}
			return
		}
		next = o.plan(s)
	}
	o.restartWorkload(s, next)
	if err := o.report(s, next, failure); err != nil {
		failure = err
	}
	o.schedule(next, failure)
}

func (o *operator) observeFresh(s *scope, notBefore time.Time) error {
	err := o.ask("LIST", func() error {
		if s.listing = o.listing; notBefore.IsZero() || o.listing == nil || o.listing.At.Before(notBefore) {
			s.listing = o.list()
		}
		return nil
	})
	if err != nil {
		return err
	}
	var key *resource
	if err := o.effect("read resource", func() error { key = o.env.key; return nil }); err != nil {
		return err
	}
	if key == nil {
		return errNotFound
	}
	s.key = key
	err = o.effect("read Secret", func() error { s.secret, s.readAt = o.env.secret, o.env.now; return nil })
	s.fresh = err == nil
	return err
}

// report writes the status if it changed.
func (o *operator) report(s *scope, next plan.Plan, failure error) error {
	if failure != nil && !errors.As(failure, &cognigyError{}) {
		return nil
	}
	was := s.key.status
	var now status
	if next.IntentPending {
		now.intent, now.intentSecret = was.intent, was.intentSecret
	}
	now.unsettled = next.UnsettledUntil
	now.keyID, now.issuedAt, now.former = was.keyID, was.issuedAt, was.former
	if next.Reports {
		now.keyID, now.issuedAt = s.secret.keyID, s.secret.issuedAt.Truncate(time.Second)
	}
	if next.Reports && len(next.Retiring) == 0 {
		now.former = false
	}
	now.former = now.former || s.secret.inherits()
	now.retiring = next.Retiring
	if reflect.DeepEqual(now, was) && s.key.handled == s.key.requested {
		return nil
	}
	handled := s.key.requested
	return o.effect("patch status", func() error {
		return o.env.patch(s.key, func(key *resource) {
			key.status, key.handled = now, handled
			if o.env.secret.holds(now.keyID) {
				o.env.secret.known = true
			}
			if found := o.env.find(now.keyID); found != nil {
				found.reported = true
			}
		})
	})
}

// schedule says when the next reconcile is due.
func (o *operator) schedule(next plan.Plan, failure error) {
	busy := next.Do != plan.Wait
	switch {
	case errors.Is(failure, errNotFound), errors.Is(failure, errConflict):
		o.retry(200 * time.Millisecond)
	case failure != nil && (busy || next.RequeueAt.IsZero()):
		o.retry(time.Second)
	case busy && next.Do == plan.Revoke:
		o.retry(time.Second)
	case busy || !next.RequeueAt.IsZero() && !next.RequeueAt.After(o.clock()):
		o.retry(time.Millisecond)
	case next.RequeueAt.IsZero():
		o.due = time.Time{}
	default:
		o.due = next.RequeueAt.Add(-o.skew)
	}
}

func (o *operator) retry(wait time.Duration) { o.due = o.env.now.Add(wait) }
