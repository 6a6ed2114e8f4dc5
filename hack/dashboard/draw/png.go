// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package draw

import (
	"cmp"
	"errors"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"slices"
)

// mostColours is how many a PNG with one byte for each pixel has. What remains are blends at the edges of letters, of which there are
// others that look the same.
const mostColours = 256

// write writes a picture into a file, as a small PNG.
func write(picture image.Image, file string) error {
	out, err := os.Create(file) //nolint:gosec // the caller names it
	if err != nil {
		return err
	}
	smallest := png.Encoder{CompressionLevel: png.BestCompression}
	err = smallest.Encode(out, indexed(picture))
	return errors.Join(err, out.Close())
}

// indexed returns a picture in its most frequent colours.
func indexed(picture image.Image) *image.Paletted {
	area, count := picture.Bounds(), map[color.Color]int{}
	each := func(do func(x, y int)) {
		for y := area.Min.Y; y < area.Max.Y; y++ {
			for x := area.Min.X; x < area.Max.X; x++ {
				do(x, y)
			}
		}
	}
	each(func(x, y int) { count[picture.At(x, y)]++ })
	frequent := slices.SortedFunc(maps.Keys(count), func(a, b color.Color) int { return cmp.Compare(count[b], count[a]) })
	made := image.NewPaletted(area, frequent[:min(len(frequent), mostColours)])
	nearest := map[color.Color]uint8{}
	for found := range count {
		nearest[found] = uint8(made.Palette.Index(found)) //nolint:gosec // less than mostColours
	}
	each(func(x, y int) { made.SetColorIndex(x, y, nearest[picture.At(x, y)]) })
	return made
}
