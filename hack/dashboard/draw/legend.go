// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package draw

import (
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

const (
	lineHeight  vg.Length = 9.5
	swatch      vg.Length = 8 // the sample of a line's colour
	between     vg.Length = 9
	longestName           = 60
	// legendLines bounds how much of a panel names take. Lines beyond are drawn without a name.
	legendLines = 3
)

// drawLegend writes the names of the lines at the lower edge, as many in a line of text as fit. It returns how high that is.
func (p Panel) drawLegend(canvas draw.Canvas) (height vg.Length) {
	type entry struct {
		name string
		line int
	}
	wrapped, used := [][]entry{nil}, vg.Length(0)
	chosen := style(7, ink, false)
	for i, line := range p.Lines {
		name := shortened(line.Name)
		width := swatch + 3 + chosen.Width(name) + between
		if used+width > canvas.Size().X && used > 0 {
			wrapped, used = append(wrapped, nil), 0
		}
		wrapped[len(wrapped)-1] = append(wrapped[len(wrapped)-1], entry{name, i})
		used += width
	}
	wrapped = wrapped[:min(len(wrapped), legendLines)]
	height = vg.Length(len(wrapped))*lineHeight + 3
	y := canvas.Min.Y + height - lineHeight/2 - 3
	for _, entries := range wrapped {
		x := canvas.Min.X + 2
		for _, each := range entries {
			canvas.StrokeLine2(draw.LineStyle{Color: p.colourOf(each.line), Width: 2}, x, y, x+swatch, y)
			canvas.FillText(chosen, vg.Point{X: x + swatch + 3, Y: y}, each.name)
			x += swatch + 3 + chosen.Width(each.name) + between
		}
		y -= lineHeight
	}
	return height
}

func shortened(name string) string {
	if runes := []rune(name); len(runes) > longestName {
		return string(runes[:longestName-1]) + "…"
	}
	return name
}
