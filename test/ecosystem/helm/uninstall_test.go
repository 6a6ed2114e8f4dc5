// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

const check = release + "-uninstall-check"

// serving is a release whose operator serves an environment of another namespace.
type serving struct {
	*fixtures.Environment
	own     string // the release's namespace
	objects []*unstructured.Unstructured
	stop    func() // ends the operator
}

func serve(t *testing.T, arguments ...string) *serving {
	t.Helper()
	removeCRDs(t)
	s := &serving{own: createNamespace(t)}
	startPods(t, s.own)
	s.Environment = fixtures.NewUnconnected(t, fixtures.Options{
		Cluster: cluster, Context: context.Background(), Patience: patience, Cognigy: simulator.Options{TLS: true},
	})
	t.Cleanup(func() { succeed(t, "uninstall", release, "--namespace="+s.own, "--no-hooks", "--ignore-not-found") })
	s.install(t, arguments...)
	s.Connect()
	return s
}

// install installs the release and starts its operator.
func (s *serving) install(t *testing.T, arguments ...string) {
	t.Helper()
	succeed(t, append([]string{"install", release, operator, "--namespace=" + s.own, "--wait", "--timeout=2m"}, arguments...)...)
	s.objects = parse(t, succeed(t, "get", "manifest", release, "--namespace="+s.own))
	s.stop = operate(t, s.own)
}

func (s *serving) uninstall(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	return helm(t, append([]string{"uninstall", release, "--namespace=" + s.own, "--wait", "--timeout=2m"}, arguments...)...)
}

// issued creates a resource and waits for its key.
func (s *serving) issued() *v1alpha1.EndpointAPIKey {
	key := s.Key()
	s.Create(key)
	s.AwaitDelivered(key, 1)
	return key
}

// complete checks that the release still has all of its objects.
func (s *serving) complete(t *testing.T) {
	t.Helper()
	for _, object := range s.objects {
		found := object.DeepCopy()
		s.Expect(cluster.Get(t.Context(), client.ObjectKeyFromObject(object), found)).To(Succeed(), "%s %s", object.GetKind(), object.GetName())
		s.Expect(found.GetDeletionTimestamp()).To(BeNil())
	}
}

// checkObjects returns what hooks have left behind of the check, by kind.
func (s *serving) checkObjects(t *testing.T) (kinds []string) {
	t.Helper()
	for _, hook := range render(t) {
		if hook.GetAnnotations()["helm.sh/hook"] == "" {
			continue
		}
		if hook.GetNamespace() != "" {
			hook.SetNamespace(s.own)
		}
		if cluster.Get(t.Context(), client.ObjectKeyFromObject(hook), hook.DeepCopy()) == nil {
			kinds = append(kinds, hook.GetKind())
		}
	}
	return kinds
}

// Helm deletes nothing as long as something needs the operator, and says what. As soon as nothing does, it goes on.
func TestUninstallCheck(t *testing.T) {
	s := serve(t)
	key := s.issued()
	output, err := s.uninstall(t)
	s.Expect(err).To(MatchError(ContainSubstring("failed")), output)
	told := And(
		ContainSubstring("1 EndpointAPIKey (0 being deleted): "+s.Namespace+"/"+key.Name), ContainSubstring("1 CognigyConnection (0 being deleted): "),
		ContainSubstring("Delete the EndpointAPIKeys and wait"), Not(ContainSubstring("ClusterCognigyConnection")),
	)
	s.Expect(output).To(told, "Helm prints what the hook printed")
	pods := &corev1.PodList{}
	s.Expect(cluster.List(t.Context(), pods, client.InNamespace(s.own), client.MatchingLabels{batchv1.JobNameLabel: check})).To(Succeed())
	s.Expect(pods.Items).To(HaveLen(1))
	s.Expect(pods.Items[0].Status.ContainerStatuses[0].State.Terminated.Message).To(told, "kubectl describe shows it, too")
	s.complete(t)
	s.Expect(s.checkObjects(t)).To(ConsistOf("Job"), "the Job stays to be read, its permissions do not")
	s.AwaitDelivered(key, 1)

	// Helm takes the release for half uninstalled. A rollback to the revision that runs takes that back.
	succeed(t, "rollback", release, "1", "--namespace="+s.own, "--wait", "--timeout=2m")
	succeed(t, "upgrade", release, operator, "--namespace="+s.own, "--wait", "--timeout=2m")
	s.complete(t)

	s.Delete(key)
	s.AwaitGone(key)
	output, err = s.uninstall(t)
	s.Expect(err).To(HaveOccurred())
	s.Expect(output).To(And(ContainSubstring("1 CognigyConnection (0 being deleted)"), Not(ContainSubstring("EndpointAPIKey ("))))
	s.Delete(s.Connection())
	s.AwaitAbsent(s.Connection())
	s.stop()
	output, err = s.uninstall(t)
	s.Expect(err).NotTo(HaveOccurred(), output)
	gone(t, s.objects)
	s.Expect(s.checkObjects(t)).To(BeEmpty())
}

// Whoever uninstalls all the same loses no key: resources and CustomResourceDefinitions stay, and so do the keys, until the operator is back.
func TestUninstallWithoutCheck(t *testing.T) {
	for name, arguments := range map[string][]string{"by the value": {"--set=uninstallCheck.enabled=false"}, "by --no-hooks": nil} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, arguments...)
			key := s.issued()
			s.stop()
			var hooks []string
			if arguments == nil {
				hooks = []string{"--no-hooks"}
			}
			output, err := s.uninstall(t, hooks...)
			s.Expect(err).NotTo(HaveOccurred(), output)
			gone(t, s.objects)
			s.Expect(crds(t)).To(HaveLen(3))
			s.Delete(key)
			s.Delete(s.Connection())
			s.Consistently(func(g Gomega) {
				g.Expect(s.Read(key).Finalizers).To(ConsistOf(v1alpha1.Finalizer))
				g.Expect(s.LiveKeys(key)).To(HaveLen(1))
			}).WithTimeout(2 * time.Second).Should(Succeed())

			s.install(t)
			s.AwaitGone(key)
			s.AwaitAbsent(s.Connection())
			s.stop()
			output, err = s.uninstall(t)
			s.Expect(err).NotTo(HaveOccurred(), output)
		})
	}
}

// A release that is limited to namespaces checks those and no others, and asks for nothing that it may not have.
func TestNamespacedUninstallCheck(t *testing.T) {
	r := installLimited(t)
	startPods(t, r.own)
	elsewhere := r.Connection()
	elsewhere.Namespace = r.CreateNamespace()
	r.Create(elsewhere)
	r.Connect()
	uninstall := func() (string, error) { return helm(t, "uninstall", release, "--namespace="+r.own, "--timeout=2m") }
	output, err := uninstall()
	r.Expect(err).To(HaveOccurred())
	r.Expect(output).To(ContainSubstring("1 CognigyConnection (0 being deleted): " + r.Namespace + "/" + fixtures.ConnectionName + "\n"))

	r.Delete(r.Connection())
	r.AwaitAbsent(r.Connection())
	r.operator.Stop()
	output, err = uninstall()
	r.Expect(err).NotTo(HaveOccurred(), output)
	events, err := controlplane.ReadAuditLog(auditLog)
	r.Expect(err).NotTo(HaveOccurred())
	asked := map[string]bool{}
	for _, event := range events {
		if event.User.Username == "system:serviceaccount:"+r.own+":"+check && event.ObjectRef != nil {
			asked[event.Verb+" "+event.ObjectRef.Resource+" in "+event.ObjectRef.Namespace] = true
			r.Expect(event.ResponseStatus.Code).To(BeEquivalentTo(200))
		}
	}
	r.Expect(asked).To(And(HaveLen(2), HaveKey("list endpointapikeys in "+r.Namespace), HaveKey("list cognigyconnections in "+r.Namespace)))
}
