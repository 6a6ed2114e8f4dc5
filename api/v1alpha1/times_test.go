// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"strings"
	"testing"
)

const (
	everyMessage     = "every is at least 1h, in hours, minutes and seconds: each rotation issues a key; write for example 720h"
	overlapMessage   = "overlap is at most 8760h (a year), in hours, minutes and seconds: a replaced key that never ends is not replaced; write for example 24h"
	longerMessage    = "overlap is longer than every, so that replaced keys would pile up; make overlap shorter or every longer"
	notBeforeMessage = "notBefore is a date and time with its zone, between the years 1970 and 9998; write for example 2026-11-22T10:00:00Z"
	timeoutMessage   = "a timeout is between 1s and 5m, in minutes and seconds; write for example 30s"
)

func zeros(n int) string { return strings.Repeat("0", n) }

func rotation(field string, value any) fields { return fields{"spec.rotation." + field: value} }

// What Go cannot read must not get into etcd; what it can, and a user may mean, should.
func TestRotationDurations(t *testing.T) {
	testAdmission(t, keys, []admission{
		{why: "an empty rotation never rotates", with: fields{"spec.rotation": map[string]any{}}},
		{why: "an hour is the least", with: rotation("every", "1h")},
		{why: "less is refused", with: rotation("every", "59m59s"), refused: everyMessage},
		{why: "Go prints an hour like this, and writes it back", with: rotation("every", "1h0m0s")},
		{why: "units may be given twice, since Go adds them up", with: rotation("every", "1h1h")},
		{why: "fractions are exact enough", with: rotation("every", "1.5h")},
		{why: "the longest that Go can hold", with: rotation("every", "2562047h47m16.854775807s")},
		{why: "an hour more overflows", with: rotation("every", "2562048h"), refused: everyMessage},
		{why: "far more overflows", with: rotation("every", "99999999999999h"), refused: everyMessage},
		{why: "no exponents", with: rotation("every", "1e3h"), refused: everyMessage},
		{why: "Go knows no days", with: rotation("every", "30d"), refused: everyMessage},
		{why: "nothing rotates backwards", with: rotation("every", "-1h"), refused: everyMessage},
		{why: "no sign at all", with: rotation("every", "+1h"), refused: everyMessage},
		{why: "empty is not a duration", with: rotation("every", ""), refused: everyMessage},
		{why: "zero has a unit, and is too short", with: rotation("every", "0"), refused: everyMessage},
		{why: "no white space", with: rotation("every", "1h 1m"), refused: everyMessage},
		{why: "no unit, no duration", with: rotation("every", "3600"), refused: everyMessage},
		{why: "a number is not a duration", with: rotation("every", 3600), refused: "spec.rotation.every: Invalid value"},
		{why: "as long as it may be", with: rotation("every", "1."+zeros(29)+"h")},
		{why: "longer, for which the rule would cost too much", with: rotation("every", "1."+zeros(30)+"h"), refused: "spec.rotation.every: Too long"},

		{why: "no overlap, written out", with: rotation("overlap", "0s")},
		{why: "a year is the most", with: rotation("overlap", "8760h")},
		{why: "more is refused", with: rotation("overlap", "8760h1s"), refused: overlapMessage},
		{why: "overflow is refused", with: rotation("overlap", "99999999999999h"), refused: overlapMessage},
		{why: "an overlap in days", with: rotation("overlap", "1d"), refused: overlapMessage},
		{why: "an overlap before the beginning", with: rotation("overlap", "-1h"), refused: overlapMessage},
		{why: "no overlap, without a unit", with: rotation("overlap", "0"), refused: overlapMessage},
		{why: "Go prints this in microseconds, with a Greek letter", with: rotation("overlap", "0.001ms")},
		{why: "and this in nanoseconds", with: rotation("overlap", "0.000000001s")},
		{why: "an overlap as long as it may be written", with: rotation("overlap", "1."+zeros(29)+"h")},
		{why: "an overlap written longer", with: rotation("overlap", "1."+zeros(30)+"h"), refused: "spec.rotation.overlap: Too long"},

		{why: "every key is replaced just when its predecessor ends", with: fields{"spec.rotation": map[string]any{"every": "2h", "overlap": "120m"}}},
		{why: "three keys at a time would be alive", with: fields{"spec.rotation": map[string]any{"every": "1h", "overlap": "61m"}}, refused: longerMessage},
		{why: "an overlap without every is for notBefore", with: fields{"spec.rotation": map[string]any{"overlap": "61m"}}},
	})
}

// One mistake gets one answer: comparing what is not a duration would only confuse.
func TestMalformedDurationIsNotComparedAsWell(t *testing.T) {
	_, err := keys.create(t, keys.manifest(t, newName(), fields{"spec.rotation": map[string]any{"every": "30d", "overlap": "24h"}}))
	expectRefusal(t, err, everyMessage)
	expectNoWord(t, err, longerMessage)
	expectNoWord(t, err, "conversion")
}

func TestNotBefore(t *testing.T) {
	testAdmission(t, keys, []admission{
		{why: "UTC is what the examples use", with: rotation("notBefore", "2026-11-22T10:00:00Z")},
		{why: "people have time zones", with: rotation("notBefore", "2026-11-22T11:00:00+01:00")},
		{why: "date prints fractions", with: rotation("notBefore", "2026-11-22T10:00:00.123456789Z")},
		{why: "more digits than Go keeps are cut", with: rotation("notBefore", "2026-11-22T10:00:00.123456789123456789Z")},
		{why: "a leap year has this day", with: rotation("notBefore", "2028-02-29T00:00:00Z")},
		{why: "others have not", with: rotation("notBefore", "2026-02-29T00:00:00Z"), refused: notBeforeMessage},
		{why: "no year has this one", with: rotation("notBefore", "2026-02-30T00:00:00Z"), refused: notBeforeMessage},
		{why: "Go knows no leap seconds", with: rotation("notBefore", "2016-12-31T23:59:60Z"), refused: notBeforeMessage},
		{why: "the day ends at 23:59:59", with: rotation("notBefore", "2026-01-01T24:00:00Z"), refused: notBeforeMessage},
		{why: "RFC 3339 allows lower case, Go does not", with: rotation("notBefore", "2026-01-01t00:00:00z"), refused: notBeforeMessage},
		{why: "nor half of it", with: rotation("notBefore", "2026-01-01T00:00:00z"), refused: notBeforeMessage},
		{why: "no place is that far east", with: rotation("notBefore", "2026-01-01T00:00:00+99:99"), refused: notBeforeMessage},
		{why: "Go takes a comma, people who write it are mistaken", with: rotation("notBefore", "2026-01-01T00:00:00,5Z"), refused: notBeforeMessage},
		{why: "a zone is needed, or it means something else elsewhere", with: rotation("notBefore", "2026-01-01T00:00:00"), refused: notBeforeMessage},
		{why: "a date is not an instant", with: rotation("notBefore", "2026-01-01"), refused: notBeforeMessage},
		{why: "words are not", with: rotation("notBefore", "now"), refused: notBeforeMessage},
		{why: "empty is not", with: rotation("notBefore", ""), refused: notBeforeMessage},
		{why: "a number is not", with: rotation("notBefore", 1795341600), refused: "spec.rotation.notBefore: Invalid value"},
		{why: "year 0 becomes year -1 in UTC", with: rotation("notBefore", "0000-01-01T00:00:00+23:59"), refused: notBeforeMessage},
		{why: "Go's zero time would be written back as null", with: rotation("notBefore", "0001-01-01T00:00:00Z"), refused: notBeforeMessage},
		{why: "year 9999 becomes year 10000 in UTC", with: rotation("notBefore", "9999-12-31T23:59:59-23:59"), refused: notBeforeMessage},
		{why: "the first instant", with: rotation("notBefore", "1970-01-01T00:00:00Z")},
		{why: "never", with: rotation("notBefore", "9998-12-31T23:59:59Z")},
		{why: "as long as it may be", with: rotation("notBefore", "2026-11-22T10:00:00."+zeros(43)+"Z")},
		{why: "longer, for which the rule would cost too much", with: rotation("notBefore", "2026-11-22T10:00:00."+zeros(44)+"Z"), refused: "spec.rotation.notBefore: Too long"},
	})
}

func TestTimeouts(t *testing.T) {
	for _, field := range []string{"requestTimeout", "deliveryTimeout"} {
		for _, k := range connectionKinds {
			testAdmission(t, k, timeoutAdmissions(field))
		}
	}
}

func timeoutAdmissions(field string) []admission {
	timeout := func(value any) fields { return fields{"spec." + field: value} }
	return []admission{
		{why: "a second is the least", with: timeout("1s")},
		{why: "less never succeeds", with: timeout("999ms"), refused: timeoutMessage},
		{why: "five minutes are the most", with: timeout("5m")},
		{why: "a deletion would wait for longer", with: timeout("5m1ms"), refused: timeoutMessage},
		{why: "Go prints five minutes like this", with: timeout("5m0s")},
		{why: "fractions", with: timeout("1.5s")},
		{why: "overflow", with: timeout("99999999999999h"), refused: timeoutMessage},
		{why: "an exponent", with: timeout("1e1s"), refused: timeoutMessage},
		{why: "days", with: timeout("1d"), refused: timeoutMessage},
		{why: "negative", with: timeout("-30s"), refused: timeoutMessage},
		{why: "empty", with: timeout(""), refused: timeoutMessage},
		{why: "zero does not mean for ever", with: timeout("0"), refused: timeoutMessage},
		{why: "seconds by number", with: timeout(30), refused: "spec." + field + ": Invalid value"},
		{why: "as long as it may be", with: timeout("1." + zeros(29) + "s")},
		{why: "longer, for which the rule would cost too much", with: timeout("1." + zeros(30) + "s"), refused: "spec." + field + ": Too long"},
	}
}
