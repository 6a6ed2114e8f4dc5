// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package draw

import (
	"image/color"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"
)

// longestGap is how many seconds may be between two points of a line: beyond that, the line is broken.
const longestGap = 2

// colours are those that the dashboard names.
var colours = map[string]color.RGBA{
	"green": {0x37, 0x87, 0x2d, 0xff}, "yellow": {0xe0, 0xb4, 0x00, 0xff}, "blue": {0x1f, 0x60, 0xc4, 0xff},
	"orange": {0xfa, 0x64, 0x00, 0xff}, "red": {0xc4, 0x16, 0x2a, 0xff}, "purple": {0x8f, 0x3b, 0xb8, 0xff},
}

// palette has the colours of lines without one of their own.
var palette = []color.RGBA{
	colours["green"], colours["yellow"], colours["blue"], colours["orange"], colours["red"], colours["purple"],
	{0x12, 0x92, 0xa6, 0xff},
	{0x8a, 0x5a, 0x2b, 0xff},
	{0x96, 0xa8, 0x1e, 0xff},
	{0xe0, 0x57, 0xa8, 0xff},
}

// drawGraph draws lines over time, and their legend below.
func (p Panel) drawGraph(canvas draw.Canvas) error {
	made := plot.New()
	made.BackgroundColor = nil
	made.Y.Min, made.Y.Max = 0, 1e-9
	made.X.Tick.Marker = plot.TickerFunc(minutes)
	made.Y.Tick.Marker = ticks{p.FieldConfig.Defaults.Unit}
	for _, axis := range []*plot.Axis{&made.X, &made.Y} {
		axis.Color, axis.Tick.Color = border, border
		axis.Tick.Length = 2
		aligned := style(7, faint, false)
		axis.Tick.Label.Color, axis.Tick.Label.Font = aligned.Color, aligned.Font
	}
	lines := plotter.NewGrid()
	lines.Vertical.Color, lines.Horizontal.Color = grid, grid
	made.Add(lines)
	if err := p.addLines(made); err != nil {
		return err
	}
	made.X.Min, made.X.Max, made.Y.Min = 0, p.until, 0
	if made.Y.Max < 1e-6 {
		made.Y.Max = 1
	}
	made.Y.Max *= 1.05
	below := p.drawLegend(canvas)
	made.Draw(draw.Crop(canvas, 0, 0, below, 0))
	return nil
}

// addLines adds the lines to a plot. Those that add up begin with the sum of all, which the others cover.
func (p Panel) addLines(to *plot.Plot) error {
	lines := p.Lines
	if p.isStacked() {
		lines = sums(lines)
	}
	for i := range lines {
		if p.isStacked() {
			i = len(lines) - 1 - i
		}
		for _, part := range parts(lines[i].Points) {
			made, err := plotter.NewLine(part)
			if err != nil {
				return err
			}
			made.Color, made.Width = p.colourOf(i), 1.2
			if p.isStacked() {
				made.FillColor = lighter(p.colourOf(i))
			}
			to.Add(made)
		}
	}
	return nil
}

// parts splits a line where points are missing.
func parts(points []Point) (parts []plotter.XYs) {
	for i, point := range points {
		if i == 0 || point.X-points[i-1].X > longestGap {
			parts = append(parts, nil)
		}
		last := &parts[len(parts)-1]
		*last = append(*last, plotter.XY{X: point.X, Y: point.Y})
	}
	return parts
}

// sums returns lines each of which is the sum of itself and those before it. What is missing counts as 0.
func sums(lines []Line) (summed []Line) {
	var times []float64
	for _, line := range lines {
		for _, point := range line.Points {
			times = append(times, point.X)
		}
	}
	slices.Sort(times)
	times = slices.Compact(times)
	below := map[float64]float64{}
	for _, line := range lines {
		for _, point := range line.Points {
			below[point.X] += point.Y
		}
		sum := Line{Name: line.Name}
		for _, at := range times {
			sum.Points = append(sum.Points, Point{at, below[at]})
		}
		summed = append(summed, sum)
	}
	return summed
}

func lighter(of color.RGBA) color.RGBA {
	half := func(part uint8) uint8 { return uint8((int(part) + 0xff) / 2) } //nolint:gosec // a mean of two bytes is one
	return color.RGBA{half(of.R), half(of.G), half(of.B), 0xff}
}
