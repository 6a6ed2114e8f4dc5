// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"encoding/base64"
	"regexp"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// commands are the forms of the commands in docs/moving, and what each does. It returns what prints the output, or nil.
var commands = []struct {
	form *regexp.Regexp
	run  func(s *shell, arguments []string) func(Gomega) []string
}{
	{form(`kubectl create namespace (\S+)`), (*shell).createNamespace},
	{form(`kubectl create secret generic (\S+) -n (\S+) --from-literal=([-a-z]+)="(\S+)"`), (*shell).createSecret},
	{form(`kubectl apply((?: -f \S+)+)`), (*shell).apply},
	{form(`kubectl wait -n (\S+) --for=condition=Ready --timeout=2m (\w+)/(\S+)`), (*shell).waitForReady},
	{form(`kubectl rollout status deployment/(\S+) -n (\S+)`), (*shell).waitForRollout},
	{form(`kubectl patch endpointapikey (\S+) -n (\S+) --type=merge -p '(.+)'`), (*shell).patch},
	{form(`kubectl delete (\w+) (\S+) -n (\S+)`), (*shell).delete},
	{form(`kubectl delete namespace (\S+)`), (*shell).deleteNamespace},
	{form(`kubectl delete (\w+)s --all(?: --all-namespaces)?`), (*shell).deleteAll},
	{form(`kubectl get (endpointapikeys) -n (\S+)`), (*shell).get},
	{form(`kubectl get events -n (\S+) --field-selector reason=(\w+)`), (*shell).getEvents},
	{form(`kubectl get endpointapikey (\S+) -n (\S+) -o jsonpath='{.status.retiring}'`), (*shell).waitForRetiring},
	{form(`kubectl get secrets --all-namespaces -l (\S+)=(\S+) -o jsonpath='{.items\[\*\].metadata.finalizers}'`), (*shell).waitForReleased},
	{form(`sleep 30`), (*shell).sleep},
	{form(`make undeploy CONFIRM=yes`), (*shell).undeploy},
	{form(`make deploy IMG=\S+`), (*shell).deploy},
}

func form(pattern string) *regexp.Regexp { return regexp.MustCompile("^" + pattern + "$") }

// kinds are those that commands name.
var kinds = map[string]func() client.Object{
	"endpointapikey":    func() client.Object { return &v1alpha1.EndpointAPIKey{} },
	"cognigyconnection": func() client.Object { return &v1alpha1.CognigyConnection{} },
	"secret":            func() client.Object { return &corev1.Secret{} },
	"deployment":        func() client.Object { return &appsv1.Deployment{} },
}

// lists are those of the kinds of which a command deletes all.
var lists = map[string]func() client.ObjectList{
	"endpointapikey":           func() client.ObjectList { return &v1alpha1.EndpointAPIKeyList{} },
	"cognigyconnection":        func() client.ObjectList { return &v1alpha1.CognigyConnectionList{} },
	"clustercognigyconnection": func() client.ObjectList { return &v1alpha1.ClusterCognigyConnectionList{} },
}

// object returns an object to be read, of a kind, a namespace and a name that the pages show.
func (s *shell) object(kind, namespace, name string) client.Object {
	GinkgoHelper()
	Expect(kinds).To(HaveKey(kind))
	object := kinds[kind]()
	object.SetNamespace(s.namespace(namespace))
	object.SetName(name)
	return object
}

func encoded(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

// createNamespace creates a namespace unless the spec has made it, with a name that no other spec uses.
func (s *shell) createNamespace(arguments []string) func(Gomega) []string {
	if shown := arguments[0]; s.namespaces[shown] == "" {
		s.namespaces[shown] = s.CreateNamespace()
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespaces[arguments[0]]}}
	s.Expect(client.IgnoreAlreadyExists(s.cluster().Create(s.Context, namespace))).To(Succeed())
	return nil
}

func (s *shell) createSecret(arguments []string) func(Gomega) []string {
	secret := s.object("secret", arguments[1], arguments[0]).(*corev1.Secret)
	secret.StringData = map[string]string{arguments[2]: s.expand(arguments[3])}
	s.Expect(s.cluster().Create(s.Context, secret)).To(Succeed())
	return nil
}

func (s *shell) apply(arguments []string) func(Gomega) []string {
	for file := range strings.SplitSeq(strings.TrimPrefix(arguments[0], " -f "), " -f ") {
		object := client.ApplyConfigurationFromUnstructured(s.read(file))
		s.Expect(s.cluster().Apply(s.Context, object, client.FieldOwner("kubectl"), client.ForceOwnership)).To(Succeed())
	}
	return nil
}

func (s *shell) waitForReady(arguments []string) func(Gomega) []string {
	object := s.object(arguments[1], arguments[0], arguments[2])
	s.Await(func(g Gomega) {
		g.Expect(s.cluster().Get(s.Context, client.ObjectKeyFromObject(object), object)).To(Succeed())
		g.Expect(meta.IsStatusConditionTrue(fixtures.Conditions(object), v1alpha1.ConditionReady)).To(BeTrue())
	})
	return nil
}

func (s *shell) waitForRollout(arguments []string) func(Gomega) []string {
	deployment := s.object("deployment", arguments[1], arguments[0]).(*appsv1.Deployment)
	s.Expect(s.cluster().Get(s.Context, client.ObjectKeyFromObject(deployment), deployment)).To(Succeed())
	s.Await(func(g Gomega) { g.Expect(s.pods[s.context].Runs(deployment)).To(BeTrue()) })
	return nil
}

// sleep waits for what the pages say the time is for.
func (s *shell) sleep([]string) func(Gomega) []string {
	for _, pods := range s.running() {
		s.Await(func(g Gomega) { g.Expect(pods.Ending()).To(BeZero()) })
	}
	return nil
}

// delete returns when the object is gone, as kubectl does.
func (s *shell) delete(arguments []string) func(Gomega) []string {
	s.deleted(s.object(arguments[0], arguments[2], arguments[1]))
	return nil
}

func (s *shell) deleteNamespace(arguments []string) func(Gomega) []string {
	s.deleted(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace(arguments[0])}})
	return nil
}

// deleteAll deletes all objects of a kind, and returns when they are gone.
func (s *shell) deleteAll(arguments []string) func(Gomega) []string {
	Expect(lists).To(HaveKey(arguments[0]))
	found := lists[arguments[0]]()
	s.Expect(s.cluster().List(s.Context, found)).To(Succeed())
	s.Expect(meta.EachListItem(found, func(each runtime.Object) error {
		return client.IgnoreNotFound(s.cluster().Delete(s.Context, each.(client.Object)))
	})).To(Succeed())
	s.Await(func(g Gomega) {
		g.Expect(s.cluster().List(s.Context, found)).To(Succeed())
		g.Expect(meta.LenList(found)).To(BeZero())
	})
	return nil
}

// deleted deletes objects, and returns when they are gone.
func (s *shell) deleted(objects ...client.Object) {
	GinkgoHelper()
	for _, object := range objects {
		s.Expect(client.IgnoreNotFound(s.cluster().Delete(s.Context, object))).To(Succeed())
	}
	for _, object := range objects {
		s.Await(func(g Gomega) {
			err := s.cluster().Get(s.Context, client.ObjectKeyFromObject(object), object)
			g.Expect(apierrors.IsNotFound(err)).To(BeTrue(), "%T %s: %v", object, object.GetName(), err)
		})
	}
}

func (s *shell) patch(arguments []string) func(Gomega) []string {
	object := s.object("endpointapikey", arguments[1], arguments[0])
	s.Expect(s.cluster().Patch(s.Context, object, client.RawPatch(types.MergePatchType, []byte(arguments[2])))).To(Succeed())
	return nil
}

// waitForRetiring returns when the command prints nothing, as the page says.
func (s *shell) waitForRetiring(arguments []string) func(Gomega) []string {
	key := s.object("endpointapikey", arguments[1], arguments[0]).(*v1alpha1.EndpointAPIKey)
	s.Await(func(g Gomega) {
		g.Expect(s.cluster().Get(s.Context, client.ObjectKeyFromObject(key), key)).To(Succeed())
		g.Expect(key.Status.Retiring).To(BeEmpty())
	})
	return nil
}

// waitForReleased returns when the command prints nothing, as the page says.
func (s *shell) waitForReleased(arguments []string) func(Gomega) []string {
	secrets := &corev1.SecretList{}
	s.Await(func(g Gomega) {
		g.Expect(s.cluster().List(s.Context, secrets, client.MatchingLabels{arguments[0]: arguments[1]})).To(Succeed())
		g.Expect(secrets.Items).NotTo(BeEmpty())
		g.Expect(secrets.Items).To(HaveEach(HaveField("Finalizers", BeEmpty())))
	})
	return nil
}

// undeploy ends the operator and deletes what was installed. It is for a cluster from which the commands before have removed the resources:
// test/ecosystem/uninstall executes the script itself.
func (s *shell) undeploy([]string) func(Gomega) []string {
	s.Expect(s.operator.stop()).To(Succeed())
	installed, err := installation.Read(installation.File())
	s.Expect(err).NotTo(HaveOccurred())
	var objects []client.Object
	for _, object := range installed {
		if object.GetKind() == "CustomResourceDefinition" {
			confirm := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"annotations":{"cognigy-operator.io/confirm-deletion":"true"}}}`))
			s.Expect(s.cluster().Patch(s.Context, object.DeepCopy(), confirm)).To(Succeed())
		}
		objects = append(objects, object)
	}
	s.deleted(objects...)
	return nil
}

// deploy installs the operator and starts it.
func (s *shell) deploy([]string) func(Gomega) []string {
	s.Expect(s.clusters[s.context].Install(s.Context)).To(Succeed())
	s.operate()
	return nil
}
