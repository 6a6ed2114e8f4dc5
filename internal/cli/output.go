// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// colour is a colour of a terminal.
type colour string

// The colours, as the parameters of an escape sequence.
const (
	plain  colour = ""
	bold   colour = "1"
	faint  colour = "2"
	red    colour = "31"
	green  colour = "32"
	yellow colour = "33"
	blue   colour = "34"
)

// painter colours texts, or leaves them as they are.
type painter bool

// painterFor colours for terminals only, and not for people who want no colours (https://no-color.org).
func painterFor(out io.Writer) painter {
	file, ok := out.(*os.File)
	return painter(ok && term.IsTerminal(int(file.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb")
}

func (p painter) paint(text string, in colour) string {
	if !p || in == plain {
		return text
	}
	return "\x1b[" + string(in) + "m" + text + "\x1b[0m"
}

// printable replaces what would have a terminal do something: names and messages in the cluster need not be harmless. Colours stay, since
// only a painter makes them.
func printable(text string) string {
	var clean strings.Builder
	for i, r := range text {
		switch {
		case r == '\x1b' && !isPaint(text[i:]), r == utf8.RuneError, unicode.IsControl(r) && r != '\n' && r != '\x1b', unicode.Is(unicode.Bidi_Control, r):
			clean.WriteRune('?')
		default:
			clean.WriteRune(r)
		}
	}
	return clean.String()
}

// isPaint reports whether a text begins with an escape sequence of a painter.
func isPaint(text string) bool {
	parameters, _, ended := strings.Cut(strings.TrimPrefix(text, "\x1b["), "m")
	return strings.HasPrefix(text, "\x1b[") && ended && len(parameters) <= 2 && strings.Trim(parameters, "0123456789") == ""
}

// cell is an entry of a table.
type cell struct {
	text string
	in   colour
}

// table lays cells out in columns, as kubectl does.
type table struct {
	paint painter
	rows  [][]cell
}

// newTable returns a table with a heading.
func newTable(paint painter, heading ...string) *table {
	t := &table{paint: paint}
	t.add(texts(heading...)...)
	return t
}

// texts are cells without a colour.
func texts(all ...string) []cell {
	cells := make([]cell, len(all))
	for i, text := range all {
		cells[i].text = text
	}
	return cells
}

func (t *table) add(cells ...cell) { t.rows = append(t.rows, cells) }

// print writes the table. An empty cell is a dash, so that columns can be told apart by programs, too.
func (t *table) print(out io.Writer) {
	widths := map[int]int{}
	for _, row := range t.rows {
		for i := range row {
			if row[i].text = printable(row[i].text); row[i].text == "" {
				row[i].text = "-"
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i].text))
		}
	}
	for _, row := range t.rows {
		var line strings.Builder
		for i, each := range row {
			line.WriteString(t.paint.paint(each.text, each.in))
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(each.text)+3))
			}
		}
		say(out, "%s", line.String())
	}
}
