// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// output is what the user reads. It is plain text unless it goes to a terminal.
type output struct {
	to    io.Writer
	color bool
}

const (
	bold  = "\x1b[1m"
	green = "\x1b[32m"
	red   = "\x1b[31m"
	reset = "\x1b[0m"
)

// newOutput decides on colour as https://no-color.org wants it.
func newOutput(file *os.File) *output {
	info, err := file.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	return &output{to: file, color: terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

func (o *output) paint(color, text string) string {
	if !o.color {
		return text
	}
	return color + text + reset
}

// write fails only when the reader is gone; SIGPIPE then ends the demo.
func (o *output) write(text string) { _, _ = io.WriteString(o.to, text) }

func (o *output) line(text string) { o.write(text + "\n") }

func (o *output) heading(text string) { o.line("\n" + o.paint(bold, text)) }

// note is what happens, indented as part of a step.
func (o *output) note(text string) { o.line(indent(text)) }

// command is what a user would type to do the same.
func (o *output) command(text string) { o.note("$ " + text) }

// held is something that was checked and is true.
func (o *output) held(text string) { o.note(o.paint(green, "✓") + " " + text) }

// failure says what went wrong; of something that did not hold, what was expected and what was found.
func (o *output) failure(err error) {
	broken := (*unmet)(nil)
	if !errors.As(err, &broken) {
		o.line("\n" + o.paint(red, "✗ "+err.Error()))
		return
	}
	o.note(o.paint(red, "✗ does not hold"))
	o.note("  expected: " + broken.expected)
	o.note("  observed: " + broken.observed)
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(text, "\n", "\n    ")
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
