// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// act carries out one action.
func (o *operator) act(p *pass, next plan.Plan) (released bool, err error) {
	switch next.Do {
	case plan.Protect:
		return false, o.patch(p, "add the finalizer", func(key *resource) { key.protected = true })
	case plan.Issue:
		return false, o.issue(p)
	case plan.Revoke:
		var failures []error
		for _, key := range next.Revoke {
			failures = append(failures, o.revoke(p, key))
		}
		return false, errors.Join(failures...)
	case plan.Retain, plan.Release:
		if next.Do == plan.Release && p.secret.seen().State == plan.SecretOurs {
			err := o.effect("delete the Secret", func() error { return o.world.write(p.secret, nil, false) })
			if err != nil && !errors.Is(err, errNotFound) {
				return false, err
			}
		}
		err := o.patch(p, "remove the finalizer", func(key *resource) {
			key.protected = false
			o.world.excused = o.world.excused || next.Do == plan.Retain
		})
		return err == nil || errors.Is(err, errNotFound), err
	default:
		o.world.violate("there is no action %d", next.Do)
		return false, nil
	}
}

func (o *operator) patch(p *pass, what string, edit func(*resource)) error {
	return o.effect(what, func() error {
		if err := o.world.patch(p.key, edit); err != nil {
			return err
		}
		if o.fate != lost {
			p.key = o.world.key
		}
		return nil
	})
}

func (o *operator) revoke(p *pass, key plan.Key) error {
	return o.ask("DELETE "+key.ID, func() error {
		w := o.world
		found := w.find(key.ID)
		if found == nil {
			return nil
		}
		w.effects++
		if !plan.HasMarker(found.Name, marker) {
			w.violate("S5: somebody else's key is revoked")
		}
		if s := w.secret; s != nil && !s.foreign && !s.broken && w.key != nil && !w.key.deleting {
			if s.keyID == key.ID {
				w.violate("S3: the Secret's key %s is revoked", key.ID)
			}
			// If the Secret's key does not work and an intent is open, what that made cannot be told from what was replaced.
			if s.wroteOver == key.ID && w.find(s.keyID) != nil && o.clock().Before(s.issuedAt.Add(p.key.rotation.Overlap)) {
				w.violate("S3: the replaced key %s is revoked before the overlap is over", key.ID)
			}
		}
		found.revoked = w.now
		return nil
	})
}

// issue makes a key and delivers it.
func (o *operator) issue(p *pass) error {
	if !p.key.protected {
		if err := o.patch(p, "add the finalizer", func(key *resource) { key.protected = true }); err != nil {
			return err
		}
	}
	if err := o.effect("rehearse the Secret", func() error { return o.world.write(p.secret, nil, true) }); err != nil {
		return err
	}
	intent := o.clock()
	err := o.patch(p, "write the intent", func(key *resource) {
		if key.deleting || key.suspended {
			o.world.violate("S6: an issuance begins although the resource is deleted or suspended")
		}
		key.status.intent = intent
	})
	if err != nil {
		return err
	}
	made, err := o.post(p, intent.Add(timing.RequestTimeout))
	if err != nil {
		return err
	}
	return o.deliver(p, made, intent)
}

// post sends the request, and waits for its answer.
func (o *operator) post(p *pass, deadline time.Time) (*apiKey, error) {
	w := o.world
	request := &post{name: plan.KeyName("My key", marker), deadline: deadline.Add(-o.skew)}
	o.mints = append(o.mints, mint{started: p.key.status.intent})
	sent := false
	_ = o.effect("POST", func() error {
		if !o.clock().Before(deadline) {
			return errLate
		}
		recent := 0
		for _, mint := range o.mints {
			if o.clock().Sub(mint.started) < 10*time.Minute {
				recent++
			}
		}
		if recent > 5 {
			w.violate("a sixth key within ten minutes")
		}
		w.effects++
		if sent = !w.cognigy.gone; sent {
			w.cognigy.pending = append(w.cognigy.pending, request)
		}
		return nil
	})
	ended := &o.mints[len(o.mints)-1].ended
	if !sent {
		p.concluded, *ended = true, o.clock()
		return nil, cognigyError{errRefused}
	}
	err := o.ask("answer", func() error {
		if request.made == nil && !slices.Contains(w.cognigy.pending, request) || !o.clock().Before(deadline) {
			return errUnknown
		}
		w.commit(request)
		return nil
	})
	switch {
	case err == nil:
		*ended = o.clock()
		return request.made, nil
	case errors.Is(err, errRefused) && request.made == nil && o.clock().Before(deadline): // the answer proves that there is no key
		w.drop(request)
		p.concluded, *ended = true, o.clock()
	}
	return nil, err
}

// deliver writes the Secret, again and again until the deadline. A key that may have been delivered is not revoked: whether it
// was is seen by a later pass, since the intent is on record.
func (o *operator) deliver(p *pass, made *apiKey, intent time.Time) error {
	deadline := timing.Deadline(intent)
	doubtful := false
	for try := 0; ; try++ {
		err := o.effect(fmt.Sprintf("write %s into the Secret", made.ID), func() error {
			if !o.clock().Before(deadline) && !o.world.quirks.lateDelivery {
				return errLate
			}
			return o.world.write(p.secret, &secret{keyID: made.ID, issuedAt: intent}, false)
		})
		doubtful = doubtful || errors.Is(err, errUnknown)
		switch {
		case err == nil:
			p.secret = o.world.secret
			return nil
		case try < 2 && (errors.Is(err, errRefused) || errors.Is(err, errUnknown)):
			continue
		case doubtful:
			return o.confirm(p, made, err)
		}
		_ = o.revoke(p, made.Key)
		return err
	}
}

// confirm reads whether the Secret holds the key after all.
func (o *operator) confirm(p *pass, made *apiKey, doubt error) error {
	var read *secret
	err := o.effect("read whether the Secret holds it", func() error { read = o.world.secret; return nil })
	if err == nil && read != nil && !read.foreign && !read.broken && read.keyID == made.ID {
		p.secret = read
		return nil
	}
	if o.world.quirks.hastyDiscard {
		_ = o.revoke(p, made.Key)
	}
	return doubt
}
