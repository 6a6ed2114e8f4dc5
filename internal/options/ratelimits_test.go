// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package options_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/options"
	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

func TestHostRateLimits(t *testing.T) {
	g := NewWithT(t)
	parsed, err := options.Parse([]string{"--namespace=a", "--host-rate-limits=API-trial.cognigy.ai=10/100,*=5", "--host-rate-limits=localhost:8443=1/2"})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(parsed.HostRateLimits).To(Equal(map[string]ratelimit.Limit{
		"api-trial.cognigy.ai:443": {PerSecond: 10, Burst: 100}, ratelimit.AnyHost: {PerSecond: 5, Burst: 5}, "localhost:8443": {PerSecond: 1, Burst: 2},
	}))
	for _, wrong := range []string{"a=", "a=x", "a=0", "a=1/0", "a=1/x", "a=-1/5", "a=1/2/3"} {
		_, err := options.Parse([]string{"--namespace=a", "--host-rate-limits=" + wrong})
		g.Expect(err).To(MatchError(ContainSubstring("--host-rate-limits: a=")), wrong)
	}
}
