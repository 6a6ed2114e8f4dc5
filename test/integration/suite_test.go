// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package integration_test tells what the controllers do, one behaviour at a time, against a real API server and a simulated
// Cognigy.
package integration_test

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/cognigy-operator/cognigy-operator/internal/operator"
	"github.com/cognigy-operator/cognigy-operator/internal/options"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/suite"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

var (
	bed     *testbed.Testbed
	cluster client.Client  // as administrator
	logs    testbed.Output // what the operators of this process log, at the highest verbosity that they permit
)

const (
	// driftInterval is short, so that what happens behind the operator's back is noticed within a spec.
	driftInterval = time.Second
	// listLag is how long an operator here expects lists to lag behind. It is shorter than users' operators do, so that specs wait less.
	listLag = 2 * time.Second
	// superKeyInterval is the time between two requests for a super API key here, shorter than users' operators have it, too.
	superKeyInterval = 5 * time.Second
)

func TestControllers(t *testing.T) {
	suite.Run(t, "The controllers", startWithLimited, func(shared *testbed.Testbed) {
		bed, cluster = shared, shared.Cluster
		settings, err := options.Parse([]string{"--namespace=" + installation.Namespace, "--zap-log-level=7"})
		Expect(err).NotTo(HaveOccurred())
		checkEvents()
		if folder := os.Getenv("STATES"); folder != "" {
			recordStates(folder)
		}
		ctrl.SetLogger(zap.New(zap.UseFlagOptions(&settings.Log), zap.WriteTo(&logs)))
	}, writesWhatPoliciesPermit, usesLimitedPermissions)
}

// writesWhatPoliciesPermit checks, when all specs have run, that the policies of the manifests refused the operators nothing.
func writesWhatPoliciesPermit(bed *testbed.Testbed) {
	everywhere, err := testbed.Requests(bed.AuditLog, installation.Namespace, installation.ServiceAccount, "")
	Expect(err).NotTo(HaveOccurred())
	somewhere, err := testbed.Requests(bed.AuditLog, installation.LimitedNamespace, installation.LimitedServiceAccount, "")
	Expect(err).NotTo(HaveOccurred())
	requests := append(everywhere, somewhere...)
	Expect(requests).NotTo(BeEmpty())
	Expect(testbed.RefusedByPolicies(requests)).To(BeEmpty())
}

// runOperator runs an operator in this process until the spec ends, with the permissions of the manifests that users install, or of the
// chart's where it is limited to namespaces. It watches the namespaces only. With --cluster-connections it sees the ClusterCognigyConnections of all processes, so that specs about
// those are Serial: they run when the other processes have ended. stop ends it earlier.
func runOperator(namespaces []string, flags ...string) (stop func()) {
	GinkgoHelper()
	config, err := clientcmd.RESTConfigFromKubeConfig(bed.Kubeconfig)
	Expect(err).NotTo(HaveOccurred())
	own := installation.Namespace
	if limited {
		config, own = limitedConfig(), installation.LimitedNamespace
		flags = append([]string{"--cluster-id=" + bed.ClusterUID}, flags...)
	}
	settings, err := options.Parse(append(flags,
		"--namespace="+own, "--watch-namespaces="+strings.Join(namespaces, ","),
		"--drift-interval="+driftInterval.String(), "--host-rate-limits=*=1000/1000",
		"--metrics-bind-address=0", "--health-probe-bind-address=127.0.0.1:0",
	))
	Expect(err).NotTo(HaveOccurred())
	settings.ListLag, settings.SuperKeyInterval = listLag, superKeyInterval
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- operator.Run(ctx, config, settings, "test") }()
	stop = sync.OnceFunc(func() {
		cancel()
		Eventually(ended).WithTimeout(patience).Should(Receive(BeNil()))
	})
	DeferCleanup(stop)
	return stop
}
