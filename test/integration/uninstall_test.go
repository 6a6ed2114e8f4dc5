// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/operator"
	"github.com/cognigy-operator/cognigy-operator/internal/options"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
)

// checkUninstall does what the Helm chart does before it uninstalls an operator that serves the environment's namespaces.
func (e *environment) checkUninstall(flags ...string) error {
	GinkgoHelper()
	settings, err := options.Parse(append(flags, "--uninstall-check", "--namespace="+e.Namespace, "--watch-namespaces="+strings.Join(e.watched.Names(), ",")))
	e.Expect(err).NotTo(HaveOccurred())
	return operator.CheckUninstall(e.Context, bed.Config, settings)
}

var _ = Describe("The check before an uninstallation", Label("deletion"), func() {
	It("lists what needs the operator, in the namespaces that it serves", func() {
		e := newEnvironment()
		e.AwaitReady(e.Connection())
		for i := range 4 {
			e.Create(e.Key(fixtures.Named(fmt.Sprintf("key-%d", i)), func(key *v1alpha1.EndpointAPIKey) { key.Spec.Suspend = true }))
		}
		name := func(i int) string { return fmt.Sprintf("%s/key-%d", e.Namespace, i) }
		e.Expect(e.checkUninstall()).To(MatchError(And(
			ContainSubstring("  4 EndpointAPIKeys (0 being deleted): "+strings.Join([]string{name(0), name(1), name(2)}, ", ")+", ...\n"),
			ContainSubstring("  1 CognigyConnection (0 being deleted): "+e.Namespace+"/cognigy\n"),
			HaveSuffix("their conditions say why."),
		)))
	})

	It("waits for what is being deleted, and passes when that is gone", func() {
		e := newEnvironment()
		key := e.issued()
		e.stopOperator()
		e.Delete(key)
		e.Delete(e.Connection())
		checked := make(chan error, 1)
		go func() {
			defer GinkgoRecover()
			checked <- e.checkUninstall()
		}()
		e.Consistently(checked).ShouldNot(Receive())
		e.restartOperator()
		e.Eventually(checked).WithTimeout(patience).Should(Receive(BeNil()))
		e.AwaitGone(key)
		e.Absent(e, e.Connection())
	})

	It("fails where deletions do not end", func() {
		e := newEnvironment()
		connection := e.Connection()
		e.AwaitReady(connection)
		e.stopOperator()
		e.Change(connection, func() { controllerutil.AddFinalizer(connection, v1alpha1.InUseFinalizer) })
		e.Delete(connection)
		DeferCleanup(e.Change, connection, func() { controllerutil.RemoveFinalizer(connection, v1alpha1.InUseFinalizer) })
		e.Expect(e.checkUninstall()).To(MatchError(ContainSubstring("1 CognigyConnection (1 being deleted)")))
	})

	It("counts ClusterCognigyConnections where the installation serves them", Serial, func() {
		e := newEnvironment()
		e.AwaitReady(e.Connection())
		e.Delete(e.Connection())
		e.AwaitAbsent(e.Connection())
		shared := &v1alpha1.ClusterCognigyConnection{Spec: v1alpha1.ClusterCognigyConnectionSpec{
			ConnectionSpec: e.ConnectionSpec(), AllowedNamespaces: v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesFromAll},
		}}
		shared.Name = e.Namespace
		e.Create(shared)
		DeferCleanup(func() { e.Expect(client.IgnoreNotFound(cluster.Delete(e.Context, shared))).To(Succeed()) })
		e.Expect(e.checkUninstall()).To(Succeed())
		e.Expect(e.checkUninstall("--cluster-connections")).To(MatchError(ContainSubstring("ClusterCognigyConnection")))
	})

	It("finds nothing of a kind that the API server does not serve", Serial, func() {
		e := newEnvironment()
		e.AwaitReady(e.Connection())
		e.Delete(e.Connection())
		e.AwaitAbsent(e.Connection())
		e.stopOperator()
		e.removeKeys()
		e.Expect(e.checkUninstall()).To(Succeed())
	})

	It("fails, after some tries, where it may not look", func() {
		e := newEnvironment()
		e.AwaitReady(e.Connection())
		settings, err := options.Parse([]string{"--uninstall-check", "--namespace=a", "--watch-namespaces=" + e.Namespace})
		e.Expect(err).NotTo(HaveOccurred())
		nobody := rest.CopyConfig(bed.Config)
		nobody.Impersonate = rest.ImpersonationConfig{UserName: "nobody", Groups: []string{"system:authenticated"}}
		e.Expect(operator.CheckUninstall(e.Context, nobody, settings)).To(MatchError(And(
			ContainSubstring("so that the operator should stay"), ContainSubstring("forbidden"),
		)))
	})
})
