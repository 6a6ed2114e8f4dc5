// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package options_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/options"
)

func TestAllowedHosts(t *testing.T) {
	g := NewWithT(t)
	parsed, err := options.Parse([]string{
		"--namespace=a", "--allowed-hosts=API-trial.cognigy.ai,*.cognigy.cloud:8443", "--allowed-hosts=10.0.0.1,[FD00::1]:8443,cognigy",
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(parsed.AllowedHosts).To(Equal([]string{
		"api-trial.cognigy.ai:443", "*.cognigy.cloud:8443", "10.0.0.1:443", "[fd00::1]:8443", "cognigy:443",
	}))
	for _, every := range [][]string{{"--namespace=a"}, {"--namespace=a", "--allowed-hosts="}} {
		parsed, err := options.Parse(every)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(parsed.AllowedHosts).To(BeEmpty())
	}
	for _, wrong := range []string{
		"*", "*.", "api.*.ai", "*cognigy.ai", "https://api-trial.cognigy.ai", "api-trial.cognigy.ai/new", "a:b", "a b", "user@a", "a?", "schlüssel.example", "fd00::1", ",a",
	} {
		_, err := options.Parse([]string{"--namespace=a", "--allowed-hosts=" + wrong})
		g.Expect(err).To(MatchError(ContainSubstring("--allowed-hosts: ")), wrong)
	}
}
