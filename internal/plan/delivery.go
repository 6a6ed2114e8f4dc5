// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

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
