// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"slices"
	"strings"
	"time"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// seen is the Secret as the resource may see it: that of a living owner is foreign, or was tampered with.
func seen(o plan.Observed) plan.Secret {
	s := o.Secret
	dead := slices.ContainsFunc(o.Formers, func(former plan.Former) bool { return former.UID == s.FormerUID })
	if s.FormerUID != "" && !dead {
		if s.FormerUID, s.Intact = "", false; !s.Bound {
			return plan.Secret{State: plan.SecretForeign}
		}
	}
	if leaving := !o.DeletingSince.IsZero() || o.Deleted; leaving && s.FormerUID != "" {
		return plan.Secret{State: plan.SecretForeign}
	}
	return s
}

func recorded(o plan.Observed) bool {
	s := seen(o)
	future := s.IssuedAt.After(start.Add(timing.RequestTimeout + timing.ListLag))
	return s.State == plan.SecretOurs && s.Intact && s.EndpointID == o.EndpointID && (!future || proven(o))
}

// proven reports whether a list shows the Secret's key, with its marker and its preview.
func proven(o plan.Observed) bool {
	s := seen(o)
	return o.Listing != nil && slices.ContainsFunc(o.Listing.Keys, func(key plan.Key) bool {
		fits := s.Head == "" || !strings.Contains(key.Preview, "•") || key.Preview == "8a4f••••7c2e" || key.Preview == "••••"
		return key.ID == s.KeyID && owned(o, key) && fits
	})
}

func unconcluded(o plan.Observed) bool {
	return !o.Intent.IsZero() && (!recorded(o) || !o.Intent.Equal(o.Secret.IssuedAt))
}

// owned reports whether a key is the resource's: by its marker, or by a former owner's if record or status name it. What others took over
// of a resource that is gone is not.
func owned(o plan.Observed, key plan.Key) bool {
	s := seen(o)
	is := func(retiring plan.RetiringKey) bool { return retiring.KeyID == key.ID }
	named := s.State == plan.SecretOurs && (s.KeyID == key.ID || slices.ContainsFunc(s.Retiring, is)) ||
		o.Reported.KeyID == key.ID || slices.ContainsFunc(o.Reported.Retiring, is)
	inherited := named && !o.Elsewhere[key.ID] && len(o.Formers) > 0 && plan.HasMarker(key.Name, formerMarker)
	taken := o.Deleted && o.Elsewhere[key.ID]
	return plan.HasMarker(key.Name, marker) && !taken || inherited
}

func anyOwned(o plan.Observed) bool {
	return o.Listing != nil && slices.ContainsFunc(o.Listing.Keys, func(key plan.Key) bool { return owned(o, key) })
}

// settled reports whether a list shows the effect of a request that began at some time.
func settled(o plan.Observed, begun time.Time) bool {
	return begun.IsZero() || o.Listing != nil && !o.Listing.At.Before(begun.Add(timing.RequestTimeout+timing.ListLag))
}

// lastIssuance is the latest issuance that anything tells of and that is not from a future that no clock explains.
func lastIssuance(o plan.Observed) time.Time {
	told := []time.Time{seen(o).IssuedAt, o.IssuedAt}
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

// shown reports whether the list shows the effect of the latest issuance, and of what someone may have wiped off.
func shown(o plan.Observed) bool {
	agreed := recorded(o) && o.Reported.KeyID == o.Secret.KeyID && o.Intent.IsZero() &&
		(len(o.Attempts) == 0 || o.Attempts[len(o.Attempts)-1].StartedAt.Equal(o.Secret.IssuedAt))
	if until := o.DeletingSince.Add(timing.RequestTimeout + timing.DeliveryTimeout + timing.ListLag); !agreed && !o.DeletingSince.IsZero() && o.Listing.At.Before(until) {
		return false
	}
	if last := len(o.Attempts) - 1; last >= 0 {
		attempt := o.Attempts[last]
		if proven := attempt.StartedAt.Equal(seen(o).IssuedAt) && attempt.StartedAt.Equal(lastIssuance(o)); proven && !attempt.EndedAt.IsZero() {
			return !o.Listing.At.Before(attempt.EndedAt.Add(timing.ListLag))
		}
	}
	return settled(o, lastIssuance(o))
}

// resolvedAt is when the recorded attempt has had its effect on lists. A process that saw its own attempt end in vain knows when. Of any
// other, the recorded deadline counts, but for ten minutes at most.
func resolvedAt(o plan.Observed) time.Time {
	for _, own := range o.Attempts {
		vain := own.Outcome != plan.OutcomeOpen && own.Outcome != plan.OutcomeDelivered
		if own.StartedAt.Equal(o.Intent) && vain && !own.EndedAt.IsZero() {
			return own.EndedAt.Add(timing.ListLag)
		}
	}
	recorded := o.Intent.Add(min(o.Deadline.Sub(o.Intent), 10*time.Minute))
	if ordinary := timing.Deadline(o.Intent); recorded.Before(ordinary) {
		recorded = ordinary
	}
	return recorded.Add(timing.ListLag)
}

// unnamed reports whether neither the record nor the status names a key.
func unnamed(o plan.Observed, keyID string) bool {
	is := func(key plan.RetiringKey) bool { return key.KeyID == keyID }
	named := recorded(o) && (o.Secret.KeyID == keyID || slices.ContainsFunc(o.Secret.Retiring, is))
	return !named && o.Reported.KeyID != keyID && !slices.ContainsFunc(o.Reported.Retiring, is)
}

// undelivered reports whether it is certain that an attempt wrote nothing.
func undelivered(o plan.Observed, key plan.Key) bool {
	made, _ := plan.AttemptOf(key.Name)
	for _, own := range o.Attempts {
		if own.StartedAt.Equal(made) && own.Outcome != plan.OutcomeOpen {
			return own.Outcome != plan.OutcomeDelivered
		}
	}
	return made.Equal(o.Intent) && o.IntentSecret == o.Secret.Version
}

// neverServed reports that nothing shows that a key was ever issued for a resource that may not use its connection.
func neverServed(o plan.Observed) bool {
	return o.Unpermitted && !o.Served && !o.Deleted && o.Intent.IsZero() && o.IssuedAt.IsZero() && o.Attempts == nil && seen(o).State != plan.SecretOurs
}

// intentSettled reports whether the list shows the effect of the recorded attempt.
func intentSettled(o plan.Observed) bool {
	return o.Listing != nil && !o.Listing.At.Before(resolvedAt(o))
}

// believed reports whether an intent lies no further in the future than clocks may differ.
func believed(o plan.Observed) bool {
	return unconcluded(o) && !o.Intent.After(start.Add(timing.RequestTimeout))
}
