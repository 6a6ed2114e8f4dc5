// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package flux

import (
	"os"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// earlierImage is that of the earlier release here. The version in its manifests may be the one that this tree still has.
const earlierImage = "registry.example.com/cognigy-operator:earlier"

const supportFile = "keys/support.yaml"

// A commit with the manifests of an earlier release rolls operator and definitions back, and the next one upgrades both. That makes and revokes
// no key, and each operator goes on with what the other one wrote: the later one revokes a key that the earlier one issued.
func (s *scenario) changesRelease(t *testing.T) {
	crm, current, made := s.AwaitDelivered(s.key("crm"), 1), s.files[installFile], s.Posts()
	manifests, err := os.ReadFile(earlier.Manifests)
	s.Expect(err).NotTo(HaveOccurred())
	s.release(t, regexp.MustCompile(`image: .*`).ReplaceAllString(string(manifests), "image: "+earlierImage))
	s.files[supportFile] = strings.ReplaceAll(s.page.files[keyFile], "name: crm\n", "name: support\n")
	s.applied(s.push(t), keys, workload)
	support := s.AwaitDelivered(s.key("support"), 1)

	s.release(t, current)
	s.Expect(s.AwaitDelivered(support, 1).Status.KeyID).To(Equal(support.Status.KeyID))
	delete(s.files, supportFile)
	s.applied(s.push(t), keys, workload)
	s.AwaitGone(support)
	s.Expect(s.AwaitDelivered(s.key("crm"), 1).Status.KeyID).To(Equal(crm.Status.KeyID))
	s.Expect(s.Posts()).To(Equal(made+1), "the key of the new resource")
}

// release pushes manifests of the operator, and waits until they are applied and their operator leads.
func (s *scenario) release(t *testing.T, manifests string) {
	t.Helper()
	before := s.leader(s)
	s.files[installFile] = manifests
	s.applied(s.push(t), operator, connections, keys, workload)
	s.Await(func(g Gomega) { g.Expect(s.leader(g)).NotTo(BeElementOf("", before)) })
}

// leader is the process that holds the operator's Lease.
func (s *scenario) leader(g Gomega) string {
	lease := &coordinationv1.Lease{}
	g.Expect(cluster.Get(s.Context, client.ObjectKey{Namespace: installation.Namespace, Name: "cognigy-operator.io"}, lease)).To(Succeed())
	return *lease.Spec.HolderIdentity
}
