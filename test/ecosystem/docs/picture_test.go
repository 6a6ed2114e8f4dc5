// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"encoding/xml"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	. "github.com/onsi/gomega"
)

var update = flag.Bool("update", false, "write docs/images/first-steps.svg")

// inPicture are the first commands of the blocks of docs/first-steps.md that the picture has. TestPages has seen what they print.
var inPicture = []string{
	"$ kubectl get endpointapikeys -n crm", "$ kubectl get cognigyconnections,endpointapikeys -n crm", "$ kubectl cognigy status -n crm",
}

const (
	charWidth, lineHeight, margin = 7.83, 19, 18 // of 13px in the fonts below
	style                         = `
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #1f2328 }
rect { fill: #f6f8fa; stroke: #d1d9e0 }
.command { fill: #0550ae; font-weight: 600 }
.good { fill: #116329 }
.bad { fill: #a40e26 }
@media (prefers-color-scheme: dark) {
text { fill: #d1d7e0 }
rect { fill: #151b23; stroke: #3d444d }
.command { fill: #79c0ff }
.good { fill: #7ee787 }
.bad { fill: #ff9492 }
}
`
)

// The picture in the README shows what docs/first-steps.md does.
func TestPicture(t *testing.T) {
	g := NewWithT(t)
	file := filepath.Join(repository, "docs", "images", "first-steps.svg")
	var lines []string
	for _, b := range read(t, "docs/first-steps.md") {
		if slices.Contains(inPicture, b.lines[0]) {
			lines = append(append(lines, b.lines...), "")
		}
	}
	drawn := draw(lines[:len(lines)-1])
	if *update {
		g.Expect(os.MkdirAll(filepath.Dir(file), 0o750)).To(Succeed())
		g.Expect(os.WriteFile(file, []byte(drawn), 0o600)).To(Succeed())
	}
	written, err := os.ReadFile(file)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(written)).To(Equal(drawn), "go test ./docs -run TestPicture -update writes it")
}

// draw returns a picture of a terminal, for light and dark pages.
func draw(lines []string) string {
	columns := 0
	var text strings.Builder
	for i, line := range lines {
		columns = max(columns, utf8.RuneCountInString(line))
		class := ""
		if strings.HasPrefix(line, "$ ") {
			class = ` class="command"`
		}
		fmt.Fprintf(&text, "<text x=\"%d\" y=\"%d\"%s>%s</text>\n", margin, margin+13+i*lineHeight, class, coloured(line))
	}
	width, height := 2*margin+int(float64(columns)*charWidth), 2*margin+len(lines)*lineHeight
	return fmt.Sprintf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\">\n"+
		"<title>kubectl and kubectl cognigy show keys, why one is missing, and a rotation</title>\n<style>%s</style>\n"+
		"<rect x=\"0.5\" y=\"0.5\" width=\"%d\" height=\"%d\" rx=\"8\"/>\n%s</svg>\n", width, height, width, height, style, width-1, height-1, text.String())
}

// coloured marks what is good and what is bad in a line. Its spaces count, whatever shows the picture.
func coloured(line string) string {
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(strings.ReplaceAll(line, " ", "\u00a0"))) // never fails: a builder takes everything
	marked := good.ReplaceAllString(escaped.String(), `<tspan class="good">$0</tspan>`)
	return bad.ReplaceAllString(marked, `<tspan class="bad">$0</tspan>`)
}

var (
	good = regexp.MustCompile(`\b(True|Delivered|Ready)\b`)
	bad  = regexp.MustCompile(`\b(False|Unauthorized|ConnectionNotReady)\b`)
)
