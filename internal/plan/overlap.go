// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"time"
)

// overlapEndsAt is when the operator revokes the keys that the Secret's key replaced.
func (o Observed) overlapEndsAt() time.Time { return o.Secret.IssuedAt.Add(o.Rotation.Overlap) }

// others returns the owned keys beside the Secret's. Undelivered ones are newer, so that their plaintext never arrived;
// replaced ones are older. While the list does not show the Secret's key yet, no key can be told to be newer.
func (o Observed) others() (undelivered, replaced []Key) {
	current, listed := o.current()
	for _, key := range o.owned() {
		switch {
		case key.ID == o.Secret.KeyID:
		case listed && key.CreatedAt.After(current.CreatedAt):
			undelivered = append(undelivered, key)
		default:
			replaced = append(replaced, key)
		}
	}
	return undelivered, replaced
}

// unrecorded returns the owned keys without the one that the Secret names: even if the record was altered, workloads may use
// that one.
func (o Observed) unrecorded() []Key {
	return slices.DeleteFunc(o.owned(), func(key Key) bool {
		return o.Secret.State == SecretOurs && key.ID == o.Secret.KeyID
	})
}
