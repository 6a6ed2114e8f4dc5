// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package uninstall

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// undeploy runs what `make undeploy` does.
func (c *cluster) undeploy(t *testing.T, environment ...string) (string, error) {
	t.Helper()
	manifests, err := os.Open(installation.File())
	c.Expect(err).NotTo(HaveOccurred())
	defer manifests.Close() //nolint:errcheck // read only
	return c.command(t, environment, manifests, filepath.Join(repository, "hack", "undeploy.sh"))
}

func retained(key *v1alpha1.EndpointAPIKey) { key.Spec.DeletionPolicy = v1alpha1.DeletionPolicyRetain }

func TestUndeploy(t *testing.T) {
	c := newCluster(t)
	revoked, kept := c.issued(fixtures.Named("revoked")), c.issued(fixtures.Named("kept"), retained)
	lists := ContainSubstring("  " + c.Namespace + "/kept: key " + kept.Status.KeyID + " of Endpoint " + c.Endpoint.ID + ", in Secret kept\n")

	output, err := c.undeploy(t)
	c.Expect(err).To(HaveOccurred())
	c.Expect(output).To(And(
		ContainSubstring("  2 EndpointAPIKeys. The operator revokes"), lists, ContainSubstring("  1 cognigyconnections\n"),
		ContainSubstring("  0 clustercognigyconnections\n"), HaveSuffix("make undeploy CONFIRM=yes\n"),
	))
	c.AwaitDelivered(revoked, 1)

	output, err = c.undeploy(t, "CONFIRM=yes")
	c.Expect(err).NotTo(HaveOccurred(), output)
	_, after, _ := strings.Cut(output, "The operator is gone.\n")
	c.Expect(after).To(lists, output)
	c.Expect(c.LiveKeys(revoked)).To(BeEmpty())
	c.Expect(c.LiveKeys(kept)).To(HaveLen(1))
	c.Expect(c.crds(c)).To(BeEmpty())
	err = c.Cluster.Get(c.Context, types.NamespacedName{Name: installation.Namespace}, &corev1.Namespace{})
	c.Expect(apierrors.IsNotFound(err)).To(BeTrue(), "%v", err)
	secret := &corev1.Secret{}
	c.Expect(c.Cluster.Get(c.Context, types.NamespacedName{Namespace: c.Namespace, Name: fixtures.CredentialsName}, secret)).To(Succeed())
	c.Expect(secret.Finalizers).To(BeEmpty())

	output, err = c.undeploy(t, "CONFIRM=yes")
	c.Expect(err).NotTo(HaveOccurred(), "what is gone is no error: %s", output)
}

// Where nothing would revoke the keys, or another tool has to remove the operator, nothing is deleted.
func TestUndeployWithoutOperator(t *testing.T) {
	c := newCluster(t)
	key := c.issued()
	output, err := c.kubectl(t, "scale", "deployment", installation.ServiceAccount, "--namespace="+installation.Namespace, "--replicas=0")
	c.Expect(err).NotTo(HaveOccurred(), output)
	c.stop()
	c.Await(func(g Gomega) {
		found, err := c.deployment(c.Context)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(found.Status.ReadyReplicas).To(BeZero())
	})
	output, err = c.undeploy(t, "CONFIRM=yes", "PATIENCE=5")
	c.Expect(err).To(HaveOccurred())
	c.Expect(output).To(ContainSubstring("The operator does not run"))
	c.Expect(c.Read(key).DeletionTimestamp).To(BeNil())
	c.stays(key)

	output, err = c.kubectl(t, "label", "deployment", installation.ServiceAccount, "--namespace="+installation.Namespace,
		"--overwrite", "app.kubernetes.io/managed-by=Helm")
	c.Expect(err).NotTo(HaveOccurred(), output)
	output, err = c.undeploy(t, "CONFIRM=yes")
	c.Expect(err).To(HaveOccurred())
	c.Expect(output).To(HavePrefix("Helm installed the operator"))
}

// What stops it is told, and it goes on when that is mended.
func TestUndeployStuck(t *testing.T) {
	c := newCluster(t)
	key := c.issued()
	c.Cognigy.Inject(simulator.Fault{Kind: simulator.FaultStatus, Status: http.StatusServiceUnavailable})
	output, err := c.undeploy(t, "CONFIRM=yes", "PATIENCE=5")
	c.Expect(err).To(HaveOccurred())
	c.Expect(output).To(And(
		ContainSubstring("Nothing has changed for 5 seconds"), ContainSubstring("  "+c.Namespace+"/"+key.Name+": "), ContainSubstring("503"),
		ContainSubstring(`"deletionPolicy":"Retain"`),
	))
	c.Expect(c.crds(c)).To(HaveLen(3))
	c.Cognigy.ClearFaults()
	output, err = c.undeploy(t, "CONFIRM=yes")
	c.Expect(err).NotTo(HaveOccurred(), output)
	c.Expect(c.Cognigy.Live("")).To(BeEmpty())
	c.Expect(c.crds(c)).To(BeEmpty())
}
