// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// rules are true of every plan at start, whatever was observed.
var rules = map[string]func(o plan.Observed, p plan.Plan) bool{
	"S6: nothing is issued while deleting, suspended or kept out by a foreign Secret": func(o plan.Observed, p plan.Plan) bool {
		return p.Do != plan.Issue || o.DeletingSince.IsZero() && !o.Deleted && !o.Suspended && seen(o).State != plan.SecretForeign && !endpointIsGone(o)
	},
	"the keys are listed before another is made": func(o plan.Observed, p plan.Plan) bool {
		return p.Do != plan.Issue || !o.HasFinalizer || o.Fresh && o.Listing != nil
	},
	"a record from a future that no clock explains is not believed": func(o plan.Observed, p plan.Plan) bool {
		return !p.HasKey || !o.Secret.IssuedAt.After(start.Add(timing.RequestTimeout+timing.ListLag)) || proven(o)
	},
	"a Secret that is to be kept is detached in time": func(o plan.Observed, p plan.Plan) bool {
		return !o.Retain || !o.DeletingSince.IsZero() || o.Deleted || !o.Secret.Bound || seen(o).State != plan.SecretOurs || believed(o) && start.Before(resolvedAt(o)) ||
			p.Do == plan.Repair || p.Do == plan.Record || p.Do == plan.AddFinalizer || p.Do == plan.Revoke || p.Do == plan.List && !o.Fresh
	},
	"after a write that Kubernetes refused for good, no key is made within the window": func(o plan.Observed, p plan.Plan) bool {
		last := len(o.Attempts) - 1
		return p.Do != plan.Issue || o.Requested || last < 0 || o.Attempts[last].Outcome != plan.OutcomeRejected ||
			!start.Before(o.Attempts[last].StartedAt.Add(10*time.Minute))
	},
	"a record of a later version is left as it is": func(o plan.Observed, p plan.Plan) bool {
		switch p.Do {
		case plan.Issue, plan.Record, plan.Repair, plan.Revoke, plan.Finalize:
			return o.Secret.State != plan.SecretNewer || p.Do == plan.Finalize && neverServed(o) || p.Do == plan.Revoke && o.Retain
		default:
			return true
		}
	},
	"the record is written anew only on what a list of this reconcile shows": func(o plan.Observed, p plan.Plan) bool {
		return p.Do != plan.Record || o.Fresh && recorded(o)
	},
	"a record names ten replaced keys at most": func(_ plan.Observed, p plan.Plan) bool { return len(p.Retire) <= plan.MaxRetiring },
	"S3: a key that the record names is revoked when its own overlap is over": func(o plan.Observed, p plan.Plan) bool {
		if p.Do != plan.Revoke || !o.DeletingSince.IsZero() || o.Deleted || !recorded(o) {
			return true
		}
		for _, replaced := range o.Secret.Retiring {
			early := start.Before(replaced.ReplacedAt.Add(o.Rotation.Overlap)) && !replaced.ReplacedAt.After(start.Add(timing.RequestTimeout))
			if early && slices.ContainsFunc(p.Revoke, func(key plan.Key) bool { return key.ID == replaced.KeyID }) {
				return false
			}
		}
		return true
	},
	"a key that nobody can tell to be undelivered is not revoked before the record names it": func(o plan.Observed, p plan.Plan) bool {
		if p.Do != plan.Revoke || !o.DeletingSince.IsZero() || o.Deleted {
			return true
		}
		return !slices.ContainsFunc(p.Revoke, func(key plan.Key) bool { return unnamed(o, key.ID) && !undelivered(o, key) })
	},
	"S2: a foreign Secret is not touched": func(o plan.Observed, p plan.Plan) bool {
		return seen(o).State != plan.SecretForeign || p.Do != plan.Repair && p.Do != plan.Record
	},
	"S5: only listed keys with the marker are revoked, by a list of this reconcile": func(o plan.Observed, p plan.Plan) bool {
		for _, key := range p.Revoke {
			if !owned(o, key) || o.Listing == nil || !slices.Contains(o.Listing.Keys, key) {
				return false
			}
		}
		return p.Do != plan.Revoke || o.Fresh && len(p.Revoke) > 0
	},
	"S3: the key that the Secret names is not revoked, unless deleting": func(o plan.Observed, p plan.Plan) bool {
		return p.Do != plan.Revoke || !o.DeletingSince.IsZero() && !o.Deleted && !o.Retain || o.Deleted && o.Secret.Bound && !o.Retain ||
			!recorded(o) || !slices.ContainsFunc(p.Revoke, func(key plan.Key) bool { return key.ID == o.Secret.KeyID })
	},
	"S1: it is not released while a key may live": func(o plan.Observed, p plan.Plan) bool {
		if p.Do != plan.Finalize || neverServed(o) {
			return true
		}
		seen := o.Listing != nil && (!anyOwned(o) || o.Deleted && !o.Secret.Bound) && shown(o) && (!believed(o) || intentSettled(o))
		return (!o.DeletingSince.IsZero() && o.HasFinalizer || o.Deleted) && !o.Retain && o.Fresh && seen
	},
	"nothing is sent for a resource that may not use its connection and never could": func(o plan.Observed, p plan.Plan) bool {
		return !neverServed(o) || o.DeletingSince.IsZero() || p.Do != plan.List && p.Do != plan.Revoke
	},
	"Retain releases, whatever Cognigy does": func(o plan.Observed, p plan.Plan) bool {
		overdue := !o.DeletingSince.IsZero() && !start.Before(o.DeletingSince.Add(time.Minute)) && !believed(o) && o.HasFinalizer && !o.Deleted
		return !o.Retain || !overdue || p.Do == plan.Retain || p.Do == plan.Finalize
	},
	"only Retain leaves keys": func(o plan.Observed, p plan.Plan) bool {
		return p.Do != plan.Retain || o.Retain && (!o.DeletingSince.IsZero() && o.HasFinalizer || o.Deleted)
	},
	"S1: who is released with Retain leaves no key that nothing names": func(o plan.Observed, p plan.Plan) bool {
		if p.Do != plan.Retain || p.LeftUncertain || o.Listing == nil {
			return true
		}
		return !slices.ContainsFunc(o.Listing.Keys, func(key plan.Key) bool {
			left := slices.ContainsFunc(p.Left, func(left plan.RetiringKey) bool { return left.KeyID == key.ID })
			return owned(o, key) && !left && (seen(o).State != plan.SecretOurs || key.ID != o.Secret.KeyID)
		})
	},
	"only a drift check may share a list, and one that is not older than it is due": func(o plan.Observed, p plan.Plan) bool {
		return p.Do != plan.List || p.ListNotBefore.IsZero() || p.State == plan.Delivered && !o.Requested && !unconcluded(o) && !p.ListNotBefore.After(start)
	},
	"no reconcile lists twice": func(o plan.Observed, p plan.Plan) bool {
		return p.Do != plan.List || !o.Fresh
	},
	"an intent is dropped only when a list that can be trusted shows what became of it": func(o plan.Observed, p plan.Plan) bool {
		return !unconcluded(o) || p.IntentPending || o.Fresh && o.Listing != nil && (!believed(o) || intentSettled(o))
	},
	"an intent is kept while a key that it may have made is being revoked": func(o plan.Observed, p plan.Plan) bool {
		return p.Do != plan.Revoke || p.IntentPending == unconcluded(o)
	},
	"a finalizer that was removed is put back first": func(o plan.Observed, p plan.Plan) bool {
		mayExist := !o.Intent.IsZero() || !lastIssuance(o).IsZero() || o.Secret.State == plan.SecretOurs
		idle := !o.DeletingSince.IsZero() || o.Deleted || o.Suspended || seen(o).State == plan.SecretForeign || o.Secret.State == plan.SecretNewer || endpointIsGone(o)
		return o.HasFinalizer || !mayExist || idle || p.Do == plan.AddFinalizer
	},
	"the issuance budget is kept": func(o plan.Observed, p plan.Plan) bool {
		recent := 0
		for _, attempt := range o.Attempts {
			if start.Sub(attempt.StartedAt) < 10*time.Minute {
				recent++
			}
		}
		return p.Do != plan.Issue || recent < 5
	},
	"a wait has an end": func(o plan.Observed, p plan.Plan) bool {
		return p.Do != plan.Wait || !p.RequeueAt.IsZero() || p.State == plan.Suspended ||
			!o.DeletingSince.IsZero() && !o.HasFinalizer && !o.Deleted
	},
	"replaced keys are revoked in time": func(_ plan.Observed, p plan.Plan) bool {
		return p.Do != plan.Wait || p.RetiresAt.IsZero() || !p.RequeueAt.IsZero() && !p.RequeueAt.After(p.RetiresAt)
	},
}

// The promises hold for every plan, whatever was observed, contradictions included.
func TestRules(t *testing.T) {
	for name, holds := range rules {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				o := observations.Draw(t, "observed")
				if p := plan.Next(o, start, timing); !holds(o, p) {
					t.Fatalf("%s\nobserved %s\nplanned  %+v", name, describe(o), p)
				}
			})
		})
	}
}

func describe(o plan.Observed) string {
	text := fmt.Sprintf("%+v", o)
	if o.Listing != nil {
		text += fmt.Sprintf(" listing %+v", *o.Listing)
	}
	return text
}

// A plan follows from what was observed alone, which it leaves as it is.
func TestPure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := observations.Draw(t, "observed")
		before := copyOf(o)
		first := plan.Next(o, start, timing)
		if !reflect.DeepEqual(o, before) {
			t.Fatalf("changed what was observed: %s, was %s", describe(o), describe(before))
		}
		if again := plan.Next(o, start, timing); !reflect.DeepEqual(first, again) {
			t.Fatalf("planned %+v, then %+v", first, again)
		}
	})
}

// nextReconcile is what is observed later if nothing happens but what the plan led to.
func nextReconcile(o plan.Observed, p plan.Plan) plan.Observed {
	o = copyOf(o)
	o.Fresh, o.Requested, o.MissingSince = false, false, p.MissingSince
	if o.Listing != nil {
		o.Listing.EndpointGone = false
	}
	if !p.IntentPending {
		o.Intent = time.Time{}
	}
	o.Reported.Retiring = p.Retiring
	if p.Reports {
		o.Reported.KeyID, o.IssuedAt = o.Secret.KeyID, o.Secret.IssuedAt
	}
	return o
}

// A requeue for a time that has come must find something to do, or the operator would spin.
func TestNoSpinning(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := observations.Draw(t, "observed")
		p := plan.Next(o, start, timing)
		if p.Do != plan.Wait || p.RequeueAt.IsZero() || p.RequeueAt.After(start) {
			return
		}
		if next := plan.Next(nextReconcile(o, p), start, timing); next.Do == plan.Wait {
			t.Fatalf("spins\nobserved %s\nplanned  %+v\nthen     %+v", describe(o), p, next)
		}
	})
}

// Nothing becomes due before a delivered resource is looked at again.
func TestNothingIsMissed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := observations.Draw(t, "observed")
		p := plan.Next(o, start, timing)
		if p.Do != plan.Wait || p.State != plan.Delivered || o.Fresh && o.Listing == nil {
			return
		}
		wait := p.RequeueAt.Sub(start)
		if wait <= 0 {
			return
		}
		then := start.Add(time.Duration(rapid.Int64Range(0, int64(wait)-1).Draw(t, "then")))
		if next := plan.Next(nextReconcile(o, p), then, timing); next.Do != plan.Wait {
			t.Fatalf("missed\nobserved %s\nplanned  %+v\nbut after %s %+v", describe(o), p, then.Sub(start), next)
		}
	})
}
