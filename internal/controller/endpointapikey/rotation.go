// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"time"
	_ "time/tzdata" // an image need not have the time zones of windows

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

const (
	// defaultOverlap is the overlap of a resource that gives none. A kubelet takes up to two minutes to show a changed Secret to a Pod.
	defaultOverlap = 10 * time.Minute
	// defaultMaxOverlap is the maxOverlap of a resource that gives none and whose overlap is not longer.
	defaultMaxOverlap = 24 * time.Hour
)

// rotation returns when the key of a resource is to be rotated. If something of that cannot be read, the error is a condition.Failure,
// and nothing is rotated by it.
func rotation(key *v1alpha1.EndpointAPIKey) (plan.Rotation, error) {
	spec := key.Spec.Rotation
	if spec == nil {
		spec = &v1alpha1.Rotation{}
	}
	wanted := plan.Rotation{Overlap: defaultOverlap, MaxOverlap: defaultMaxOverlap}
	if spec.Overlap != nil {
		wanted.Overlap = spec.Overlap.Duration
	}
	if spec.MaxOverlap != nil {
		wanted.MaxOverlap = spec.MaxOverlap.Duration
	}
	windows, err := windows(spec)
	if err != nil {
		return wanted, err
	}
	wanted.Windows = windows
	if spec.Every != nil {
		wanted.Every = spec.Every.Duration
	}
	if spec.NotBefore != nil {
		wanted.NotBefore = spec.NotBefore.Time
	}
	wanted.Requested, err = rotateRequestedAt(key)
	return wanted, err
}

// rotateRequestedAt reads the annotation that asks for another key; zero if there is none.
func rotateRequestedAt(key *v1alpha1.EndpointAPIKey) (time.Time, error) {
	text := kube.RotateRequestedAt(key)
	if text == "" {
		return time.Time{}, nil
	}
	requested, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, condition.Stalled(v1alpha1.ReasonInvalidRotation,
			"the annotation %s asks for a rotation, and is no date and time; write for example 2026-11-22T10:00:00Z", v1alpha1.RotateRequestedAtAnnotation)
	}
	return requested, nil
}

func windows(spec *v1alpha1.Rotation) ([]plan.Window, error) {
	if spec.IgnoreWindows {
		return nil, nil
	}
	var windows []plan.Window
	for _, wanted := range spec.Windows {
		window, err := window(wanted)
		if err != nil {
			return nil, condition.Stalled(v1alpha1.ReasonInvalidRotation,
				"the operator cannot read a window of rotation.windows, so that it rotates nothing: %s; correct it, or update the operator", err)
		}
		windows = append(windows, window)
	}
	return windows, nil
}

func window(wanted v1alpha1.RotationWindow) (plan.Window, error) {
	zone, err := time.LoadLocation(wanted.TimeZone) // UTC if there is none
	if err != nil {
		return plan.Window{}, err
	}
	start, err := clockTime(wanted.Start)
	if err != nil {
		return plan.Window{}, err
	}
	end, err := clockTime(wanted.End)
	if err != nil {
		return plan.Window{}, err
	}
	made := plan.Window{Start: start, End: end, Zone: zone}
	for day := time.Sunday; day <= time.Saturday; day++ {
		for _, name := range wanted.Days {
			if day.String() == string(name) {
				made.Days = append(made.Days, day)
			}
		}
	}
	return made, nil
}

func clockTime(text v1alpha1.TimeOfDay) (time.Duration, error) {
	read, err := time.Parse("15:04", string(text))
	return time.Duration(read.Hour())*time.Hour + time.Duration(read.Minute())*time.Minute, err
}
