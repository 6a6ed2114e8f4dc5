// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import "time"

// Rotation says when a key is replaced, and how long a replaced one works.
type Rotation struct {
	Every   time.Duration // 0: never
	Overlap time.Duration
	// MaxOverlap is how long a replaced key works at most while targets have not restarted. It counts if it exceeds Overlap.
	MaxOverlap time.Duration
	NotBefore  time.Time // zero: none
	Requested  time.Time // by annotation; zero: not
	Windows    []Window  // in which it may be replaced; none: at any time
}

// RotationCause says why a key is to be replaced.
type RotationCause string

// The causes of a rotation.
const (
	RotationByAge     RotationCause = "age"       // it reaches Rotation.Every
	RotationNotBefore RotationCause = "notBefore" // it is older than Rotation.NotBefore
	RotationRequested RotationCause = "requested" // it is older than Rotation.Requested
)

// rotatesAt is when the operator replaces the Secret's key; zero if never.
func (o Observed) rotatesAt(now time.Time) time.Time {
	due, _ := o.RotationDue()
	if !due.IsZero() && len(o.Rotation.Windows) > 0 {
		return o.inWindow(due, now)
	}
	return due
}

// RotationDue is when the Secret's key is due to be replaced, whatever the windows, and why; zero if never. Each key lives up to a tenth less
// than every, by a share that follows from its id, so that keys made together are not replaced together; but not so much less that the key
// that it replaced still works.
func (o Observed) RotationDue() (due time.Time, cause RotationCause) {
	var byAge time.Time
	if every := o.Rotation.Every; every > 0 {
		early := time.Duration(share(o.Secret.KeyID) * float64(every) / 10)
		byAge = o.Secret.IssuedAt.Add(max(every-early, o.Rotation.Overlap))
	}
	notBefore, requested := o.after(o.Rotation.NotBefore), o.after(o.Rotation.Requested)
	switch due = earliest(byAge, notBefore, requested); {
	case due.IsZero():
		return due, ""
	case due.Equal(requested):
		return due, RotationRequested
	case due.Equal(notBefore):
		return due, RotationNotBefore
	default:
		return due, RotationByAge
	}
}

// after returns an instant if the Secret's key is from before it, else zero.
func (o Observed) after(instant time.Time) time.Time {
	if !o.Secret.IssuedAt.Before(instant) {
		return time.Time{}
	}
	return instant
}
