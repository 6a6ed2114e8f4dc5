// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import "time"

// rotatesAt is when the operator replaces the Secret's key; zero if never. Each key lives up to a tenth less than every, by a
// share that follows from its id, so that keys made together are not replaced together; but not so much less that the key
// that it replaced still works.
func (o Observed) rotatesAt() time.Time {
	var byAge, byInstant time.Time
	if every := o.Rotation.Every; every > 0 {
		early := time.Duration(share(o.Secret.KeyID) * float64(every) / 10)
		byAge = o.Secret.IssuedAt.Add(max(every-early, o.Rotation.Overlap))
	}
	if o.Secret.IssuedAt.Before(o.Rotation.NotBefore) {
		byInstant = o.Rotation.NotBefore
	}
	return earliest(byAge, byInstant)
}
