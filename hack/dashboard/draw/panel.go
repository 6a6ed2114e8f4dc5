// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package draw draws panels of a dashboard as Grafana lays them out, with gonum.org/v1/plot. It is for pictures in documentation: it draws
// what the dashboard of this repository has, and no more.
//
//   - panel.go: what is drawn;
//   - rows.go: the picture, and where each panel is;
//   - graph.go, legend.go, number.go: a panel;
//   - png.go: the file;
//   - unit.go: numbers as text.
package draw

import "image/color"

// Panel is a panel as in the JSON of a dashboard, with what its expressions are answered with.
type Panel struct {
	Type    string
	Title   string
	GridPos struct{ H, W, X, Y int }
	Options struct{ TextMode string }

	FieldConfig struct {
		Defaults struct {
			Unit       string
			Custom     struct{ Stacking struct{ Mode string } }
			Thresholds struct {
				Steps []struct {
					Color string
					Value *float64
				}
			}
		}
		Overrides []struct {
			Matcher    struct{ Options string } // the name of a line
			Properties []struct{ Value struct{ FixedColor string } }
		}
	}

	Lines []Line `json:"-"`

	until float64 // where the axis of the time ends; Rows sets it
}

// Line is a series over time.
type Line struct {
	Name   string
	Points []Point
}

// Point is a value at a time, in seconds.
type Point struct{ X, Y float64 }

// latest is the latest value of a line.
func (l Line) latest() float64 { return l.Points[len(l.Points)-1].Y }

// colourOf is the colour of a line, by its name or its place.
func (p Panel) colourOf(i int) color.RGBA {
	for _, override := range p.FieldConfig.Overrides {
		if override.Matcher.Options == p.Lines[i].Name {
			return colours[override.Properties[0].Value.FixedColor]
		}
	}
	return palette[i%len(palette)]
}

// isStacked reports whether the lines of the panel add up.
func (p Panel) isStacked() bool { return p.FieldConfig.Defaults.Custom.Stacking.Mode == "normal" }
