// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"regexp"
	"strings"
)

// change is a change as Artifact Hub shows it.
type change struct {
	Kind        string `yaml:"kind"` // added, changed, deprecated, removed, fixed or security
	Description string `yaml:"description"`
}

// release is the heading of a release: "## 0.2.0", "## [0.2.0] - 2026-12-01" or "## [Unreleased]".
var release = regexp.MustCompile(`^## \[?([^\] ]+)`)

// changesOf returns the changes of a version, or the unreleased ones if the version has no heading yet.
func changesOf(changelog []byte, version string) []change {
	changes := map[string][]change{}
	var at, kind string
	for line := range strings.Lines(string(changelog)) {
		line = strings.TrimRight(line, "\n")
		if heading := release.FindStringSubmatch(line); heading != nil {
			at, kind = heading[1], ""
		} else if heading, ok := strings.CutPrefix(line, "### "); ok {
			kind = strings.ToLower(heading)
		} else if item, ok := cutBullet(line); ok && kind != "" {
			changes[at] = append(changes[at], change{Kind: kind, Description: item})
		} else if known := changes[at]; strings.HasPrefix(line, "  ") && len(known) > 0 {
			known[len(known)-1].Description += " " + strings.TrimSpace(line)
		}
	}
	if found, ok := changes[version]; ok {
		return found
	}
	return changes["Unreleased"]
}

func cutBullet(line string) (item string, ok bool) {
	if item, ok = strings.CutPrefix(line, "* "); ok {
		return item, true
	}
	return strings.CutPrefix(line, "- ")
}
