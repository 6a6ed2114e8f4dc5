// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package draw

import (
	"fmt"
	"strconv"

	"gonum.org/v1/plot"
)

const mebibyte = 1 << 20

// format writes a value of one of Grafana's units.
func format(unit string, value float64) string {
	switch unit {
	case "s":
		return seconds(value)
	case "bytes":
		return number(value/mebibyte) + " MiB"
	case "reqps":
		return number(value) + " req/s"
	case "ops":
		return number(value) + " ops/s"
	default:
		return number(value)
	}
}

func number(value float64) string { return strconv.FormatFloat(value, 'g', 3, 64) }

func seconds(value float64) string {
	switch {
	case value == 0:
		return "0 s"
	case value < 1:
		return number(value*1000) + " ms"
	case value < 120:
		return number(value) + " s"
	default:
		return number(value/60) + " min"
	}
}

// ticks marks values of a unit.
type ticks struct{ unit string }

// Ticks implements plot.Ticker.
func (t ticks) Ticks(least, most float64) []plot.Tick {
	scale := 1.0
	if t.unit == "bytes" {
		scale = mebibyte
	}
	marked := plot.DefaultTicks{}.Ticks(least/scale, most/scale)
	for i := range marked {
		marked[i].Value *= scale
		if marked[i].Label != "" {
			marked[i].Label = format(t.unit, marked[i].Value)
		}
	}
	return marked
}

// minutes marks every minute since the beginning.
func minutes(_, most float64) (marked []plot.Tick) {
	for at := 0.0; at <= most; at += 60 {
		marked = append(marked, plot.Tick{Value: at, Label: fmt.Sprintf("%d min", int(at)/60)})
	}
	return marked
}
