// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"time"
)

// rotatesAt is when the Secret's key is to be replaced; zero if never. Each key lives up to a tenth less than every, by a
// share that follows from its id, so that keys made together are not replaced together; but not so much less that the key
// it replaced still works.
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

// share maps a text evenly to [0, 1).
func share(text string) float64 {
	sum := sha256.Sum256([]byte(text)) // weaker hashes map ids that were counted up close together
	return float64(binary.BigEndian.Uint64(sum[:])>>11) / math.Exp2(53)
}

// Spread varies an interval by up to a tenth either way, by a share that follows from a name, so that what started together
// does not stay in step.
func Spread(interval time.Duration, name string) time.Duration {
	return interval + time.Duration((share(name)-0.5)*float64(interval)/5)
}
