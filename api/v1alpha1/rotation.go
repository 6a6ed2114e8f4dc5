// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Rotation says when the operator replaces a key. It delivers the new key before it revokes the old one.
// +kubebuilder:validation:XValidation:rule="!has(self.maxOverlap) || [self.maxOverlap, has(self.overlap) ? self.overlap : '10m'].exists(d, !d.matches('^([0-9]+([.][0-9]+)?(h|m|s|ms|us|µs|ns))+$')) || duration(has(self.overlap) ? self.overlap : '10m') <= duration(self.maxOverlap)",message="maxOverlap is shorter than overlap, which is 10m if left out; make maxOverlap longer or overlap shorter"
// +kubebuilder:validation:XValidation:rule="!has(self.every) || !has(self.overlap) || [self.every, self.overlap].exists(d, !d.matches('^([0-9]+([.][0-9]+)?(h|m|s|ms|us|µs|ns))+$')) || duration(self.overlap) <= duration(self.every)",message="overlap is longer than every, so that replaced keys would pile up; make overlap shorter or every longer"
type Rotation struct {
	// every is the age at which the operator replaces a key, at least an hour. It replaces each key up to a tenth of that earlier,
	// so that keys made together are not replaced together.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]+)?(h|m|s|ms|us|µs|ns))+$') && duration(self) >= duration('1h')",message="every is at least 1h, in hours, minutes and seconds: each rotation issues a key; write for example 720h"
	// +optional
	Every *metav1.Duration `json:"every,omitempty"`

	// overlap is how long a key works after another one replaced it, whatever the reason: 10m if left out, also without a rotation,
	// since a kubelet takes up to two minutes to show a changed Secret to a Pod. 0s revokes it at once: for a key that leaked.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]+)?(h|m|s|ms|us|µs|ns))+$') && duration(self) <= duration('8760h')",message="overlap is at most 8760h (a year), in hours, minutes and seconds: a replaced key that never ends is not replaced; write for example 24h"
	// +optional
	Overlap *metav1.Duration `json:"overlap,omitempty"`

	// maxOverlap is how long a replaced key works at most while workloads of rolloutRestartTargets have not restarted with the new one:
	// the longer of 24h and overlap, if left out. After that the operator revokes the key, and an event names the workloads that were
	// late. Without rolloutRestartTargets, and with overlap: 0s, it has no effect.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+([.][0-9]+)?(h|m|s|ms|us|µs|ns))+$') && duration(self) <= duration('8760h')",message="maxOverlap is at most 8760h (a year), in hours, minutes and seconds: a replaced key that never ends is not replaced; write for example 48h"
	// +optional
	MaxOverlap *metav1.Duration `json:"maxOverlap,omitempty"`

	// Schemaless, and so without format: date-time, which would accept lower-case letters and offsets that Go cannot read, and
	// answer anything else without an example.

	// notBefore replaces a key that was issued before this instant, once the instant has come. To rotate the key once,
	// declaratively, set it to now.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$') && timestamp(self) >= timestamp('1970-01-01T00:00:00Z') && timestamp(self) < timestamp('9999-01-01T00:00:00Z')",message="notBefore is a date and time with its zone, between the years 1970 and 9998; write for example 2026-11-22T10:00:00Z"
	// +optional
	NotBefore *metav1.Time `json:"notBefore,omitempty"`

	// windows are the parts of the week in which the operator replaces a key, whatever it is due for; at any time if there are none.
	// Of several, any one will do. A key that is due outside waits for the next window, and keys that wait are spread over its first
	// half. A Secret without a working key is not kept waiting.
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	// +optional
	Windows []RotationWindow `json:"windows,omitempty"`

	// ignoreWindows replaces a key that is due at once, outside the windows, too: for a key that leaked.
	// +optional
	IgnoreWindows bool `json:"ignoreWindows,omitempty"`
}

// RotationWindow is a part of the week, on a clock of its time zone.
// +kubebuilder:validation:XValidation:rule="self.start != self.end",message="start and end of a window are the same time; for a whole day, leave out windows, or end it a minute before it starts"
type RotationWindow struct {
	// days are the days of the week on which the window opens: 1 to 7.
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=7
	// +required
	Days []Weekday `json:"days"`

	// start is when the window opens, for example "22:00".
	// +required
	Start TimeOfDay `json:"start"`

	// end is when the window closes, for example "04:00": on the next day if that is earlier than start.
	// +required
	End TimeOfDay `json:"end"`

	// timeZone is the IANA name of the time zone whose clocks show start and end, for example Europe/Berlin.
	// +kubebuilder:default=UTC
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$') && self != 'Local' && timestamp('2026-01-01T00:00:00Z').getHours(self) >= 0",message="timeZone is the name of a time zone of the IANA database; write for example Europe/Berlin, or UTC"
	// +optional
	TimeZone string `json:"timeZone,omitempty"`
}

// Weekday is a day of the week.
// +kubebuilder:validation:Enum=Monday;Tuesday;Wednesday;Thursday;Friday;Saturday;Sunday
type Weekday string

// TimeOfDay is a time on a clock with 24 hours: 00:00 to 23:59.
// +kubebuilder:validation:MaxLength=5
// +kubebuilder:validation:XValidation:rule="self.matches('^([01][0-9]|2[0-3]):[0-5][0-9]$')",message="a time of the day is written with two digits each, from 00:00 to 23:59; write for example 22:00"
type TimeOfDay string
