// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// What the operator releases by removing a finalizer must not wait for an object that somebody deleted: no policy has parameters, and the
// files of policies hold nothing else that these could depend on. TestParametersComeFirst shows why.
func TestPoliciesDependOnNothing(t *testing.T) {
	g := NewWithT(t)
	policies := 0
	for _, folder := range []string{"admission", "policies", "write-policy"} {
		files, err := filepath.Glob(filepath.Join("..", "..", "config", folder, "*_*.yaml"))
		g.Expect(err).NotTo(HaveOccurred())
		for _, file := range files {
			if filepath.Base(file) == "name_reference.yaml" { // a configuration of kustomize
				continue
			}
			objects, err := installation.Read(file)
			g.Expect(err).NotTo(HaveOccurred())
			for _, object := range objects {
				g.Expect(object.GetKind()).To(BeElementOf("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"), file)
				for _, field := range []string{"paramKind", "paramRef"} {
					_, found, err := unstructured.NestedFieldNoCopy(object.Object, "spec", field)
					g.Expect(err).NotTo(HaveOccurred())
					g.Expect(found).To(BeFalse(), "%s of %s in %s", field, object.GetName(), file)
				}
				policies++
			}
		}
	}
	g.Expect(policies).To(BeNumerically(">=", 2*7))
}

// The API server looks for a policy's parameters before it evaluates matchConditions. Where they are missing, it refuses to release a
// finalizer of whatever the policy matches, although the spec does not change, or else it accepts every spec.
func TestParametersComeFirst(t *testing.T) {
	for action, open := range map[admissionv1.ParameterNotFoundActionType]bool{admissionv1.DenyAction: false, admissionv1.AllowAction: true} {
		t.Run(string(action), func(t *testing.T) {
			g := NewWithT(t)
			namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: newName()}}
			g.Expect(typed.Create(t.Context(), namespace)).To(Succeed())
			create := func(options ...client.CreateOption) (*v1alpha1.CognigyConnection, error) {
				connection := connectionTo("https://evil.example", "cognigy-credentials")
				connection.Namespace, connection.Finalizers = namespace.Name, []string{v1alpha1.InUseFinalizer}
				return connection, typed.Create(t.Context(), connection, options...)
			}
			awaitCreation := func(want types.GomegaMatcher) {
				t.Helper()
				g.Eventually(func() error {
					_, err := create(client.DryRunAll)
					return err
				}).WithTimeout(30 * time.Second).Should(want)
			}
			connection, err := create()
			g.Expect(err).NotTo(HaveOccurred())
			parameters := applyWithParameters(t, namespace.Name, action)
			awaitCreation(MatchError(ContainSubstring(otherHost)))
			g.Expect(typed.Delete(t.Context(), parameters)).To(Succeed())
			missing := MatchError(ContainSubstring("no params found"))
			if open {
				missing = Succeed()
			}
			awaitCreation(missing)

			g.Expect(typed.Delete(t.Context(), connection)).To(Succeed())
			g.Expect(typed.Get(t.Context(), client.ObjectKeyFromObject(connection), connection)).To(Succeed())
			connection.Finalizers = nil
			g.Expect(typed.Update(t.Context(), connection)).To(missing)
		})
	}
}

// applyWithParameters puts a policy into force in a namespace that differs from that of connections in having its hosts in a ConfigMap, and
// returns the ConfigMap.
func applyWithParameters(t *testing.T, namespace string, notFound admissionv1.ParameterNotFoundActionType) *corev1.ConfigMap {
	t.Helper()
	g := NewWithT(t)
	parameters := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "hosts"}, Data: map[string]string{"hosts": "api-trial.cognigy.ai"},
	}
	g.Expect(typed.Create(t.Context(), parameters)).To(Succeed())
	policy, binding := &admissionv1.ValidatingAdmissionPolicy{}, &admissionv1.ValidatingAdmissionPolicyBinding{}
	objects, err := installation.Read(policyFile)
	g.Expect(err).NotTo(HaveOccurred())
	for i, object := range []client.Object{policy, binding} {
		g.Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(objects[i].Object, object)).To(Succeed())
		object.SetName(namespace)
	}
	policy.Spec.ParamKind = &admissionv1.ParamKind{APIVersion: "v1", Kind: "ConfigMap"}
	policy.Spec.Variables[0].Expression = "params.data.hosts.split('\\n')"
	binding.Spec.PolicyName = namespace
	binding.Spec.ParamRef = &admissionv1.ParamRef{Name: parameters.Name, Namespace: namespace, ParameterNotFoundAction: &notFound}
	binding.Spec.MatchResources = &admissionv1.MatchResources{NamespaceSelector: &metav1.LabelSelector{
		MatchLabels: map[string]string{corev1.LabelMetadataName: namespace},
	}}
	for _, object := range []client.Object{policy, binding} {
		g.Expect(typed.Create(t.Context(), object)).To(Succeed())
	}
	return parameters
}
