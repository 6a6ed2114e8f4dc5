// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

var (
	everyDay = []time.Weekday{0, 1, 2, 3, 4, 5, 6}
	berlin   = zone("Europe/Berlin")
)

func zone(name string) *time.Location {
	found, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return found
}

// window is from one hour of the day to another, in UTC.
func window(from, to int, days ...time.Weekday) plan.Window {
	return plan.Window{Days: days, Start: time.Duration(from) * time.Hour, End: time.Duration(to) * time.Hour, Zone: time.UTC}
}

// plannedAt plans at a time for a key that is due at another one, and may be rotated in windows only.
func plannedAt(now, due time.Time, windows ...plan.Window) plan.Plan {
	o := delivered(rotation(plan.Rotation{NotBefore: due, Windows: windows}), freshList(key("k1", -time.Hour)))
	o.Secret.IssuedAt = due.Add(-time.Hour)
	o.Listing.At = now
	return plan.Next(o, now, timing)
}

// 2026-11-22 is a Sunday.
func at(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 0, 0, 0, time.UTC) }

func TestWindows(t *testing.T) {
	nights := window(22, 4, everyDay...)
	for _, tt := range []struct {
		why     string
		now     time.Time
		due     time.Time
		windows []plan.Window
		from    time.Time // the earliest time of the rotation
		until   time.Time // the latest; from if zero
	}{
		{"What is due in a window is not put off.", at(22, 23), at(22, 23), []plan.Window{nights}, at(22, 23), time.Time{}},
		{"A window may reach into the next day.", at(23, 3), at(23, 3), []plan.Window{nights}, at(23, 3), time.Time{}},
		{"What is due outside waits for the first half of the next window.", at(22, 10), at(22, 9), []plan.Window{nights}, at(22, 22), at(23, 1)},
		{"A window is closed at its end.", at(23, 4), at(23, 4), []plan.Window{nights}, at(23, 22), at(24, 1)},
		{"Days are those on which it opens.", at(23, 10), at(23, 10), []plan.Window{window(22, 4, time.Saturday)}, at(28, 22), at(29, 1)},
		{"Also of a window that is still open.", at(29, 2), at(29, 2), []plan.Window{window(22, 4, time.Saturday)}, at(29, 2), time.Time{}},
		{"Of several windows the next one counts.", at(22, 10), at(22, 9), []plan.Window{nights, window(12, 13, everyDay...)}, at(22, 12), at(22, 13)},
		{"Whoever missed a window waits for the next.", at(23, 10), at(22, 10), []plan.Window{nights}, at(23, 22), at(24, 1)},
		{"Whoever missed a turn takes the rest of the window.", at(23, 3), at(22, 10), []plan.Window{nights}, at(22, 22), at(23, 1)},
		{"Times are those of the zone.", at(22, 10), at(22, 9), []plan.Window{{Days: everyDay, Start: 12 * time.Hour, End: 13 * time.Hour, Zone: berlin}}, at(22, 11), at(22, 12)},
		{"A window that never opens rotates nothing.", at(22, 10), at(22, 9), []plan.Window{window(1, 2)}, time.Time{}, time.Time{}},
	} {
		t.Run(tt.why, func(t *testing.T) {
			p := plannedAt(tt.now, tt.due, tt.windows...)
			if tt.until.IsZero() {
				tt.until = tt.from
			}
			if p.RotatesAt.Before(tt.from) || p.RotatesAt.After(tt.until) {
				t.Errorf("rotates at %s, want from %s to %s", p.RotatesAt, tt.from, tt.until)
			}
			if due := !tt.from.IsZero() && !tt.now.Before(p.RotatesAt); due != (p.Do == plan.Issue) {
				t.Errorf("planned %s, for %s", p.Do, p.RotatesAt)
			}
		})
	}
}

// Clocks that are put forward skip an hour, and a window in it; those that are put back show one twice.
func TestWindowsWhenClocksChange(t *testing.T) {
	early := plan.Window{Days: everyDay, Start: 2*time.Hour + 15*time.Minute, End: 2*time.Hour + 45*time.Minute, Zone: berlin}
	for _, noon := range []time.Time{time.Date(2027, 3, 27, 11, 0, 0, 0, time.UTC), time.Date(2026, 10, 24, 11, 0, 0, 0, time.UTC)} {
		rotates := plannedAt(noon, noon, early).RotatesAt
		if wait := rotates.Sub(noon); wait < 13*time.Hour || wait > 16*time.Hour {
			t.Errorf("%s: waits %s", noon, wait)
		}
	}
	swallowed := plan.Window{Days: everyDay, Start: 2*time.Hour + 30*time.Minute, End: 3 * time.Hour, Zone: berlin}
	before := time.Date(2027, 3, 28, 0, 0, 0, 0, time.UTC)
	if rotates := plannedAt(before, before, swallowed).RotatesAt; rotates.Before(before) || rotates.After(before.Add(26*time.Hour)) {
		t.Errorf("rotates at %s", rotates)
	}
}

// Whatever is due when: a key is rotated inside a window only, and soon has its turn.
func TestRotationStaysInWindows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clock := rapid.Map(rapid.IntRange(0, 24*60-1), func(minutes int) time.Duration { return time.Duration(minutes) * time.Minute })
		wanted := plan.Window{
			Days:  rapid.SliceOfNDistinct(rapid.SampledFrom(everyDay), 1, 7, rapid.ID).Draw(t, "days"),
			Start: clock.Draw(t, "start"), End: clock.Draw(t, "end"),
			Zone: zone(rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "Pacific/Apia", "America/St_Johns"}).Draw(t, "zone")),
		}
		if wanted.Start == wanted.End {
			return // admission refuses that
		}
		now := at(1, 0).Add(time.Duration(rapid.Int64Range(0, int64(365*24*time.Hour)).Draw(t, "now")))
		due := now.Add(-time.Duration(rapid.Int64Range(0, int64(30*24*time.Hour)).Draw(t, "late")))
		p := plannedAt(now, due, wanted)
		if p.Do == plan.Issue && !inside(wanted, now) {
			t.Fatalf("rotates at %s, outside the window", now.In(wanted.Zone))
		}
		if p.RotatesAt.After(now) && !inside(wanted, p.RotatesAt) {
			t.Fatalf("is to rotate at %s, outside the window", p.RotatesAt.In(wanted.Zone))
		}
		if p.RotatesAt.After(now.Add(15 * 24 * time.Hour)) {
			t.Fatalf("waits until %s", p.RotatesAt)
		}
		if p.Do == plan.Wait && p.RotatesAt.Before(now) {
			t.Fatal("neither rotates nor waits")
		}
	})
}

// inside reads the clock on the wall. On the days around those on which it is changed, it proves nothing: it may show an hour twice while a
// window is open.
func inside(w plan.Window, at time.Time) bool {
	local := at.In(w.Zone)
	_, before := local.AddDate(0, 0, -1).Zone()
	if _, after := local.AddDate(0, 0, 1).Zone(); before != after {
		return true
	}
	clock := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute
	on := func(day time.Weekday) bool {
		for _, each := range w.Days {
			if each == day {
				return true
			}
		}
		return false
	}
	if w.Start < w.End {
		return on(local.Weekday()) && clock >= w.Start && clock < w.End
	}
	yesterday := (local.Weekday() + 6) % 7
	return on(local.Weekday()) && clock >= w.Start || on(yesterday) && clock < w.End
}
