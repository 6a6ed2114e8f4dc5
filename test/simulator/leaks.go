// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package simulator

import (
	"encoding/base64"
	"strings"
)

const (
	plaintextLength = 64
	// base64 makes of a plaintext so many characters, and padding.
	encodedLength, padding = 86, "=="
)

// Leaked says whether a text holds the plaintext of any key or token that was ever made, as it is or in base64. It goes by the hashes in
// the ledger, so that it also knows plaintexts that no client saw: of answers that were lost, cut off or refused.
func (s *Simulator) Leaked(text string) bool {
	keys := map[string]bool{}
	for _, entry := range s.Ledger() {
		keys[entry.SHA256] = true
	}
	made := func(plaintext string) bool {
		sum := fingerprint(plaintext)
		return keys[sum] || s.isToken(sum)
	}
	run := 0
	for at := range len(text) {
		if run++; !isHex(text[at]) {
			run = 0
		}
		// What stands beside a plaintext may be hexadecimal, too: each run has as many candidates as places for one.
		if run >= plaintextLength && made(strings.ToLower(text[at+1-plaintextLength:at+1])) {
			return true
		}
	}
	for before, rest, found := strings.Cut(text, padding); found; before, rest, found = strings.Cut(rest, padding) {
		encoded := before[max(len(before)-encodedLength, 0):] + padding
		if decoded, err := base64.StdEncoding.DecodeString(encoded); err == nil && made(string(decoded)) {
			return true
		}
	}
	return false
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }
