// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// scenario is one row of a table: something is observed at start, and a plan is wanted.
type scenario struct {
	why   string
	given plan.Observed
	want  string // as summary writes it
}

func check(t *testing.T, scenarios []scenario) {
	t.Helper()
	for _, s := range scenarios {
		t.Run(s.why, func(t *testing.T) {
			if got := summary(plan.Next(s.given, start, timing)); got != s.want {
				t.Errorf("planned %q, want %q", got, s.want)
			}
		})
	}
}

// summary is all of a plan on one line, with times from start.
func summary(p plan.Plan) string {
	words := []string{string(p.Do)}
	for _, key := range p.Revoke {
		words = append(words, key.ID)
	}
	if p.Do == plan.Finalize && p.DeleteSecret {
		words = append(words, "with its Secret")
	}
	words[len(words)-1] += ","
	words = append(words, string(p.State))
	if p.HasKey {
		words = append(words, "key")
	}
	if p.IntentPending {
		words = append(words, "pending")
	}
	if !p.RequeueAt.IsZero() {
		words = append(words, fmt.Sprintf("requeue:%s", p.RequeueAt.Sub(start)))
	}
	if !p.ListNotBefore.IsZero() {
		words = append(words, fmt.Sprintf("not-before:%s", p.ListNotBefore.Sub(start)))
	}
	if !p.RotatesAt.IsZero() {
		words = append(words, fmt.Sprintf("rotates:%s", p.RotatesAt.Sub(start)))
	}
	for _, key := range p.Retire {
		words = append(words, fmt.Sprintf("names:%s", key.KeyID))
		if !key.ReplacedAt.IsZero() {
			words = append(words, fmt.Sprintf("since:%s", key.ReplacedAt.Sub(start)))
		}
	}
	for _, key := range p.Left {
		words = append(words, "left:"+key.KeyID)
	}
	if p.LeftUncertain {
		words = append(words, "in doubt")
	}
	for _, key := range p.Retiring {
		words = append(words, fmt.Sprintf("retires:%s:%s", key.KeyID, key.ReplacedAt.Sub(start)))
	}
	for _, target := range p.Restart {
		words = append(words, "restarts:"+target)
	}
	for _, target := range p.Late {
		words = append(words, "late:"+target)
	}
	return strings.Join(words, " ")
}

type change func(*plan.Observed)

func with(o plan.Observed, changes ...change) plan.Observed {
	for _, apply := range changes {
		apply(&o)
	}
	return o
}

// created is a resource for which nothing was done yet.
func created(changes ...change) plan.Observed {
	return with(plan.Observed{EndpointID: endpointID, Markers: []string{marker}, Secret: plan.Secret{Version: plan.SecretAbsentVersion}, LeaderSince: start.Add(-2 * time.Hour)}, changes...)
}

// delivered is a resource whose key k1 was issued an hour ago, and was on a list a minute ago.
func delivered(changes ...change) plan.Observed {
	o := created(finalizer, listed(-time.Minute, key("k1", -time.Hour)), func(o *plan.Observed) {
		o.Secret = plan.Secret{
			State: plan.SecretOurs, Version: "7", Intact: true, KeyID: "k1", EndpointID: endpointID, IssuedAt: start.Add(-time.Hour),
			Head: "8a4f", Tail: "7c2e",
		}
		o.Reported.KeyID, o.IssuedAt = "k1", start.Add(-time.Hour)
	})
	return with(o, changes...)
}

// key is a listed key whose name says when its attempt began.
func key(id string, attempt time.Duration) plan.Key {
	return plan.Key{ID: id, Name: plan.KeyName("My key", start.Add(attempt), marker), Preview: "8a4f••••••••7c2e"}
}

func finalizer(o *plan.Observed) { o.HasFinalizer = true }

func noFinalizer(o *plan.Observed) { o.HasFinalizer = false }

func freshly(o *plan.Observed) { o.Fresh = true }

func endpointGone(o *plan.Observed) { o.Listing.EndpointGone = true }

func absent(o *plan.Observed) { o.Secret = plan.Secret{Version: plan.SecretAbsentVersion} }

func foreign(o *plan.Observed) { o.Secret = plan.Secret{State: plan.SecretForeign} }

func broken(o *plan.Observed) { o.Secret.Intact = false }

func unlisted(o *plan.Observed) { o.Listing = nil }

func deleting(o *plan.Observed) { o.DeletingSince = start.Add(-time.Hour) }

func unpermitted(o *plan.Observed) { o.Unpermitted = true }

func served(o *plan.Observed) { o.Served = true }

func suspended(o *plan.Observed) { o.Suspended = true }

func requested(o *plan.Observed) { o.Requested = true }

func listed(at time.Duration, keys ...plan.Key) change {
	return func(o *plan.Observed) { o.Listing = &plan.Listing{At: start.Add(at), Keys: keys} }
}

// freshList is a list of this reconcile.
func freshList(keys ...plan.Key) change {
	return func(o *plan.Observed) { freshly(o); listed(0, keys...)(o) }
}

func intent(at time.Duration) change {
	return func(o *plan.Observed) { o.Intent, o.IntentSecret = start.Add(at), o.Secret.Version }
}

func issued(at time.Duration) change {
	return func(o *plan.Observed) {
		o.Secret.IssuedAt, o.IssuedAt = start.Add(at), start.Add(at)
	}
}

// replaced says that the record names a key as replaced.
func replaced(id string, at time.Duration) change {
	return func(o *plan.Observed) {
		o.Secret.Retiring = append(o.Secret.Retiring, plan.RetiringKey{KeyID: id, ReplacedAt: start.Add(at)})
	}
}

// announced says that the status names k0 as replaced.
func announced(at time.Duration) change {
	return func(o *plan.Observed) {
		o.Reported.Retiring = append(o.Reported.Retiring, plan.RetiringKey{KeyID: "k0", ReplacedAt: start.Add(at)})
	}
}

func missing(since time.Duration) change {
	return func(o *plan.Observed) { o.MissingSince = start.Add(since) }
}

func rotation(rotation plan.Rotation) change {
	return func(o *plan.Observed) { o.Rotation = rotation }
}

func overlap(overlap time.Duration) change {
	return func(o *plan.Observed) { o.Rotation.Overlap = overlap }
}
