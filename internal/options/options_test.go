// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package options_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/options"
)

// Installations that are limited to namespaces leave ClusterCognigyConnections to one that is not, unless told otherwise.
func TestClusterConnections(t *testing.T) {
	g := NewWithT(t)
	for _, test := range []struct {
		args []string
		want bool
	}{
		{nil, true},
		{[]string{"--cluster-connections=false"}, false},
		{[]string{"--watch-namespaces=b"}, false},
		{[]string{"--watch-namespaces=b", "--cluster-connections"}, true},
		{[]string{"--cluster-connections", "--watch-namespaces=b"}, true},
	} {
		parsed, err := options.Parse(append(test.args, "--namespace=a"))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(parsed.ClusterConnections).To(Equal(test.want), "%q", test.args)
	}
}

// Whoever asks for the version need not know what else the operator would need.
func TestVersionNeedsNoOtherFlag(t *testing.T) {
	g := NewWithT(t)
	t.Setenv("POD_NAMESPACE", "")
	parsed, err := options.Parse([]string{"--version"})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(parsed.Version).To(BeTrue())
}
