// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// What is in the cluster need not be harmless for a terminal.
func TestPrintable(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	g.Expect(printable("Webhook \"Überweisung\" 8a4f••••7c2e\nnext")).To(Equal("Webhook \"Überweisung\" 8a4f••••7c2e\nnext"))
	g.Expect(printable("\x1b]0;title\x07 \x1b[2J \r \u202e \xff")).To(Equal("?]0;title? ?[2J ? ? ?"))
	g.Expect(printable(painter(true).paint("Failed", red))).To(Equal("\x1b[31mFailed\x1b[0m"))
	g.Expect(printable("\x1b[123m \x1b[31")).To(Equal("?[123m ?[31"))
}

// A colour takes no room, and a cell without text is a dash.
func TestTable(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var out bytes.Buffer
	table := newTable(true, "NAME", "HEALTH", "KEY")
	table.add(cell{text: "crm"}, cell{"Ready", green}, cell{text: "8a4f••7c2e"})
	table.add(cell{text: "longer"}, cell{"Progressing", yellow}, cell{})
	table.print(&out)
	g.Expect(out.String()).To(Equal("NAME     HEALTH        KEY\n" +
		"crm      \x1b[32mReady\x1b[0m         8a4f••7c2e\n" +
		"longer   \x1b[33mProgressing\x1b[0m   -\n"))
	g.Expect(bool(painterFor(&out))).To(BeFalse(), "a buffer is no terminal")
}

func TestWords(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	g.Expect(until(time.Time{}, now)).To(BeEmpty())
	g.Expect(until(now, now)).To(Equal("now"))
	g.Expect(until(now.Add(26*24*time.Hour), now)).To(Equal("in 26d"))
	g.Expect(ago(now.Add(time.Second), now)).To(Equal("0s"), "clocks differ")
	g.Expect(on(now.Add(-3*24*time.Hour), now)).To(Equal("2026-11-19T10:00:00Z (3d ago)"))
	g.Expect([]string{brief(720 * time.Hour), brief(90 * time.Minute), brief(10 * time.Second), brief(10 * time.Minute), brief(0)}).
		To(Equal([]string{"720h", "1h30m", "10s", "10m", "0s"}))
	g.Expect(punctuate("the key works. ")).To(Equal("The key works."))
	g.Expect(lower("Secret \"crm\" exists")).To(HavePrefix("Secret"))
	g.Expect(versionOf("registry.example.com:5000/cognigy-operator:0.1.0@sha256:abc")).To(Equal("0.1.0"))
	g.Expect(versionOf("registry.example.com:5000/cognigy-operator")).To(BeEmpty())
}
