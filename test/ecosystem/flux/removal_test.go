// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package flux

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

func (s *scenario) prunesKey(t *testing.T) {
	const file = "keys/support.yaml"
	s.files[file] = strings.ReplaceAll(s.page.files[keyFile], "name: crm\n", "name: support\n")
	s.applied(s.push(t), keys, workload)
	support := s.AwaitDelivered(s.key("support"), 1)
	delete(s.files, file)
	s.applied(s.push(t), keys, workload)
	s.AwaitGone(support)
	s.AwaitDelivered(s.key("crm"), 1)
}

// A commit that drops the manifests by mistake ends the operator. Keys and what defines them stay, and the next commit mends it.
func (s *scenario) survivesLossOfOperator(t *testing.T) {
	install := s.files[installFile]
	s.files[installFile] = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: nothing\n  namespace: crm\n"
	s.applied(s.push(t), operator, connections, keys, workload)
	s.AwaitAbsent(s.deployment())
	s.Expect(s.execute(t, "kubectl get crds,namespaces -o name")).To(And(
		ContainSubstring("endpointapikeys.cognigy-operator.io"), ContainSubstring("/"+installation.Namespace)))
	key := s.key("crm")
	s.Expect(key.DeletionTimestamp).To(BeNil())
	s.Expect(s.LiveKeys(key)).To(HaveLen(1))

	s.files[installFile] = install
	s.applied(s.push(t), operator, connections, keys, workload)
	s.Expect(s.AwaitDelivered(s.key("crm"), 1).UID).To(Equal(key.UID))
}

// In no order, as when whatever applied the Kustomizations is deleted: the operator stays until its keys are revoked.
func (s *scenario) deletesAllAtOnce(t *testing.T) {
	key := s.key("crm")
	s.execute(t, "kubectl delete kustomizations --all -n flux-system --timeout=5m")
	s.AwaitGone(key)
	s.AwaitAbsent(s.Connection(), &appsv1.Deployment{ObjectMeta: s.Meta("crm")})
	s.Expect(s.Cognigy.Live("")).To(BeEmpty())
	credentials := &corev1.Secret{ObjectMeta: s.Meta(fixtures.CredentialsName)}
	s.Await(func(g Gomega) {
		g.Expect(cluster.Get(s.Context, client.ObjectKeyFromObject(credentials), credentials)).To(Succeed())
		g.Expect(credentials.Finalizers).To(BeEmpty())
	})
	s.Expect(cluster.Get(s.Context, client.ObjectKeyFromObject(s.deployment()), s.deployment())).To(Succeed())
}

func (s *scenario) installsAgain(t *testing.T) {
	s.execute(t, s.page.commands["Kustomizations"][0])
	s.applied("", operator, connections, keys, workload)
	s.AwaitDelivered(s.key("crm"), 1)
}

// Each command of the page returns when what it deletes is gone.
func (s *scenario) deletesInOrder(t *testing.T) {
	key := s.key("crm")
	commands := strings.SplitAfter(strings.TrimSpace(s.page.commands["Remove everything"][0]), "\n")
	s.execute(t, commands[0])
	s.Absent(s, &appsv1.Deployment{ObjectMeta: s.Meta("crm")})
	s.Expect(s.LiveKeys(key)).To(HaveLen(1))
	s.execute(t, commands[1])
	s.Absent(s, key.DeepCopy())
	s.Expect(s.LiveKeys(key)).To(BeEmpty())
	s.execute(t, commands[2])
	s.Absent(s, s.Connection())
	s.execute(t, strings.Join(commands[3:], ""))
	s.Absent(s, s.deployment(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: installation.Namespace}})
	s.Expect(s.execute(t, "kubectl get crds -o name")).NotTo(ContainSubstring("cognigy-operator.io"))
	s.Expect(s.Cognigy.Live("")).To(BeEmpty())
}

// deployment returns the operator's, to be read.
func (s *scenario) deployment() *appsv1.Deployment {
	return &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: installation.Namespace, Name: installation.ServiceAccount}}
}
