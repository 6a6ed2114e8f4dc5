// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package helm

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	. "github.com/onsi/gomega"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/internal/options"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

func TestLint(t *testing.T) {
	for _, mode := range modes(t) {
		succeed(t, "lint", "--strict", operator, "--values="+values(mode), "--kube-version="+kubeVersion)
	}
}

// The operator accepts its flags in every mode, and the API server every object.
func TestModes(t *testing.T) {
	for _, mode := range modes(t) {
		t.Run(mode, func(t *testing.T) {
			g := NewWithT(t)
			objects := render(t, "--values="+values(mode))
			_, err := options.Parse(append(deploymentOf(t, objects).Spec.Template.Spec.Containers[0].Args, "--namespace=a"))
			g.Expect(err).NotTo(HaveOccurred())
			for name, object := range byName(t, objects) {
				if !slices.Contains([]string{"ServiceMonitor", "PrometheusRule"}, object.GetKind()) { // which this API server does not serve
					g.Expect(accepts(t, object)).To(Succeed(), name)
				}
			}
		})
	}
}

// accepts has the API server check an object, strictly. It creates the namespace that the object is in.
func accepts(t *testing.T, object *unstructured.Unstructured) error {
	t.Helper()
	if name := object.GetNamespace(); name != "" {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if err := cluster.Create(t.Context(), namespace); err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
	strict := client.WithFieldValidation(cluster, metav1.FieldValidationStrict)
	return strict.Create(t.Context(), object.DeepCopy(), client.DryRunAll)
}

// Helm 3 renders the same.
func TestHelm3(t *testing.T) {
	for _, mode := range modes(t) {
		t.Run(mode, func(t *testing.T) {
			g := NewWithT(t)
			chart, err := loader.Load(operator)
			g.Expect(err).NotTo(HaveOccurred())
			install := action.NewInstall(&action.Configuration{})
			install.ReleaseName, install.Namespace, install.ClientOnly, install.DryRun = release, installation.Namespace, true, true
			install.KubeVersion = &chartutil.KubeVersion{Version: kubeVersion, Major: "1", Minor: "36"}
			content, err := os.ReadFile(values(mode))
			g.Expect(err).NotTo(HaveOccurred())
			given, err := chartutil.ReadValues(content)
			g.Expect(err).NotTo(HaveOccurred())
			made, err := install.RunWithContext(t.Context(), chart, given)
			g.Expect(err).NotTo(HaveOccurred())
			manifest := made.Manifest
			for _, hook := range made.Hooks {
				manifest += "\n---\n" + hook.Manifest
			}
			g.Expect(byName(t, parse(t, manifest))).To(Equal(byName(t, render(t, "--values="+values(mode)))))
		})
	}
}

// What a Pod of OpenShift's restricted SCC may not name is nowhere in the chart.
func TestNoUser(t *testing.T) {
	for _, mode := range modes(t) {
		objects := render(t, "--values="+values(mode))
		rendered, err := json.Marshal(objects)
		NewWithT(t).Expect(err).NotTo(HaveOccurred())
		NewWithT(t).Expect(string(rendered)).NotTo(MatchRegexp(`"(runAsUser|runAsGroup|fsGroup)":`))
		pod := deploymentOf(t, objects).Spec.Template.Spec
		NewWithT(t).Expect([]any{
			pod.SecurityContext.RunAsUser, pod.SecurityContext.RunAsGroup, pod.SecurityContext.FSGroup,
			pod.Containers[0].SecurityContext.RunAsUser, pod.Containers[0].SecurityContext.RunAsGroup,
		}).To(HaveEach(BeNil()))
	}
}

// Without a namespace's Role, the operator may do nothing there, and in no mode that is limited to namespaces may it read other Secrets.
func TestNamespacedModesHaveNoClusterRoleForSecrets(t *testing.T) {
	for _, mode := range []string{"namespaced", "namespaced-cluster-connections", "minimal"} {
		roles := 0
		for _, object := range render(t, "--values="+values(mode)) {
			rules, _, err := unstructured.NestedSlice(object.Object, "rules")
			NewWithT(t).Expect(err).NotTo(HaveOccurred())
			if object.GetKind() == "Role" {
				roles++
			}
			for _, rule := range rules {
				if object.GetKind() == "ClusterRole" {
					NewWithT(t).Expect(rule).NotTo(HaveKeyWithValue("resources", ContainElement(Or(Equal("secrets"), Equal("configmaps")))), mode)
				}
			}
		}
		NewWithT(t).Expect(roles).To(BeNumerically(">=", 1), mode)
	}
	for name := range byName(t, render(t, "--values="+values("minimal"))) {
		NewWithT(t).Expect(name).NotTo(Or(HavePrefix("Cluster"), HavePrefix("ValidatingAdmission")), "an administrator of the namespaces could not install it")
	}
}

// Values that would make an operator that cannot work, or that does harm, are refused with the way out.
func TestRefusedValues(t *testing.T) {
	for _, test := range []struct {
		values []string
		says   string
	}{
		{[]string{"--set=replica=3"}, "additional properties 'replica' not allowed"},
		{[]string{"--set=image.tags=1"}, "additional properties 'tags' not allowed"},
		{[]string{"--set=networkPolicy.egress.port=443"}, "additional properties 'port' not allowed"},
		{[]string{"--set-string=replicas=two"}, "/replicas"},
		{[]string{"--set=image.digest=latest"}, "/image/digest"},
		{[]string{"--set=watchNamespaces={Crm}", "--set=clusterID=a"}, "/watchNamespaces/0"},
		{[]string{"--set=podDisruptionBudget.maxUnavailable=half"}, "/podDisruptionBudget/maxUnavailable"},
		{[]string{"--set=watchNamespaces={crm}"}, "Set clusterID"},
		{[]string{"--set=leaderElection.enabled=false"}, "Set replicas to 1"},
		{[]string{"--set=connectionPolicy.enabled=true"}, "Name the hosts"},
		{[]string{"--set=tenantPolicies.defaults.shortestRotation=1d"}, "/tenantPolicies/defaults/shortestRotation"},
		{[]string{"--set=metrics.serviceMonitor.enabled=true"}, "Install Prometheus Operator first"},
		{[]string{"--set=metrics.serviceMonitor.enabled=true", "--set=metrics.enabled=false"}, "Set metrics.enabled to true"},
		{[]string{"--set=metrics.prometheusRule.enabled=true"}, "the cluster has no PrometheusRules. Install Prometheus Operator first"},
		{[]string{"--set=metrics.prometheusRule.enabled=true", "--set=metrics.enabled=false"}, "Set metrics.enabled to true"},
		{[]string{"--set=metrics.dashboard.enabled=true", "--set=metrics.enabled=false"}, "Set metrics.enabled to true"},
	} {
		output, err := helm(t, append([]string{"template", release, operator, "--kube-version=" + kubeVersion}, test.values...)...)
		NewWithT(t).Expect(err).To(MatchError(ContainSubstring(test.says)), "%q: %s", test.values, output)
	}
}

// Where the cluster does not serve a kind of Prometheus Operator, the chart fails, leaves the object out or renders it all the same, as told.
func TestPrometheusOperator(t *testing.T) {
	for value, kind := range map[string]string{"serviceMonitor": "ServiceMonitor", "prometheusRule": "PrometheusRule"} {
		enabled, mode := "--set=metrics."+value+".enabled=true", "--set=metrics."+value+".renderMode="
		served := "--api-versions=monitoring.coreos.com/v1/" + kind
		for _, test := range []struct {
			arguments []string
			want      int
		}{
			{nil, 0},
			{[]string{enabled, served}, 1},
			{[]string{enabled, mode + "skipIfMissing"}, 0},
			{[]string{enabled, mode + "skipIfMissing", served}, 1},
			{[]string{enabled, mode + "alwaysRender"}, 1},
		} {
			made := 0
			for _, object := range render(t, test.arguments...) {
				if object.GetKind() == kind {
					made++
				}
			}
			NewWithT(t).Expect(made).To(Equal(test.want), "%q", test.arguments)
		}
	}
}
