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

func recorded(o plan.Observed) bool {
	intact := o.Secret.Intact && !o.Secret.IssuedAt.After(start.Add(timing.RequestTimeout+timing.ListLag))
	return o.Secret.State == plan.SecretOurs && intact && o.Secret.EndpointID == o.EndpointID
}

func unconcluded(o plan.Observed) bool {
	return !o.Intent.IsZero() && (!recorded(o) || !o.Intent.Equal(o.Secret.IssuedAt))
}

func anyOwned(o plan.Observed) bool {
	return o.Listing != nil && slices.ContainsFunc(o.Listing.Keys, func(key plan.Key) bool { return plan.HasMarker(key.Name, marker) })
}

// settled reports whether a list shows the effect of a request that began at some time.
func settled(o plan.Observed, begun time.Time) bool {
	return begun.IsZero() || o.Listing != nil && !o.Listing.At.Before(begun.Add(timing.RequestTimeout+timing.ListLag))
}

// lastIssuance is the latest issuance that anything tells of and that is not from a future that no clock explains.
func lastIssuance(o plan.Observed) time.Time {
	told := []time.Time{o.Secret.IssuedAt, o.IssuedAt}
	if len(o.Attempts) > 0 {
		told = append(told, o.Attempts[len(o.Attempts)-1].StartedAt)
	}
	var last time.Time
	for _, at := range told {
		if at.After(last) && !at.After(start.Add(timing.RequestTimeout)) {
			last = at
		}
	}
	return last
}

func endpointIsGone(o plan.Observed) bool { return o.Listing != nil && o.Listing.EndpointGone }

// shown reports whether the list shows the effect of the latest issuance, and of what another process may have begun before.
func shown(o plan.Observed) bool {
	if !settled(o, o.LeaderSince) {
		return false
	}
	if last := len(o.Attempts) - 1; last >= 0 {
		attempt := o.Attempts[last]
		if proven := attempt.StartedAt.Equal(o.Secret.IssuedAt) && attempt.StartedAt.Equal(lastIssuance(o)); proven && !attempt.EndedAt.IsZero() {
			return !o.Listing.At.Before(attempt.EndedAt.Add(timing.ListLag))
		}
	}
	return settled(o, lastIssuance(o))
}

// resolvedAt is when the recorded attempt has had its effect on lists. Its recorded deadline counts, but for ten minutes at most.
func resolvedAt(o plan.Observed) time.Time {
	recorded := o.Intent.Add(min(o.Deadline.Sub(o.Intent), 10*time.Minute))
	if ordinary := timing.Deadline(o.Intent); recorded.Before(ordinary) {
		recorded = ordinary
	}
	return recorded.Add(timing.ListLag)
}

// neverServed reports that nothing shows that a key was ever issued for a resource that may not use its connection.
func neverServed(o plan.Observed) bool {
	return o.Unpermitted && !o.Served && !o.Deleted && o.Intent.IsZero() && o.IssuedAt.IsZero() && o.Attempts == nil && o.Secret.State != plan.SecretOurs
}

// intentSettled reports whether the list shows the effect of the recorded attempt.
func intentSettled(o plan.Observed) bool {
	return o.Listing != nil && !o.Listing.At.Before(resolvedAt(o))
}

// believed reports whether an intent lies no further in the future than clocks may differ.
func believed(o plan.Observed) bool {
	return unconcluded(o) && !o.Intent.After(start.Add(timing.RequestTimeout))
}

// rules are true of every plan at start, whatever was observed.
var rules = map[string]func(o plan.Observed, p plan.Plan) bool{
	"S6: nothing is issued while deleting, suspended or kept out by a foreign Secret": func(o plan.Observed, p plan.Plan) bool {
		return p.Do != plan.Issue || !o.Deleting && !o.Deleted && !o.Suspended && o.Secret.State != plan.SecretForeign && !endpointIsGone(o)
	},
	"the keys are listed before another is made": func(o plan.Observed, p plan.Plan) bool {
		return p.Do != plan.Issue || !o.HasFinalizer || o.Fresh && o.Listing != nil
	},
	"a record from a future that no clock explains is not believed": func(o plan.Observed, p plan.Plan) bool {
		return !p.HasKey || !o.Secret.IssuedAt.After(start.Add(timing.RequestTimeout+timing.ListLag))
	},
	"a Secret that is to be kept is detached in time": func(o plan.Observed, p plan.Plan) bool {
		return !o.Retain || o.Deleting || o.Deleted || !o.Secret.Bound || believed(o) && start.Before(resolvedAt(o)) ||
			p.Do == plan.Repair || p.Do == plan.AddFinalizer || p.Do == plan.Revoke || p.Do == plan.List && !o.Fresh
	},
	"where Cognigy changes names, no key is made within the window": func(o plan.Observed, p plan.Plan) bool {
		return p.Do != plan.Issue || o.Requested || o.KeyNameChanged.IsZero() || !start.Before(o.KeyNameChanged.Add(10*time.Minute))
	},
	"S2: a foreign Secret is not touched": func(o plan.Observed, p plan.Plan) bool {
		return o.Secret.State != plan.SecretForeign || p.Do != plan.Repair
	},
	"S5: only listed keys with the marker are revoked, by a list of this reconcile": func(o plan.Observed, p plan.Plan) bool {
		for _, key := range p.Revoke {
			if !plan.HasMarker(key.Name, marker) || o.Listing == nil || !slices.Contains(o.Listing.Keys, key) {
				return false
			}
		}
		return p.Do != plan.Revoke || o.Fresh && len(p.Revoke) > 0
	},
	"S3: the key that the Secret names is not revoked, unless deleting": func(o plan.Observed, p plan.Plan) bool {
		return p.Do != plan.Revoke || o.Deleting && !o.Deleted || o.Deleted && o.Secret.Bound || o.Secret.State != plan.SecretOurs ||
			!slices.ContainsFunc(p.Revoke, func(key plan.Key) bool { return key.ID == o.Secret.KeyID })
	},
	"S1: it is not released while a key may live": func(o plan.Observed, p plan.Plan) bool {
		if p.Do != plan.Finalize || neverServed(o) {
			return true
		}
		seen := o.Listing != nil && (!anyOwned(o) || o.Deleted && !o.Secret.Bound) && shown(o) && (!believed(o) || intentSettled(o))
		return (o.Deleting && o.HasFinalizer || o.Deleted) && !o.Retain && o.Fresh && seen
	},
	"nothing is sent for a resource that may not use its connection and never could": func(o plan.Observed, p plan.Plan) bool {
		return !neverServed(o) || !o.Deleting || p.Do != plan.List && p.Do != plan.Revoke
	},
	"Retain always releases": func(o plan.Observed, p plan.Plan) bool {
		return (p.Do == plan.Retain) == (o.Retain && (o.Deleting && o.HasFinalizer || o.Deleted))
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
		idle := o.Deleting || o.Deleted || o.Suspended || o.Secret.State == plan.SecretForeign || endpointIsGone(o)
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
		return p.Do != plan.Wait || !p.RequeueAt.IsZero() || p.State == plan.Suspended || o.Deleting && !o.HasFinalizer && !o.Deleted
	},
	"replaced keys are revoked in time": func(_ plan.Observed, p plan.Plan) bool {
		return p.Do != plan.Wait || len(p.Retiring) == 0 || !p.RequeueAt.IsZero() && !p.RequeueAt.After(p.RetiresAt)
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
	o.Fresh, o.Requested, o.RetiresAt, o.MissingSince = false, false, time.Time{}, p.MissingSince
	if o.Listing != nil {
		o.Listing.EndpointGone = false
	}
	if !p.IntentPending {
		o.Intent = time.Time{}
	}
	if len(p.Retiring) > 0 {
		o.RetiresAt = p.RetiresAt
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
