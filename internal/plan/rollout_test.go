// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// replacement is a resource whose key k1 replaced k0 some time ago, which works for ten minutes, or an hour and a half at most.
func replacement(ago time.Duration, targets ...plan.Target) plan.Observed {
	wanted := plan.Rotation{Overlap: 10 * time.Minute, MaxOverlap: 90 * time.Minute}
	shown := freshList(key("k1", -ago), key("k0", -3*time.Hour))
	return delivered(issued(-ago), replaced("k0", -ago), announced(-ago), rotation(wanted), shown, func(o *plan.Observed) {
		o.Secret.Replacement, o.Targets = true, targets
	})
}

// crm is a target whose Pod template names a key.
func crm(keyID string, complete bool) plan.Target {
	return plan.Target{Name: "crm", KeyID: keyID, Restarted: keyID, Complete: complete}
}

func TestRestart(t *testing.T) {
	hour := time.Hour
	check(t, []scenario{
		{
			"What uses the Secret restarts when its key was replaced, once for each key.",
			replacement(time.Minute, crm("", true), crm("k0", true), crm("k1", true)),
			"wait, delivered key requeue:15s retires:k0:-1m0s restarts:crm restarts:crm",
		},
		{
			"The first key of a resource restarts nothing: Pods did not start without it.",
			delivered(freshList(key("k1", -hour)), func(o *plan.Observed) { o.Targets = []plan.Target{crm("", true)} }),
			"wait, delivered key requeue:10m0s",
		},
		{
			"If something removes the key from the Pod template again, that is no reason to restart it again.",
			replacement(time.Minute, plan.Target{Name: "crm", Restarted: "k1", Complete: true}),
			"wait, delivered key requeue:15s retires:k0:-1m0s",
		},
		{
			"A target that does not exist, or cannot be read, is not restarted.",
			replacement(time.Minute, plan.Target{Name: "a", Missing: true}, plan.Target{Name: "b", Unreadable: true}),
			"wait, delivered key requeue:15s retires:k0:-1m0s",
		},
		{
			"A resource that is suspended restarts nothing.",
			with(replacement(time.Minute, crm("k0", true)), suspended), "wait, suspended key retires:k0:-1m0s",
		},
		{
			"Neither does one whose Secret may not be the latest.",
			with(replacement(time.Minute, crm("k0", true)), listed(0, key("k1", -time.Minute), key("k2", -time.Second)), func(o *plan.Observed) {
				o.Reported = plan.Reported{KeyID: "k2"}
			}),
			"record, delivered key requeue:15s names:k2",
		},
		{
			"Cognigy need not answer for a restart.",
			with(replacement(time.Minute, crm("k0", true)), requested, func(o *plan.Observed) { o.Fresh = false }),
			"list, delivered key requeue:15s retires:k0:-1m0s restarts:crm",
		},
	})
}

func TestReplacement(t *testing.T) {
	hour := time.Hour
	left := plan.Key{ID: "k1", Name: plan.KeyName("My key", start.Add(-hour), formerMarker)}
	adopted := func(shown ...plan.Key) plan.Observed {
		return delivered(freshList(shown...), func(o *plan.Observed) {
			o.Secret.FormerUID, o.Secret.Replacement, o.Reported = formerUID, true, plan.Reported{}
			o.Formers = []plan.Former{{UID: formerUID, Markers: []string{formerMarker}}}
		})
	}
	for _, s := range []struct {
		why   string
		given plan.Observed
		does  plan.Action
		want  bool
	}{
		{"Before the first key of a resource, nobody can have read one.", created(), plan.Issue, false},
		{
			"A rotation replaces a key that workloads have.",
			delivered(rotation(plan.Rotation{NotBefore: start}), freshList(key("k1", -hour))), plan.Issue, true,
		},
		{
			"So does what follows a key that was revoked in Cognigy, and is on no list.",
			delivered(missing(-time.Minute), freshList()), plan.Issue, true,
		},
		{"And what follows a Secret that is gone, whatever lists show.", delivered(absent, freshList()), plan.Issue, true},
		{
			"And, where even the status is gone, what follows a key that a list shows.",
			created(finalizer, freshList(key("k1", -hour))), plan.Issue, true,
		},
		{"Taking over the key of a former owner restarts nothing.", adopted(left), plan.Record, false},
		{"Unless the Secret held another key of the resource before.", adopted(left, key("k3", -time.Minute)), plan.Record, true},
		{
			"A record that names another key anew says that workloads may have it.",
			delivered(freshList(key("k1", -hour), key("k0", -2*hour))), plan.Record, true,
		},
	} {
		t.Run(s.why, func(t *testing.T) {
			if p := plan.Next(s.given, start, timing); p.Do != s.does || p.Replaces != s.want {
				t.Errorf("planned %q, replaces %t", summary(p), p.Replaces)
			}
		})
	}
}

func TestReplacedKeyDuringRollout(t *testing.T) {
	hour := time.Hour
	late := "revoke k0, retiring key requeue:10m0s retires:k0:-1h30m0s late:crm"
	check(t, []scenario{
		{
			"A replaced key works until its overlap is over and the rollout is complete.",
			replacement(hour, crm("k1", false)), "wait, delivered key requeue:1m0s retires:k0:-1h0m0s",
		},
		{
			"Then it goes.",
			replacement(hour, crm("k1", true)), "revoke k0, retiring key requeue:10m0s retires:k0:-1h0m0s",
		},
		{
			"A complete rollout does not shorten the overlap.",
			replacement(time.Minute, crm("k1", true)), "wait, delivered key requeue:9m0s retires:k0:-1m0s",
		},
		{
			"Every target counts.",
			replacement(hour, crm("k1", true), crm("k0", true)), "wait, delivered key requeue:1m0s retires:k0:-1h0m0s restarts:crm",
		},
		{
			"One that cannot be read may have Pods with the replaced key.",
			replacement(hour, plan.Target{Name: "crm", Unreadable: true}), "wait, delivered key requeue:1m0s retires:k0:-1h0m0s",
		},
		{
			"One that does not exist has none.",
			replacement(hour, plan.Target{Name: "crm", Missing: true}), "revoke k0, retiring key requeue:10m0s retires:k0:-1h0m0s",
		},
		{
			"A rollout that never ends holds a key for maxOverlap, and no longer. A warning names it.",
			replacement(90*time.Minute, crm("k1", false)), late,
		},
		{
			"A moment before, it still does.",
			replacement(90*time.Minute-1, crm("k1", false)), "wait, delivered key requeue:1ns retires:k0:-1h29m59.999999999s",
		},
		{
			"A key that leaked, which an overlap of zero says, is held by nothing.",
			with(replacement(time.Second, crm("k0", false)), overlap(0)), "revoke k0, retiring key requeue:4s retires:k0:-1s restarts:crm",
		},
		{
			"A deletion is not held up.",
			with(replacement(hour, crm("k1", false)), deleting), "revoke k1 k0, revoking key retires:k0:-1h0m0s",
		},
		{
			"With deletionPolicy Retain, what workloads may use is left, and named.",
			with(replacement(hour, crm("k1", false)), deleting, func(o *plan.Observed) { o.Retain = true }),
			"retain, revoking key left:k0 retires:k0:-1h0m0s",
		},
	})
}

// The looks at a rollout get rarer, and are bounded.
func TestRolloutChecks(t *testing.T) {
	for age, want := range map[time.Duration]time.Duration{
		time.Second: 5 * time.Second, 40 * time.Second: 10 * time.Second, 4 * time.Minute: time.Minute, 30 * time.Minute: time.Minute,
	} {
		o := replacement(age, crm("k1", false))
		o.Rotation.Overlap = 80 * time.Minute
		if got := plan.Next(o, start, timing).RequeueAt.Sub(start); got != want {
			t.Errorf("%s after the issue, the next look is in %s, want %s", age, got, want)
		}
	}
}

// rolloutRules are true of every plan at start, whatever was observed.
var rolloutRules = map[string]func(o plan.Observed, p plan.Plan) bool{
	"S3: while a target may use it, a replaced key works for maxOverlap, unless it leaked": func(o plan.Observed, p plan.Plan) bool {
		waits := o.Rotation.Overlap > 0 && o.Secret.Replacement && seen(o).FormerUID == "" && slices.ContainsFunc(o.Targets, func(target plan.Target) bool {
			return !target.Missing && (target.KeyID != o.Secret.KeyID || !target.Complete)
		})
		if p.Do != plan.Revoke || !o.DeletingSince.IsZero() || o.Deleted || !recorded(o) || !waits {
			return true
		}
		return !slices.ContainsFunc(o.Secret.Retiring, func(replaced plan.RetiringKey) bool {
			early := start.Before(replaced.ReplacedAt.Add(o.Rotation.MaxOverlap)) && !replaced.ReplacedAt.After(start.Add(timing.RequestTimeout))
			return early && slices.ContainsFunc(p.Revoke, func(key plan.Key) bool { return key.ID == replaced.KeyID })
		})
	},
	"no target restarts twice with a key, or for a first one, or while the resource is suspended or deleted": func(o plan.Observed, p plan.Plan) bool {
		if len(p.Restart) == 0 {
			return true
		}
		due := func(name string) bool {
			return slices.ContainsFunc(o.Targets, func(target plan.Target) bool {
				return target.Name == name && !target.Missing && !target.Unreadable && target.KeyID != o.Secret.KeyID && target.Restarted != o.Secret.KeyID
			})
		}
		may := recorded(o) && o.Secret.Replacement && !o.Suspended && o.DeletingSince.IsZero() && !o.Deleted
		return may && !slices.ContainsFunc(p.Restart, func(name string) bool { return !due(name) })
	},
}

func TestRolloutRules(t *testing.T) {
	for name, holds := range rolloutRules {
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
