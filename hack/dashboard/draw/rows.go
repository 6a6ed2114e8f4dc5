// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package draw

import (
	"errors"
	"image/color"
	"slices"

	weight "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// Sizes of the picture: of a cell of the grid, which has 24 columns, and of the gap between panels.
const (
	cellWidth, cellHeight vg.Length = 42, 25
	gap                   vg.Length = 3
	columns                         = 24
	dpi                             = 96
)

var (
	background = color.RGBA{0xf4, 0xf5, 0xf5, 0xff}
	border     = color.RGBA{0xdc, 0xde, 0xe1, 0xff}
	grid       = color.RGBA{0xe9, 0xea, 0xec, 0xff}
	ink        = color.RGBA{0x24, 0x29, 0x2e, 0xff}
	faint      = color.RGBA{0x6b, 0x72, 0x7a, 0xff}
)

// Rows draws the rows with these titles into a file, as PNG.
func Rows(panels []Panel, file string, titles ...string) error {
	var chosen []Panel
	inside := false
	for _, panel := range panels {
		if panel.Type == "row" {
			inside = slices.Contains(titles, panel.Title)
		}
		if inside {
			chosen = append(chosen, panel)
		}
	}
	if len(chosen) == 0 {
		return errors.New("no such rows")
	}
	top, bottom, until := chosen[0].GridPos.Y, 0, 0.0
	for _, panel := range chosen {
		bottom = max(bottom, panel.GridPos.Y+panel.GridPos.H)
		for _, line := range panel.Lines {
			until = max(until, line.Points[len(line.Points)-1].X)
		}
	}
	whole := vgimg.NewWith(vgimg.UseWH(columns*cellWidth+gap, vg.Length(bottom-top)*cellHeight+gap), vgimg.UseDPI(dpi))
	canvas := draw.New(whole)
	fill(canvas, background)
	for _, panel := range chosen {
		panel.until = until
		if err := panel.draw(cell(canvas, panel, top)); err != nil {
			return err
		}
	}
	return write(whole.Image(), file)
}

// cell is the part of the picture that a panel has. The origin of the picture is below, that of the grid above.
func cell(canvas draw.Canvas, of Panel, top int) draw.Canvas {
	at := of.GridPos
	canvas.Min, canvas.Max = vg.Point{
		X: vg.Length(at.X)*cellWidth + gap, Y: canvas.Max.Y - vg.Length(at.Y+at.H-top)*cellHeight,
	}, vg.Point{
		X: vg.Length(at.X+at.W) * cellWidth, Y: canvas.Max.Y - vg.Length(at.Y-top)*cellHeight - gap,
	}
	return canvas
}

func (p Panel) draw(canvas draw.Canvas) error {
	if p.Type == "row" {
		canvas.FillText(style(10, ink, true), vg.Point{X: canvas.Min.X + gap, Y: (canvas.Min.Y + canvas.Max.Y) / 2}, p.Title)
		return nil
	}
	fill(canvas, color.White)
	canvas.StrokeLines(draw.LineStyle{Color: border, Width: 0.5}, append(corners(canvas), canvas.Min))
	canvas.FillText(style(8.5, ink, true), vg.Point{X: canvas.Min.X + 6, Y: canvas.Max.Y - 10}, p.Title)
	inside := draw.Crop(canvas, 6, -8, 4, -20)
	if p.Type == "stat" {
		p.drawNumber(inside)
		return nil
	}
	return p.drawGraph(inside)
}

func fill(canvas draw.Canvas, with color.Color) { canvas.FillPolygon(with, corners(canvas)) }

func corners(of draw.Canvas) []vg.Point {
	return []vg.Point{of.Min, {X: of.Max.X, Y: of.Min.Y}, of.Max, {X: of.Min.X, Y: of.Max.Y}}
}

// style is that of a text, which is centred vertically.
func style(size vg.Length, of color.Color, bold bool) text.Style {
	chosen := font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
	if bold {
		chosen.Weight = weight.WeightBold
	}
	return text.Style{Color: of, Font: chosen, Handler: plot.DefaultTextHandler, YAlign: draw.YCenter}
}
