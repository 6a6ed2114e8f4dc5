// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"maps"
	"testing"
)

// window is a valid window of rotation.windows, changed in some fields; nil removes one.
func window(change map[string]any) fields {
	made := map[string]any{"days": []any{"Saturday", "Sunday"}, "start": "22:00", "end": "04:00", "timeZone": "Europe/Berlin"}
	maps.Copy(made, change)
	maps.DeleteFunc(made, func(_ string, value any) bool { return value == nil })
	return rotation("windows", []any{made})
}

func TestRotationWindows(t *testing.T) {
	const (
		zoneMessage = "timeZone is the name of a time zone of the IANA database; write for example Europe/Berlin, or UTC"
		timeMessage = "a time of the day is written with two digits each, from 00:00 to 23:59; write for example 22:00"
	)
	with := func(field string, value any) fields { return window(map[string]any{field: value}) }
	many := make([]any, 17)
	for i := range many {
		many[i] = map[string]any{"days": []any{"Monday"}, "start": "00:00", "end": "01:00"}
	}
	testAdmission(t, keys, []admission{
		{why: "a window at night", with: window(nil)},
		{why: "no windows mean any time", with: rotation("windows", []any{})},
		{why: "sixteen are the most", with: rotation("windows", many[:16])},
		{why: "more are refused", with: rotation("windows", many), refused: "spec.rotation.windows: Too many"},

		{why: "a window without days would never open", with: with("days", []any{}), refused: "days"},
		{why: "days are required", with: with("days", nil), refused: "days: Required"},
		{why: "days are written out", with: with("days", []any{"Sat"}), refused: "days[0]: Unsupported value"},
		{why: "each day once", with: with("days", []any{"Sunday", "Sunday"}), refused: "Duplicate value"},

		{why: "the last minute of a day", with: with("end", "23:59")},
		{why: "a day has no 24 o'clock", with: with("end", "24:00"), refused: timeMessage},
		{why: "an hour has 60 minutes", with: with("start", "22:60"), refused: timeMessage},
		{why: "hours have two digits", with: with("start", "9:00"), refused: timeMessage},
		{why: "no seconds", with: with("start", "22:00:00"), refused: "start: Too long"},
		{why: "a clock of 24 hours", with: with("start", "10 pm"), refused: timeMessage},
		{why: "start is required", with: with("start", nil), refused: "start: Required"},
		{why: "end is required", with: with("end", nil), refused: "end: Required"},
		{why: "nobody knows whether that is a day or nothing", with: with("end", "22:00"), refused: "start and end of a window are the same time"},

		{why: "UTC is the default", with: with("timeZone", nil)},
		{why: "a zone of three parts", with: with("timeZone", "America/Argentina/Buenos_Aires")},
		{why: "a zone by its offset from GMT", with: with("timeZone", "Etc/GMT+12")},
		{why: "a zone that does not exist", with: with("timeZone", "Europe/Atlantis"), refused: zoneMessage},
		{why: "an offset is no zone", with: with("timeZone", "+01:00"), refused: zoneMessage},
		{why: "Local is another one on each machine", with: with("timeZone", "Local"), refused: zoneMessage},
		{why: "nor is a path", with: with("timeZone", "../etc/passwd"), refused: zoneMessage},
		{why: "an empty zone", with: with("timeZone", ""), refused: zoneMessage},
	})
}
