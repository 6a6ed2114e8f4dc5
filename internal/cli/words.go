// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"
)

// ago says how long ago something was, as in "3d" in kubectl's tables; "" for no time.
func ago(at, now time.Time) string {
	if at.IsZero() {
		return ""
	}
	return duration.HumanDuration(max(now.Sub(at), 0))
}

// until says how long it is until something happens; "" for no time.
func until(at, now time.Time) string {
	switch {
	case at.IsZero():
		return ""
	case !at.After(now):
		return "now"
	default:
		return "in " + duration.HumanDuration(at.Sub(now).Round(time.Second))
	}
}

// on is a time in a sentence: absolute, and relative to now.
func on(at, now time.Time) string {
	relative := ago(at, now) + " ago"
	if at.After(now) {
		relative = until(at, now)
	}
	return fmt.Sprintf("%s (%s)", at.UTC().Format(time.RFC3339), relative)
}

// brief writes a duration without parts that are zero: 720h0m0s as 720h.
func brief(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// count writes a number and a noun.
func count(number int, noun string) string {
	if number == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", number, noun)
}

// punctuate ends a text with a full stop, and begins it with a capital letter, unless it begins with the name of a field.
func punctuate(text string) string {
	if text = strings.TrimRight(text, ". "); text == "" {
		return ""
	}
	if strings.HasPrefix(text, "spec.") {
		return text + "."
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// joined joins what is not empty.
func joined(separator string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(parts), func(part string) bool { return part == "" }), separator)
}
