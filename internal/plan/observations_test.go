// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// someTime draws from the instants around which plans change, the zero time included.
func someTime(t *rapid.T, label string) time.Time {
	if rapid.IntRange(0, 3).Draw(t, label+" is zero") == 0 {
		return time.Time{}
	}
	return start.Add(offset(t, label))
}

func offset(t *rapid.T, label string) time.Duration {
	around := []time.Duration{
		0, timing.ListLag, timing.RequestTimeout, shows, resolvedAfter - timing.ListLag, resolvedAfter, timing.DriftInterval, time.Hour, 24 * time.Hour,
	}
	about := rapid.SampledFrom(around).Draw(t, label)
	nudge := rapid.SampledFrom([]time.Duration{0, -time.Second, time.Second}).Draw(t, label+" nudge")
	return time.Duration(rapid.SampledFrom([]int{-1, 1}).Draw(t, label+" sign")) * (about + nudge)
}

func someKey(t *rapid.T) plan.Key {
	return plan.Key{
		ID: rapid.SampledFrom([]string{"k1", "k2", "k3", ""}).Draw(t, "id"),
		Name: rapid.SampledFrom([]string{
			"My key " + marker, plan.KeyName("My key", someTime(t, "attempt"), marker), plan.KeyName("My key", start, formerMarker), "My key",
			marker, marker + " mine", "",
		}).Draw(t, "name"),
		Preview: rapid.SampledFrom([]string{"8a4f••••7c2e", "8a4f••••0000", "", "hidden", "••••"}).Draw(t, "preview"),
	}
}

// observations are arbitrary, and many contradict themselves.
var observations = rapid.Custom(func(t *rapid.T) plan.Observed {
	yes := func(label string) bool { return rapid.Bool().Draw(t, label) }
	rarely := func(label string) bool { return rapid.IntRange(0, 4).Draw(t, label) == 4 }
	o := plan.Observed{
		Retain: rarely("retain"), Suspended: rarely("suspended"), HasFinalizer: !rarely("unprotected"),
		Requested: rarely("requested"), Fresh: yes("fresh"), Deleted: rarely("deleted"),
		Unpermitted: rarely("unpermitted"), Served: yes("served"),
		EndpointID: endpointID, Markers: []string{marker},
		Rotation: plan.Rotation{
			Every: max(offset(t, "every"), 0), Overlap: max(offset(t, "overlap"), 0), NotBefore: someTime(t, "not before"),
		},
		Intent: someTime(t, "intent"), Unsettled: someTime(t, "unsettled"), MissingSince: someTime(t, "missing since"),
		LeaderSince: someTime(t, "leader since"), IssuedAt: someTime(t, "status issued"),
		Secret: plan.Secret{
			State:  rapid.SampledFrom([]plan.SecretState{plan.SecretOurs, plan.SecretOurs, plan.SecretAbsent, plan.SecretForeign, plan.SecretNewer}).Draw(t, "secret"),
			Intact: !rarely("broken"), Outdated: rarely("outdated"), Bound: rarely("bound"), KeyID: rapid.SampledFrom([]string{"k1", "k2", ""}).Draw(t, "secret key"),
			Version: rapid.SampledFrom([]string{"7", "8"}).Draw(t, "version"), Retiring: retiringKeys(t, "replaced"),
			EndpointID: rapid.SampledFrom([]string{endpointID, endpointID, "another"}).Draw(t, "secret endpoint"), IssuedAt: someTime(t, "issued"),
			Head: rapid.SampledFrom([]string{"8a4f", ""}).Draw(t, "head"), Tail: "7c2e",
		},
	}
	o.Rotation.MaxOverlap = max(offset(t, "most overlap"), 0)
	o.Secret.Replacement = yes("replacement")
	o.Targets = rapid.SliceOfN(rapid.Custom(someTarget), 0, 2).Draw(t, "targets")
	if yes("deleting") {
		o.DeletingSince = start.Add(-max(offset(t, "deleting since"), 0))
	}
	o.IntentSecret = rapid.SampledFrom([]string{"7", plan.SecretAbsentVersion, ""}).Draw(t, "intent's Secret")
	o.Reported = plan.Reported{
		KeyID: rapid.SampledFrom([]string{"k1", "k2", ""}).Draw(t, "reported"), Retiring: retiringKeys(t, "reported replaced"),
	}
	if rarely("former life") && o.Secret.State == plan.SecretOurs {
		o.Secret.FormerUID = formerUID
	}
	if yes("former is dead") {
		o.Formers = []plan.Former{{UID: formerUID, Markers: []string{formerMarker}}}
	}
	if rarely("elsewhere") {
		o.Elsewhere = map[string]bool{"k1": true}
	}
	if rarely("longer deadline") {
		o.Deadline = someTime(t, "deadline")
	}
	if rarely("concluded") {
		o.Intent = o.Secret.IssuedAt
	}
	if !rarely("no list") {
		o.Listing = &plan.Listing{At: someTime(t, "listed"), EndpointGone: rarely("endpoint gone"), Keys: rapid.SliceOfNDistinct(rapid.Custom(someKey), 0, 4, func(key plan.Key) string { return key.ID }).Draw(t, "keys")}
	}
	switch o.Secret.State {
	case plan.SecretOurs:
	case plan.SecretAbsent:
		o.Secret = plan.Secret{State: plan.SecretAbsent, Version: plan.SecretAbsentVersion}
	default:
		o.Secret = plan.Secret{State: o.Secret.State, Version: o.Secret.Version}
	}
	for range rapid.IntRange(0, 7).Draw(t, "attempts") {
		o.Attempts = append(o.Attempts, plan.Attempt{
			StartedAt: start.Add(offset(t, "attempt")),
			Outcome:   rapid.SampledFrom([]plan.Outcome{plan.OutcomeOpen, plan.OutcomeDelivered, plan.OutcomeRefused, plan.OutcomeUnanswered, plan.OutcomeRejected}).Draw(t, "outcome"),
		})
	}
	slices.SortFunc(o.Attempts, func(a, b plan.Attempt) int { return a.StartedAt.Compare(b.StartedAt) })
	if last := len(o.Attempts) - 1; last >= 0 && yes("delivered by the last attempt") {
		o.Secret.IssuedAt, o.Attempts[last].EndedAt = o.Attempts[last].StartedAt, someTime(t, "last ended")
	}
	return o
})

func someTarget(t *rapid.T) plan.Target {
	target := plan.Target{
		Name: rapid.SampledFrom([]string{"Deployment a", "DaemonSet b"}).Draw(t, "name"), Missing: rapid.Bool().Draw(t, "missing"),
		KeyID: rapid.SampledFrom([]string{"k1", "k2", ""}).Draw(t, "template"), Restarted: rapid.SampledFrom([]string{"k1", "k2", ""}).Draw(t, "restarted"),
		Complete: rapid.Bool().Draw(t, "complete"),
	}
	if rapid.IntRange(0, 4).Draw(t, "unreadable") == 4 {
		return plan.Target{Name: target.Name, Unreadable: true}
	}
	return target
}

func retiringKeys(t *rapid.T, label string) []plan.RetiringKey {
	one := rapid.Custom(func(t *rapid.T) plan.RetiringKey {
		return plan.RetiringKey{KeyID: rapid.SampledFrom([]string{"k1", "k2", "k3"}).Draw(t, "id"), ReplacedAt: someTime(t, "at")}
	})
	return rapid.SliceOfNDistinct(one, 0, 2, func(key plan.RetiringKey) string { return key.KeyID }).Draw(t, label)
}

func copyOf(o plan.Observed) plan.Observed {
	o.Attempts, o.Targets = slices.Clone(o.Attempts), slices.Clone(o.Targets)
	o.Secret.Retiring, o.Reported.Retiring = slices.Clone(o.Secret.Retiring), slices.Clone(o.Reported.Retiring)
	if o.Listing != nil {
		listing := *o.Listing
		listing.Keys = slices.Clone(listing.Keys)
		o.Listing = &listing
	}
	return o
}
