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

// settled tells whether a list shows what a request that was begun at some time has made.
func settled(o plan.Observed, begun time.Time) bool {
	return begun.IsZero() || o.Listing != nil && !o.Listing.At.Before(begun.Add(timing.RequestTimeout+timing.ListLag))
}

// shown tells whether the list shows what the last issuance has made, and what another process may have begun before.
func shown(o plan.Observed) bool {
	switch {
	case !settled(o, o.WatchedSince):
		return false
	case o.LastEnded.IsZero():
		return settled(o, o.LastIssued)
	default:
		return !o.Listing.At.Before(o.LastEnded.Add(timing.ListLag))
	}
}

// intentSettles is when the recorded attempt has had its effect on lists. Its recorded deadline counts, but for ten minutes at most.
func intentSettles(o plan.Observed) time.Time {
	recorded := o.Intent.Add(min(o.Deadline.Sub(o.Intent), 10*time.Minute))
	if ordinary := timing.Deadline(o.Intent); recorded.Before(ordinary) {
		recorded = ordinary
	}
	return recorded.Add(timing.ListLag)
}

// intentSettled tells whether the list shows what the recorded attempt has made.
func intentSettled(o plan.Observed) bool {
	return o.Listing != nil && !o.Listing.At.Before(intentSettles(o))
}

// believed tells whether an intent is not from a future that no clock explains.
func believed(o plan.Observed) bool {
	return unconcluded(o) && !o.Intent.After(start.Add(timing.RequestTimeout))
}

// rules are true of every plan at start, whatever was observed.
var rules = map[string]func(o plan.Observed, p plan.Plan) bool{
	"S6: nothing is issued while deleting, suspended or kept out by a foreign Secret": func(o plan.Observed, p plan.Plan) bool {
		return p.Do != plan.Issue || !o.Deleting && !o.Suspended && o.Secret.State != plan.SecretForeign && !o.EndpointGone
	},
	"a key that may exist is looked for before another is made": func(o plan.Observed, p plan.Plan) bool {
		return p.Do != plan.Issue || !o.Protected || o.Live && o.Listing != nil
	},
	"a record from a future that no clock explains is not believed": func(o plan.Observed, p plan.Plan) bool {
		return !p.HasKey || !o.Secret.IssuedAt.After(start.Add(timing.RequestTimeout+timing.ListLag))
	},
	"a Secret that is to be kept is detached in time": func(o plan.Observed, p plan.Plan) bool {
		return !o.Retain || o.Deleting || !o.Secret.Bound || believed(o) && start.Before(intentSettles(o)) ||
			p.Do == plan.Repair || p.Do == plan.Protect || p.Do == plan.Revoke || p.Do == plan.Look && !o.Live
	},
	"where names are not kept, no key is made for a while": func(o plan.Observed, p plan.Plan) bool {
		return p.Do != plan.Issue || o.Requested || o.MarkerLost.IsZero() || !start.Before(o.MarkerLost.Add(10*time.Minute))
	},
	"S2: a foreign Secret is not touched": func(o plan.Observed, p plan.Plan) bool {
		return o.Secret.State != plan.SecretForeign || p.Do != plan.Repair
	},
	"S5: only listed keys with the marker are revoked, by a list of this pass": func(o plan.Observed, p plan.Plan) bool {
		for _, key := range p.Revoke {
			if !plan.HasMarker(key.Name, marker) || o.Listing == nil || !slices.Contains(o.Listing.Keys, key) {
				return false
			}
		}
		return p.Do != plan.Revoke || o.Live && len(p.Revoke) > 0
	},
	"S3: the key that the Secret names is not revoked, unless deleting": func(o plan.Observed, p plan.Plan) bool {
		return p.Do != plan.Revoke || o.Deleting || o.Secret.State != plan.SecretOurs ||
			!slices.ContainsFunc(p.Revoke, func(key plan.Key) bool { return key.ID == o.Secret.KeyID })
	},
	"S1: it is not let go while a key may live": func(o plan.Observed, p plan.Plan) bool {
		if p.Do != plan.Release {
			return true
		}
		seen := o.Listing != nil && !anyOwned(o) && shown(o) && (!believed(o) || intentSettled(o))
		return o.Deleting && o.Protected && !o.Retain && o.Live && seen
	},
	"the escape hatch always opens": func(o plan.Observed, p plan.Plan) bool {
		return (p.Do == plan.Retain) == (o.Deleting && o.Retain && o.Protected)
	},
	"only a routine look may share a list, and one that is not older than it is due": func(o plan.Observed, p plan.Plan) bool {
		return p.Do != plan.Look || p.From.IsZero() || p.State == plan.Delivered && !o.Requested && !unconcluded(o) && !p.From.After(start)
	},
	"nobody looks twice in one pass": func(o plan.Observed, p plan.Plan) bool {
		return p.Do != plan.Look || !o.Live
	},
	"an intent is dropped only when a list that can be trusted shows what became of it": func(o plan.Observed, p plan.Plan) bool {
		return !unconcluded(o) || p.Open || o.Live && o.Listing != nil && (!believed(o) || intentSettled(o))
	},
	"an intent is kept while a key that it may have made is being revoked": func(o plan.Observed, p plan.Plan) bool {
		return p.Do != plan.Revoke || p.Open == unconcluded(o)
	},
	"a finalizer that somebody removed is put back first": func(o plan.Observed, p plan.Plan) bool {
		mayExist := !o.Intent.IsZero() || !o.LastIssued.IsZero() || o.Secret.State == plan.SecretOurs
		idle := o.Deleting || o.Suspended || o.Secret.State == plan.SecretForeign || o.EndpointGone
		return o.Protected || !mayExist || idle || p.Do == plan.Protect
	},
	"the mint budget is kept": func(o plan.Observed, p plan.Plan) bool {
		recent := 0
		for _, at := range o.Issues {
			if start.Sub(at) < 10*time.Minute {
				recent++
			}
		}
		return p.Do != plan.Issue || recent < 5
	},
	"whoever waits is woken": func(o plan.Observed, p plan.Plan) bool {
		return p.Do != plan.Wait || !p.Again.IsZero() || p.State == plan.Suspended || o.Deleting && !o.Protected
	},
	"replaced keys are revoked in time": func(_ plan.Observed, p plan.Plan) bool {
		return p.Do != plan.Wait || len(p.Retiring) == 0 || !p.Again.IsZero() && !p.Again.After(p.RetiresAt)
	},
}

// What design.md promises of plans is true whatever was observed, contradictions included.
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

// nextPass is what is observed later if nothing happens but what the plan led to.
func nextPass(o plan.Observed, p plan.Plan) plan.Observed {
	o = copyOf(o)
	o.Live, o.Requested, o.EndpointGone, o.RetiresAt = false, false, false, time.Time{}
	if !p.Open {
		o.Intent = time.Time{}
	}
	if len(p.Retiring) > 0 {
		o.RetiresAt = p.RetiresAt
	}
	return o
}

// Who waits for a time that has come must find something to do, or the operator would spin.
func TestNoSpinning(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := observations.Draw(t, "observed")
		p := plan.Next(o, start, timing)
		if p.Do != plan.Wait || p.Again.IsZero() || p.Again.After(start) {
			return
		}
		if next := plan.Next(nextPass(o, p), start, timing); next.Do == plan.Wait {
			t.Fatalf("spins\nobserved %s\nplanned  %+v\nthen     %+v", describe(o), p, next)
		}
	})
}

// Nothing becomes due before a delivered resource is looked at again.
func TestNothingIsMissed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := observations.Draw(t, "observed")
		p := plan.Next(o, start, timing)
		if p.Do != plan.Wait || p.State != plan.Delivered || o.Live && o.Listing == nil {
			return
		}
		wait := p.Again.Sub(start)
		if wait <= 0 {
			return
		}
		then := start.Add(time.Duration(rapid.Int64Range(0, int64(wait)-1).Draw(t, "then")))
		if next := plan.Next(nextPass(o, p), then, timing); next.Do != plan.Wait {
			t.Fatalf("missed\nobserved %s\nplanned  %+v\nbut after %s %+v", describe(o), p, then.Sub(start), next)
		}
	})
}
