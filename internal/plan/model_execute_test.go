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

// execute carries out one action.
func (o *operator) execute(s *scope, next plan.Plan) (released bool, err error) {
	switch next.Do {
	case plan.AddFinalizer:
		return false, o.patch(s, "add the finalizer", func(key *resource) { key.protected = true })
	case plan.Issue:
		return false, o.issue(s)
	case plan.Revoke:
		var failures []error
		for _, key := range next.Revoke {
			failures = append(failures, o.revoke(s, key))
		}
		return false, errors.Join(failures...)
	case plan.Retain, plan.Finalize:
		if next.DeleteSecret {
			err := o.effect("delete the Secret", func() error { return o.env.write(s.secret, nil, false) })
			if err != nil && !errors.Is(err, errNotFound) {
				return false, err
			}
		}
		err := o.patch(s, "remove the finalizer", func(key *resource) {
			key.protected = false
			o.env.excused = o.env.excused || next.Do == plan.Retain
		})
		return err == nil || errors.Is(err, errNotFound), err
	default:
		o.env.violate("there is no action %q", next.Do)
		return false, nil
	}
}

func (o *operator) patch(s *scope, what string, edit func(*resource)) error {
	return o.effect(what, func() error {
		if err := o.env.patch(s.key, edit); err != nil {
			return err
		}
		if o.fate != lost {
			s.key = o.env.key
		}
		return nil
	})
}

func (o *operator) revoke(s *scope, key plan.Key) error {
	return o.ask("DELETE "+key.ID, func() error {
		env := o.env
		found := env.find(key.ID)
		if found == nil {
			return nil
		}
		env.effects++
		if !plan.HasMarker(found.Name, marker) {
			env.violate("S5: a key of another owner is revoked")
		}
		if held := env.secret; held != nil && !held.foreign && !held.broken && env.key != nil && !env.key.deleting {
			if held.keyID == key.ID {
				env.violate("S3: the Secret's key %s is revoked", key.ID)
			}
			// If the Secret's key does not work and an intent is pending, the key of that cannot be told from a replaced one.
			if held.wroteOver == key.ID && env.find(held.keyID) != nil && o.clock().Before(held.issuedAt.Add(s.key.rotation.Overlap)) {
				env.violate("S3: the replaced key %s is revoked before the overlap is over", key.ID)
			}
		}
		found.revoked = env.now
		return nil
	})
}

// issue makes a key and delivers it.
func (o *operator) issue(s *scope) error {
	if !s.key.protected {
		if err := o.patch(s, "add the finalizer", func(key *resource) { key.protected = true }); err != nil {
			return err
		}
	}
	if err := o.effect("dry run of the Secret", func() error { return o.env.write(s.secret, nil, true) }); err != nil {
		return err
	}
	intent := o.clock()
	err := o.patch(s, "write the intent", func(key *resource) {
		if key.deleting || key.suspended {
			o.env.violate("S6: an issuance begins although the resource is deleted or suspended")
		}
		key.status.intent = intent
	})
	if err != nil {
		return err
	}
	made, err := o.post(s, intent.Add(timing.RequestTimeout))
	if err != nil {
		return err
	}
	return o.deliver(s, made, intent)
}

// post sends the request, and waits for its answer.
func (o *operator) post(s *scope, deadline time.Time) (*apiKey, error) {
	env := o.env
	request := &post{name: plan.KeyName("My key", start, marker), deadline: deadline.Add(-o.skew)}
	o.attempts = append(o.attempts, plan.Attempt{StartedAt: s.key.status.intent})
	sent := false
	_ = o.effect("POST", func() error {
		if !o.clock().Before(deadline) {
			return errLate
		}
		recent := 0
		for _, attempt := range o.attempts {
			if o.clock().Sub(attempt.StartedAt) < 10*time.Minute {
				recent++
			}
		}
		if recent > 5 {
			env.violate("a sixth key within ten minutes")
		}
		env.effects++
		if sent = !env.cognigy.gone; sent {
			env.cognigy.pending = append(env.cognigy.pending, request)
		}
		return nil
	})
	ended := &o.attempts[len(o.attempts)-1].EndedAt
	if !sent {
		s.concluded, *ended = true, o.clock()
		return nil, cognigyError{errRefused}
	}
	err := o.ask("answer", func() error {
		if request.made == nil && !slices.Contains(env.cognigy.pending, request) || !o.clock().Before(deadline) {
			return errUnknown
		}
		env.commit(request)
		return nil
	})
	switch {
	case err == nil:
		*ended = o.clock()
		return request.made, nil
	case errors.Is(err, errRefused) && request.made == nil && o.clock().Before(deadline): // the answer proves that there is no key
		env.drop(request)
		s.concluded, *ended = true, o.clock()
	}
	return nil, err
}

// deliver writes the Secret, again and again until the deadline, and revokes a key that was certainly not delivered.
func (o *operator) deliver(s *scope, made *apiKey, intent time.Time) error {
	deadline := timing.Deadline(intent)
	var write plan.Write
	var last error
	for range 3 {
		last = o.effect(fmt.Sprintf("write %s into the Secret", made.ID), func() error {
			if !o.clock().Before(deadline) && !o.env.quirks.lateDelivery {
				return errLate
			}
			return o.env.write(s.secret, &secret{keyID: made.ID, issuedAt: intent}, false)
		})
		write.OutcomeUnknown = write.OutcomeUnknown || errors.Is(last, errUnknown)
		if write.Confirmed = last == nil; write.Confirmed {
			s.secret = o.env.secret
			return nil
		}
		if !errors.Is(last, errRefused) && !errors.Is(last, errUnknown) {
			break
		}
	}
	o.readBack(s, made, &write)
	switch delivery := write.Delivery(); {
	case delivery == plan.KeyDelivered:
		return nil
	case delivery == plan.KeyUndelivered, o.env.quirks.revokeOfUnknownOutcome:
		_ = o.revoke(s, made.Key)
	}
	return last
}

// readBack reads whether the Secret holds the key after all.
func (o *operator) readBack(s *scope, made *apiKey, write *plan.Write) {
	var read *secret
	err := o.effect("read whether the Secret holds it", func() error { read = o.env.secret; return nil })
	write.ReadBack = err == nil
	write.Recorded = read != nil && !read.foreign && !read.broken && read.keyID == made.ID
	if write.ReadBack && write.Recorded {
		s.secret = read
	}
}
