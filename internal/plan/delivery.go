// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import "slices"

// Write is what an attempt knows about its writes of the Secret once it has stopped to try.
type Write struct {
	Confirmed      bool // Kubernetes confirmed the write
	OutcomeUnknown bool // the answer to a try was lost or was no refusal, so that Kubernetes may carry it out, even later
	ReadBack       bool // the Secret was read after the last try
	Recorded       bool // that read shows the new key's record
}

// Delivery says what became of a new key.
type Delivery string

// What became of a new key.
const (
	// KeyDelivered: the Secret holds the key.
	KeyDelivered Delivery = "delivered"
	// KeyUndelivered: the Secret does not hold the key, and never will. The attempt revokes it by its id.
	KeyUndelivered Delivery = "undelivered"
	// DeliveryUnknown: the Secret may hold the key, now or later, so that revoking the key could take it from workloads. The
	// intent stays, and a later reconcile finds out.
	DeliveryUnknown Delivery = "unknown"
)

// Outcome is that of the attempt whose key became this.
func (d Delivery) Outcome(refused bool) Outcome {
	switch {
	case d == KeyDelivered:
		return OutcomeDelivered
	case d == DeliveryUnknown:
		return OutcomeUncertain
	case refused:
		return OutcomeRejected
	default:
		return OutcomeUndelivered
	}
}

// SameRecord reports whether another version of the Secret has the same record: a delivery that was meant for one may go on with the
// other.
func (s Secret) SameRecord(other Secret) bool {
	return s.State == other.State && s.Intact == other.Intact && s.KeyID == other.KeyID && s.EndpointID == other.EndpointID &&
		s.FormerUID == other.FormerUID && s.IssuedAt.Equal(other.IssuedAt) && slices.EqualFunc(s.Retiring, other.Retiring, RetiringKey.same)
}

func (k RetiringKey) same(other RetiringKey) bool {
	return k.KeyID == other.KeyID && k.FormerUID == other.FormerUID && k.ReplacedAt.Equal(other.ReplacedAt)
}

// Delivery decides what became of the new key.
func (w Write) Delivery() Delivery {
	switch {
	case w.Confirmed, w.ReadBack && w.Recorded:
		return KeyDelivered
	case w.OutcomeUnknown || !w.ReadBack:
		return DeliveryUnknown
	default:
		return KeyUndelivered
	}
}
