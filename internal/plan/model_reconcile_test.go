// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"errors"
	"time"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// pass is what one reconcile works with.
type pass struct {
	key             *resource
	secret          *secret
	listing         *plan.Listing // of this pass
	live, concluded bool
	gone            bool // the Endpoint
}

func (o *operator) reconcile() {
	p := &pass{}
	err := o.effect("read cache and Secret", func() error {
		p.key, p.secret = o.cached(), o.world.secret
		return nil
	})
	if err == nil && p.key == nil {
		o.due = time.Time{}
		return
	}
	if err != nil {
		o.retry(time.Second)
		return
	}
	var failure error
	next := o.plan(p)
	if next.Do == plan.Look {
		if failure = o.look(p, next.From); failure == nil {
			next = o.plan(p)
		}
	}
	if failure == nil && next.Do != plan.Wait {
		released, err := o.act(p, next)
		if failure = err; released {
			o.due = time.Time{}
			return
		}
		next = o.plan(p)
	}
	if err := o.report(p, next, failure); err != nil {
		failure = err
	}
	o.schedule(next, failure)
}

func (o *operator) look(p *pass, from time.Time) error {
	var asked time.Time
	err := o.ask("LIST", func() (err error) {
		asked = o.clock()
		if p.listing = o.listing; !from.IsZero() && o.listing != nil && !o.listing.At.Before(from) {
			return nil
		}
		p.listing, err = o.glance()
		return err
	})
	if p.gone = errors.Is(err, errGone); p.gone {
		p.listing = &plan.Listing{At: asked}
	}
	if err != nil && !p.gone {
		return err
	}
	var key *resource
	if err := o.effect("read resource", func() error { key = o.world.key; return nil }); err != nil {
		return err
	}
	if key == nil {
		return errNotFound
	}
	p.key = key
	err = o.effect("read Secret", func() error { p.secret = o.world.secret; return nil })
	p.live = err == nil
	return err
}

// report writes the status if it changed.
func (o *operator) report(p *pass, next plan.Plan, failure error) error {
	if failure != nil && !errors.As(failure, &cognigyError{}) {
		return nil
	}
	was := p.key.status
	var now status
	if next.Open {
		now.intent = was.intent
	}
	if !o.world.quirks.forgetful {
		now.issuedAt = was.issuedAt
	}
	if next.HasKey {
		now.keyID, now.issuedAt = p.secret.keyID, p.secret.issuedAt.Truncate(time.Second)
	}
	if len(next.Retiring) > 0 {
		now.retiresAt = next.RetiresAt.Truncate(time.Second)
	}
	if now == was && p.key.handled == p.key.requested {
		return nil
	}
	handled := p.key.requested
	return o.effect("patch status", func() error {
		return o.world.patch(p.key, func(key *resource) { key.status, key.handled = now, handled })
	})
}

// schedule says when the next pass is wanted.
func (o *operator) schedule(next plan.Plan, failure error) {
	busy := next.Do != plan.Wait
	switch {
	case errors.Is(failure, errNotFound), errors.Is(failure, errConflict):
		o.retry(200 * time.Millisecond)
	case failure != nil && (busy || next.Again.IsZero()):
		o.retry(time.Second)
	case busy && next.Do == plan.Revoke:
		o.retry(time.Second)
	case busy || !next.Again.IsZero() && !next.Again.After(o.clock()):
		o.retry(time.Millisecond)
	case next.Again.IsZero():
		o.due = time.Time{}
	default:
		o.due = next.Again.Add(-o.skew)
	}
}

func (o *operator) retry(wait time.Duration) { o.due = o.world.now.Add(wait) }
