// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import "time"

// deletion revokes every key with the marker, and lets go of the resource when a list that can be trusted shows none.
func deletion(o Observed, now time.Time, t Timing) Plan {
	p := Plan{State: Revoking, HasKey: o.recorded(), Open: o.unconcluded()}
	switch settles := o.settlesAt(now, t); {
	case !o.Protected:
		return p
	case o.Retain:
		p.Do = Retain
		return p
	case now.Before(settles):
		p.Again = settles
		return p
	case o.EndpointGone:
		return o.letGo(p)
	case o.Listing == nil:
		p.Do = Look
		return p
	}
	if owned := o.owned(); len(owned) > 0 {
		p.Do, p.Revoke = Revoke, owned
		return p
	}
	// A list that is younger than the last issue by less than the lag may not show its key yet.
	if trusted := o.LastIssued.Add(t.ListLag); !o.LastIssued.IsZero() && o.Listing.At.Before(trusted) {
		p.Do, p.Again = Look, time.Time{}
		if o.Live {
			p.Do, p.Again = Wait, trusted
		}
		return p
	}
	return o.letGo(p)
}

func (o Observed) letGo(p Plan) Plan {
	p.Do = Release
	if o.Secret.State == SecretOurs {
		p.Do = RemoveSecret
	}
	return p
}
