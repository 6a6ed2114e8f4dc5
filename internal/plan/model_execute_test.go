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
		return false, o.issue(s, next)
	case plan.Revoke:
		var failures []error
		for _, key := range next.Revoke {
			failures = append(failures, o.revoke(s, key))
		}
		return false, errors.Join(failures...)
	case plan.Record:
		return false, o.record(s, next)
	case plan.Retain, plan.Finalize:
		return o.release(s, next)
	default:
		o.env.violate("there is no action %q", next.Do)
		return false, nil
	}
}

// record writes the record anew, under precondition. The former owner stands in the status before.
func (o *operator) record(s *scope, next plan.Plan) error {
	retire := next.Retire
	if s.secret.former {
		current := plan.RetiringKey{KeyID: s.secret.keyID, FormerUID: formerUID}
		err := o.patch(s, "name the former owner and its keys", func(key *resource) { o.env.nameInherited(s, &key.status, o.stamped(append(retire, current))) })
		if err != nil {
			return err
		}
	}
	return o.effect("write the record anew", func() error {
		written := *s.secret
		written.former, written.adopted, written.retiring = false, written.adopted || written.former, o.stamped(retire)
		written.replacement = next.Replaces
		err := o.env.write(s.secret, &written, false)
		if err == nil && o.fate != lost {
			s.secret, s.recorded = o.env.secret, true
		}
		return err
	})
}

// stamped says of keys that a write replaces that it does so now.
func (o *operator) stamped(retire []plan.RetiringKey) []plan.RetiringKey {
	retire = slices.Clone(retire)
	for i := range retire {
		if retire[i].ReplacedAt.IsZero() {
			retire[i].ReplacedAt = o.clock().Add(time.Second - 1).Truncate(time.Second)
		}
	}
	return retire
}

// release lets go of the resource.
func (o *operator) release(s *scope, next plan.Plan) (released bool, err error) {
	if next.DeleteSecret {
		key := s.key
		if err := o.effect("read resource again", func() error { key = o.env.key; return nil }); err != nil {
			return false, err
		}
		if key == nil || key.version != s.key.version {
			return false, errConflict
		}
		err := o.effect("delete the Secret", func() error { return o.env.write(s.secret, nil, false) })
		if err != nil && !errors.Is(err, errNotFound) {
			return false, err
		}
	}
	err = o.patch(s, "remove the finalizer", func(key *resource) {
		key.protected = false
		if next.Do == plan.Retain {
			o.env.warned, o.env.uncertain = map[string]bool{}, next.LeftUncertain
			for _, left := range next.Left {
				o.env.warned[left.KeyID] = true
			}
		}
	})
	return err == nil || errors.Is(err, errNotFound), err
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
		if !plan.HasMarker(found.Name, marker) && !found.wasOurs {
			env.violate("S5: a key of another owner is revoked")
		}
		if env.key != nil && !env.key.deleting() && found.held {
			o.checkOverlap(s, found)
		}
		found.revoked = env.now
		return nil
	})
}

// checkOverlap looks whether a key that was delivered may be revoked. Clocks differ by a second.
func (o *operator) checkOverlap(s *scope, key *apiKey) {
	env, overlap := o.env, s.key.rotation.Overlap
	made, _ := plan.AttemptOf(key.Name)
	ownAttempt := slices.ContainsFunc(o.attempts, func(attempt plan.Attempt) bool { return attempt.StartedAt.Equal(made) })
	switch {
	case !key.putBack.Before(s.readAt):
		// The operator read the Secret before, and nothing holds up its request.
	case env.secret == nil && !key.reported && !ownAttempt:
		// There was no Secret before, and there is none now: that there was one for a moment, nothing tells to another process.
	case env.secret.holds(key.ID) && env.secret.known:
		env.violate("S3: the Secret's key %s is revoked", key.ID)
	case env.now.Before(key.heldLast.Add(overlap-time.Second)) && len(env.live()) <= plan.MaxRetiring:
		env.violate("S3: the replaced key %s is revoked before the overlap is over", key.ID)
	case s.key.targeted && overlap > 0 && env.uses(key.ID) && key.putBack.IsZero() &&
		env.now.Before(key.heldLast.Add(mostOverlap-time.Second)) && len(env.live()) <= plan.MaxRetiring:
		env.violate("S3: the replaced key %s is revoked while a Pod of the workload uses it", key.ID)
	}
}

// issue makes a key and delivers it.
func (o *operator) issue(s *scope, next plan.Plan) error {
	if !s.key.protected {
		if err := o.patch(s, "add the finalizer", func(key *resource) { key.protected = true }); err != nil {
			return err
		}
	}
	if err := o.effect("dry run of the Secret", func() error { return o.env.write(s.secret, nil, true) }); err != nil {
		return err
	}
	intent := o.clock().Truncate(time.Microsecond)
	err := o.patch(s, "write the intent", func(key *resource) {
		if key.deleting() || key.suspended {
			o.env.violate("S6: an issuance begins although the resource is deleted or suspended")
		}
		key.status.intent, key.status.intentSecret = intent, s.secret.seen().Version
		o.env.nameInherited(s, &key.status, o.stamped(next.Retire))
		key.status.unsettled = next.UnsettledUntil
	})
	if err != nil {
		return err
	}
	made, err := o.post(s, intent.Add(timing.RequestTimeout))
	if err != nil {
		return err
	}
	return o.deliver(s, made, intent, next)
}

// post sends the request, and waits for its answer.
func (o *operator) post(s *scope, deadline time.Time) (*apiKey, error) {
	env := o.env
	began := s.key.status.intent
	request := &post{name: plan.KeyName("My key", began, marker), deadline: deadline.Add(-o.skew)}
	o.attempts = append(o.attempts, plan.Attempt{StartedAt: began})
	attempt := &o.attempts[len(o.attempts)-1]
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
	if !sent {
		s.concluded, attempt.EndedAt, attempt.Outcome = true, o.clock(), plan.OutcomeRefused
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
		attempt.EndedAt = o.clock()
		return request.made, nil
	case errors.Is(err, errRefused) && o.clock().Before(deadline): // which may be a lie: the request makes its key all the same
		s.concluded, attempt.EndedAt, attempt.Outcome = true, o.clock(), plan.OutcomeRefused
	default:
		attempt.Outcome = plan.OutcomeUnanswered
	}
	return nil, err
}

// deliver writes the Secret, again and again until the deadline, and revokes a key that was certainly not delivered.
func (o *operator) deliver(s *scope, made *apiKey, intent time.Time, next plan.Plan) error {
	deadline := timing.Deadline(intent)
	var write plan.Write
	var last error
	for range 3 {
		last = o.effect(fmt.Sprintf("write %s into the Secret", made.ID), func() error {
			if !o.clock().Before(deadline) && !o.env.quirks.lateDelivery {
				return errLate
			}
			return o.env.write(s.secret, &secret{
				known: true, keyID: made.ID, issuedAt: intent, retiring: o.stamped(next.Retire), replacement: next.Replaces,
			}, false)
		})
		write.OutcomeUnknown = write.OutcomeUnknown || errors.Is(last, errUnknown)
		if write.Confirmed = last == nil; write.Confirmed {
			s.secret = o.env.secret
			break
		}
		if errors.Is(last, errConflict) && !o.readUnchanged(s) || errors.Is(last, errNotFound) || errors.Is(last, errLate) {
			break
		}
	}
	if last != nil {
		o.readBack(s, made, &write)
	}
	delivery := write.Delivery()
	o.attempts[len(o.attempts)-1].Outcome = delivery.Outcome(false)
	switch {
	case delivery == plan.KeyDelivered:
		return nil
	case delivery == plan.KeyUndelivered, o.env.quirks.revokeOfUnknownOutcome:
		_ = o.revoke(s, made.Key)
	}
	return last
}

// readUnchanged reads the Secret anew, and reports whether a delivery may go on with that version.
func (o *operator) readUnchanged(s *scope) bool {
	var read *secret
	err := o.effect("read the Secret anew", func() error { read = o.env.secret; return nil })
	if err != nil || !read.seen().SameRecord(s.secret.seen()) {
		return false
	}
	s.secret = read
	return true
}

// readBack reads whether the Secret holds the key after all.
func (o *operator) readBack(s *scope, made *apiKey, write *plan.Write) {
	var read *secret
	err := o.effect("read whether the Secret holds it", func() error { read = o.env.secret; return nil })
	write.ReadBack = err == nil
	write.Recorded = read.holds(made.ID)
	if write.ReadBack && write.Recorded {
		s.secret = read
	}
}
