// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package draw

import (
	"image/color"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// drawNumber draws the latest value, or the name of the series if the panel shows that.
func (p Panel) drawNumber(canvas draw.Canvas) {
	if len(p.Lines) == 0 {
		return
	}
	latest := p.Lines[0].latest()
	said, size := format(p.FieldConfig.Defaults.Unit, latest), vg.Length(26)
	if p.Options.TextMode == "name" {
		said, size = p.Lines[0].Name, 16
	}
	chosen := style(size, p.colour(latest), true)
	chosen.XAlign = draw.XCenter
	canvas.FillText(chosen, canvas.Center(), said)
}

// colour is that of the highest limit that a value reaches.
func (p Panel) colour(value float64) color.Color {
	chosen := colours["green"]
	for _, step := range p.FieldConfig.Defaults.Thresholds.Steps {
		if step.Value == nil || value >= *step.Value {
			chosen = colours[step.Color]
		}
	}
	return chosen
}
