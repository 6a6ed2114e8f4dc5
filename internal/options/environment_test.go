// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package options_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/options"
)

func TestEnvironment(t *testing.T) {
	g := NewWithT(t)
	t.Setenv("COGNIGY_OPERATOR_NAMESPACE", "of-the-environment")
	t.Setenv("COGNIGY_OPERATOR_WATCH_NAMESPACES", "a,b")
	t.Setenv("COGNIGY_OPERATOR_LEADER_ELECT", "true")
	t.Setenv("COGNIGY_OPERATOR_HOST_RATE_LIMITS", "*=1/2")
	t.Setenv("COGNIGY_OPERATOR_ZAP_LOG_LEVEL", "debug")
	t.Setenv("COGNIGY_OPERATOR_CLUSTER_ID", "")
	t.Setenv("COGNIGY_OPERATOR_VERSION", "1.2.3")
	parsed, err := options.Parse([]string{"--cluster-id=given"})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(parsed.Namespace).To(Equal("of-the-environment"))
	g.Expect(parsed.WatchNamespaces).To(Equal([]string{"a", "b"}))
	g.Expect(parsed.ClusterConnections).To(BeFalse(), "it depends on --watch-namespaces, wherever that is set")
	g.Expect(parsed.LeaderElect).To(BeTrue())
	g.Expect(parsed.HostRateLimits).To(HaveLen(1))
	g.Expect(parsed.Log.Level.Enabled(-1)).To(BeTrue())
	g.Expect(parsed.Version).To(BeFalse())

	parsed, err = options.Parse([]string{"--namespace=given", "--watch-namespaces=c"})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(parsed.Namespace).To(Equal("given"))
	g.Expect(parsed.WatchNamespaces).To(Equal([]string{"c"}))
}

// Whoever set a variable finds it by the error, since the command line has no flag that could be wrong.
func TestErrorsNameTheVariable(t *testing.T) {
	g := NewWithT(t)
	t.Setenv("COGNIGY_OPERATOR_LEADER_ELECT", "perhaps")
	t.Setenv("COGNIGY_OPERATOR_DRIFT_INTERVAL", "soon")
	_, err := options.Parse([]string{"--namespace=a"})
	g.Expect(err).To(MatchError(And(ContainSubstring("environment variable COGNIGY_OPERATOR_LEADER_ELECT: "),
		ContainSubstring("environment variable COGNIGY_OPERATOR_DRIFT_INTERVAL: "))))
}

// The plugin reads what an operator of another version runs with, and its own environment has no say in that.
func TestRead(t *testing.T) {
	g := NewWithT(t)
	t.Setenv("COGNIGY_OPERATOR_DRIFT_INTERVAL", "1m")
	read, err := options.Read([]string{"--leader-elect", "--of-a-later-version=1", "--cluster-id", "given"}, func(name string) string {
		return map[string]string{"COGNIGY_OPERATOR_WATCH_NAMESPACES": "a,b", "COGNIGY_OPERATOR_CLUSTER_ID": "other"}[name]
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(read.LeaderElect).To(BeTrue())
	g.Expect(read.ClusterID).To(Equal("given"))
	g.Expect(read.WatchNamespaces).To(Equal([]string{"a", "b"}))
	g.Expect(read.ClusterConnections).To(BeFalse())
	g.Expect(read.DriftInterval).To(Equal(options.DefaultDriftInterval))
	_, err = options.Read([]string{"--drift-interval=soon"}, func(string) string { return "" })
	g.Expect(err).To(MatchError(ContainSubstring("drift-interval")))
}
