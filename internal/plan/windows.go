// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"time"
)

// Window is a part of the week in which keys may be rotated.
type Window struct {
	Days []time.Weekday // on which it opens
	// Start and End are times of the day on a clock in Zone, of less than 24 hours. A window that does not end later than it starts ends
	// on the next day.
	Start, End time.Duration
	Zone       *time.Location
}

// opening is one time at which a window is open: from opens until closes.
type opening struct{ opens, closes time.Time }

func (o opening) covers(at time.Time) bool { return !at.Before(o.opens) && at.Before(o.closes) }

// next returns the first opening that ends after a time; false if the window never opens.
func (w Window) next(after time.Time) (opening, bool) {
	year, month, day := after.In(w.Zone).Date()
	// A window that opened the day before may be open. One that a change of clocks leaves no time for is skipped for a week.
	for date := day - 1; date <= day+15; date++ {
		on := func(date int, clock time.Duration) time.Time {
			return time.Date(year, month, date, 0, int(clock/time.Minute), 0, 0, w.Zone)
		}
		found := opening{on(date, w.Start), on(date, w.End)}
		if w.End <= w.Start {
			found.closes = on(date+1, w.End)
		}
		if slices.Contains(w.Days, found.opens.Weekday()) && found.opens.Before(found.closes) && found.closes.After(after) {
			return found, true
		}
	}
	return opening{}, false
}

// nextOpening is the first opening of any window that ends after a time; false if there is none.
func (r Rotation) nextOpening(after time.Time) (first opening, found bool) {
	for _, window := range r.Windows {
		if next, ok := window.next(after); ok && (!found || next.opens.Before(first.opens)) {
			first, found = next, true
		}
	}
	return first, found
}

// inWindow is when a rotation that is due at a time takes place: at once if a window is open then, else in the first half of the next
// opening, each key at its own time, so that those that waited are not replaced together. Whoever missed that takes the rest of the
// opening, or another one. Zero: never.
func (o Observed) inWindow(due, now time.Time) time.Time {
	at := o.allowedFrom(due)
	open, _ := o.Rotation.nextOpening(now)
	if at.Before(now) && !open.covers(now) {
		return o.allowedFrom(now)
	}
	return at
}

// allowedFrom is when a rotation that is due at a time begins, as far as windows decide that; zero if none opens.
func (o Observed) allowedFrom(due time.Time) time.Time {
	open, ok := o.Rotation.nextOpening(due)
	switch {
	case !ok:
		return time.Time{}
	case open.covers(due):
		return due
	default:
		return open.opens.Add(time.Duration(share(o.Secret.KeyID) * float64(open.closes.Sub(open.opens)) / 2))
	}
}
