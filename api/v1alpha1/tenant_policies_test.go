// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"maps"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// tenantLabel is on the namespaces for which the tests put the policies into force. Other tests make keys elsewhere.
const tenantLabel = "tenant-policies"

const (
	ofEndpoint          = "spec.endpoint: the limit cognigy-operator.io/allowed-endpoints of namespace "
	ofConnection        = "spec.connectionRef: the limit cognigy-operator.io/allowed-connections of namespace "
	ofDeletion          = "spec.deletionPolicy: the limit cognigy-operator.io/allowed-deletion-policies of namespace "
	ofShortest          = "spec.rotation.every: the limit cognigy-operator.io/shortest-rotation of namespace "
	ofLongest           = "spec.rotation.every: the limit cognigy-operator.io/longest-rotation of namespace "
	ofOverlap           = "spec.rotation.overlap and maxOverlap: the limit cognigy-operator.io/longest-overlap of namespace "
	unconfirmedDeletion = "have to be confirmed"
)

// limits are annotations of a namespace, without the prefix that all have.
type limits map[string]string

func (l limits) annotations() map[string]string {
	annotations := map[string]string{}
	for name, value := range l {
		annotations["cognigy-operator.io/"+name] = value
	}
	return annotations
}

// newTenant creates a namespace with limits.
func newTenant(t *testing.T, with limits) *corev1.Namespace {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: newName(), Labels: map[string]string{tenantLabel: "true"}, Annotations: with.annotations(),
	}}
	NewWithT(t).Expect(typed.Create(t.Context(), namespace)).To(Succeed())
	return namespace
}

// limit changes the limits of a namespace, and returns when the API server knows: when it refuses what they do not permit.
func limit(t *testing.T, namespace *corev1.Namespace, with limits, forbidden *v1alpha1.EndpointAPIKey, refused string) {
	t.Helper()
	g := NewWithT(t)
	before := namespace.DeepCopy()
	if namespace.Annotations == nil {
		namespace.Annotations = map[string]string{}
	}
	maps.Copy(namespace.Annotations, with.annotations())
	g.Expect(typed.Patch(t.Context(), namespace, client.MergeFrom(before))).To(Succeed())
	g.Eventually(func() error { return typed.Create(t.Context(), forbidden.DeepCopy(), client.DryRunAll) }).
		WithTimeout(30 * time.Second).Should(MatchError(ContainSubstring(refused)))
}

type keyEdit = func(*v1alpha1.EndpointAPIKeySpec)

// tenantKey is the least that a tenant can write, changed by the edits.
func tenantKey(namespace string, edits ...keyEdit) *v1alpha1.EndpointAPIKey {
	key := &v1alpha1.EndpointAPIKey{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: newName()},
		Spec: v1alpha1.EndpointAPIKeySpec{
			ConnectionRef: v1alpha1.ConnectionReference{Name: "cognigy"},
			Endpoint:      v1alpha1.EndpointReference{ID: "64f0c0ffee0123456789abcd"},
		},
	}
	for _, edit := range edits {
		edit(&key.Spec)
	}
	return key
}

func inProject(projectID v1alpha1.ProjectID, name string) keyEdit {
	return func(spec *v1alpha1.EndpointAPIKeySpec) {
		spec.Endpoint = v1alpha1.EndpointReference{ProjectID: projectID, Name: name}
	}
}

func via(kind v1alpha1.ConnectionKind, name v1alpha1.ObjectName) keyEdit {
	return func(spec *v1alpha1.EndpointAPIKeySpec) {
		spec.ConnectionRef = v1alpha1.ConnectionReference{Kind: kind, Name: name}
	}
}

// rotating sets what is not empty.
func rotating(every, overlap, maxOverlap string) keyEdit {
	return func(spec *v1alpha1.EndpointAPIKeySpec) {
		spec.Rotation = &v1alpha1.Rotation{Every: duration(every), Overlap: duration(overlap), MaxOverlap: duration(maxOverlap)}
	}
}

func duration(text string) *metav1.Duration {
	if text == "" {
		return nil
	}
	parsed, err := time.ParseDuration(text)
	if err != nil {
		panic(err)
	}
	return &metav1.Duration{Duration: parsed}
}

func retaining(spec *v1alpha1.EndpointAPIKeySpec) {
	spec.DeletionPolicy = v1alpha1.DeletionPolicyRetain
}

func restarting(spec *v1alpha1.EndpointAPIKeySpec) {
	spec.RolloutRestartTargets = []v1alpha1.RolloutRestartTarget{{Kind: "Deployment", Name: "crm"}}
}

// applyTenantPolicies puts both policies into force, and returns when they are.
func applyTenantPolicies(t *testing.T) {
	t.Helper()
	g := NewWithT(t)
	policies, err := installation.TenantPolicies("", tenantLabel, "true")
	g.Expect(err).NotTo(HaveOccurred())
	for _, policy := range policies {
		g.Expect(typed.Create(t.Context(), policy)).To(Succeed())
	}
	probe := newTenant(t, limits{"allowed-endpoints": "", "deletion-protection": "all"})
	free := newTenant(t, nil)
	key := tenantKey(probe.Name)
	g.Eventually(func() error { return typed.Create(t.Context(), key.DeepCopy(), client.DryRunAll) }).
		WithTimeout(30 * time.Second).Should(MatchError(ContainSubstring(ofEndpoint)))
	victim := tenantKey(free.Name)
	g.Expect(typed.Create(t.Context(), victim)).To(Succeed())
	g.Eventually(func() error {
		return typed.DeleteAllOf(t.Context(), &v1alpha1.EndpointAPIKey{}, client.InNamespace(free.Name), &client.DeleteAllOfOptions{
			DeleteOptions: client.DeleteOptions{DryRun: []string{metav1.DryRunAll}},
		})
	}).WithTimeout(30 * time.Second).Should(MatchError(ContainSubstring(unconfirmedDeletion)))
}

const (
	project = v1alpha1.ProjectID("64f0c0ffee0123456789aaaa")
	other   = v1alpha1.ProjectID("64f0c0ffee0123456789bbbb")
)

func TestTenantPolicies(t *testing.T) {
	applyTenantPolicies(t)
	t.Run("creation", testLimitsOnCreation)
	t.Run("update", testLimitsOnUpdate)
	t.Run("older keys", testOlderKeys)
	t.Run("deletion", testDeletionProtection)
}

func testLimitsOnCreation(t *testing.T) {
	endpoints := limits{"allowed-endpoints": "64f0c0ffee0123456789abcd\n  64f0c0ffee0123456789aaaa/Web, chat \n64f0c0ffee0123456789bbbb/*\n"}
	connections := limits{"allowed-connections": "ClusterCognigyConnection/production\nCognigyConnection/*"}
	for _, c := range []struct {
		why     string
		limits  limits
		edit    keyEdit
		refused string
	}{
		{"no limit", nil, rotating("1h", "1h", ""), ""},
		{"an Endpoint of the list", endpoints, func(*v1alpha1.EndpointAPIKeySpec) {}, ""},
		{"another Endpoint", endpoints, func(s *v1alpha1.EndpointAPIKeySpec) { s.Endpoint.ID = "64f0c0ffee0123456789abce" }, ofEndpoint},
		{"an Endpoint by its name, with a comma", endpoints, inProject(project, "Web, chat"), ""},
		{"a part of that name", endpoints, inProject(project, "Web"), ofEndpoint},
		{"its name in another project", limits{"allowed-endpoints": string(project) + "/Web"}, inProject(other, "Web"), ofEndpoint},
		{"any name of a project", endpoints, inProject(other, "Anything"), ""},
		{"a name that looks like a pattern", endpoints, inProject(project, "*"), ofEndpoint},
		{"a name that looks like an entry of its own", endpoints, inProject(project, "x\n*"), ofEndpoint},
		{"an empty list", limits{"allowed-endpoints": ""}, func(*v1alpha1.EndpointAPIKeySpec) {}, ofEndpoint},
		{"every Endpoint", limits{"allowed-endpoints": "*"}, inProject(other, "Anything"), ""},
		{"a connection of the list", connections, via(v1alpha1.ConnectionKindCluster, "production"), ""},
		{"another connection", connections, via(v1alpha1.ConnectionKindCluster, "test"), ofConnection},
		{"the namespace's own connections", connections, via("", "anything"), ""},
		{"a kind that is not in the list", limits{"allowed-connections": "ClusterCognigyConnection/*"}, via("", "production"), ofConnection},
		{"Revoke is the default", limits{"allowed-deletion-policies": "Revoke"}, func(*v1alpha1.EndpointAPIKeySpec) {}, ""},
		{"Retain", limits{"allowed-deletion-policies": "Revoke"}, retaining, ofDeletion},
		{"Retain, permitted", limits{"allowed-deletion-policies": "Revoke\nRetain"}, retaining, ""},
		{"often enough for nobody", limits{"shortest-rotation": "24h"}, rotating("23h", "", ""), ofShortest},
		{"a limit with the line break of YAML's block", limits{"shortest-rotation": "24h\n"}, rotating("23h", "", ""), "is 24h;"},
		{"as often as permitted", limits{"shortest-rotation": "24h"}, rotating("24h", "", ""), ""},
		{"never", limits{"shortest-rotation": "24h"}, rotating("", "", ""), ""},
		{"a limit in days is no duration", limits{"shortest-rotation": "1d"}, rotating("48h", "", ""), "should be a duration such as 24h, and is 1d"},
		{"that limits nothing else", limits{"shortest-rotation": "1d"}, func(*v1alpha1.EndpointAPIKeySpec) {}, ""},
		{"rarely enough for nobody", limits{"longest-rotation": "720h"}, rotating("721h", "", ""), ofLongest},
		{"as rarely as permitted", limits{"longest-rotation": "720h"}, rotating("720h", "", ""), ""},
		{"never, where rotation is required", limits{"longest-rotation": "720h"}, func(*v1alpha1.EndpointAPIKeySpec) {}, "without every, the operator never rotates"},
		{"a limit of a month is no duration", limits{"longest-rotation": "1M"}, rotating("1h", "", ""), "should be a duration such as 2160h, and is 1M"},
		{"a long overlap", limits{"longest-overlap": "1h"}, rotating("", "2h", ""), ofOverlap},
		{"a short overlap", limits{"longest-overlap": "1h"}, rotating("", "1h", ""), ""},
		{"the default overlap", limits{"longest-overlap": "5m"}, func(*v1alpha1.EndpointAPIKeySpec) {}, ofOverlap},
		{"no overlap", limits{"longest-overlap": "0s"}, rotating("", "0s", ""), ""},
		{"an overlap that waits for workloads", limits{"longest-overlap": "1h"}, func(s *v1alpha1.EndpointAPIKeySpec) {
			rotating("", "1h", "2h")(s)
			restarting(s)
		}, ofOverlap},
		{"for a day, by default", limits{"longest-overlap": "1h"}, restarting, "would work for up to 86400s"},
		{"for longer, by default", limits{"longest-overlap": "24h"}, func(s *v1alpha1.EndpointAPIKeySpec) {
			rotating("", "48h", "")(s)
			restarting(s)
		}, "would work for up to 172800s"},
		{"for no longer than permitted", limits{"longest-overlap": "1h"}, func(s *v1alpha1.EndpointAPIKeySpec) {
			rotating("", "", "1h")(s)
			restarting(s)
		}, ""},
		{"maxOverlap without workloads has no effect", limits{"longest-overlap": "1h"}, rotating("", "1h", "2h"), ""},
		{"nor with overlap: 0s", limits{"longest-overlap": "1h"}, func(s *v1alpha1.EndpointAPIKeySpec) {
			rotating("", "0s", "2h")(s)
			restarting(s)
		}, ""},
		{"a limit of nonsense", limits{"longest-overlap": "short"}, rotating("", "0s", ""), "should be a duration such as 24h, and is short"},
	} {
		t.Run(c.why, func(t *testing.T) {
			namespace := newTenant(t, c.limits)
			err := typed.Create(t.Context(), tenantKey(namespace.Name, c.edit))
			if c.refused == "" {
				NewWithT(t).Expect(err).NotTo(HaveOccurred())
				return
			}
			NewWithT(t).Expect(err).To(MatchError(And(ContainSubstring(c.refused), ContainSubstring("'cognigy-operator-tenant-limits'"))))
		})
	}
}

func testLimitsOnUpdate(t *testing.T) {
	for _, c := range []struct {
		why     string
		limits  limits
		edit    keyEdit
		refused string
	}{
		{"to Retain", limits{"allowed-deletion-policies": "Revoke"}, retaining, ofDeletion},
		{"to another rotation", limits{"shortest-rotation": "24h"}, rotating("1h", "", ""), ofShortest},
		{"to none", limits{"longest-rotation": "720h"}, func(s *v1alpha1.EndpointAPIKeySpec) { s.Rotation = nil }, ofLongest},
		{"to a long overlap", limits{"longest-overlap": "1h"}, rotating("720h", "2h", ""), ofOverlap},
		{"to a wait for workloads", limits{"longest-overlap": "1h"}, restarting, ofOverlap},
		{"to what is permitted", limits{"shortest-rotation": "24h", "longest-rotation": "720h"}, rotating("100h", "", ""), ""},
	} {
		t.Run(c.why, func(t *testing.T) {
			g := NewWithT(t)
			key := tenantKey(newTenant(t, c.limits).Name, rotating("720h", "1h", ""))
			g.Expect(typed.Create(t.Context(), key)).To(Succeed())
			c.edit(&key.Spec)
			err := typed.Update(t.Context(), key)
			if c.refused == "" {
				g.Expect(err).NotTo(HaveOccurred())
				return
			}
			g.Expect(err).To(MatchError(ContainSubstring(c.refused)))
		})
	}
}

// testOlderKeys makes a key that breaks every limit that comes afterwards.
func testOlderKeys(t *testing.T) {
	g := NewWithT(t)
	namespace := newTenant(t, limits{"deletion-protection": "none"})
	key := tenantKey(namespace.Name, retaining, rotating("2h", "2h", ""))
	g.Expect(typed.Create(t.Context(), key)).To(Succeed())
	limit(t, namespace, limits{
		"allowed-endpoints": "", "allowed-connections": "", "allowed-deletion-policies": "Revoke", "shortest-rotation": "24h",
		"longest-rotation": "1h", "longest-overlap": "1h",
	}, tenantKey(namespace.Name), ofEndpoint)

	// What the operator writes, and what GitOps tools do.
	patch := func(text string, subresource ...string) {
		t.Helper()
		raw := client.RawPatch(types.MergePatchType, []byte(text))
		if len(subresource) > 0 {
			g.Expect(typed.SubResource(subresource[0]).Patch(t.Context(), key, raw)).To(Succeed())
			return
		}
		g.Expect(typed.Patch(t.Context(), key, raw)).To(Succeed())
	}
	patch(`{"metadata":{"finalizers":["` + v1alpha1.Finalizer + `"]}}`)
	patch(`{"metadata":{"annotations":{"reconcile.fluxcd.io/requestedAt":"now"}}}`)
	patch(`{"status":{"keyID":"64f0c0ffee0123456789cccc"}}`, "status")
	patch(`{"spec":{"displayName":"what no limit is for"}}`)
	patch(`{"spec":{"suspend":true,"rotation":{"notBefore":"2026-11-22T10:00:00Z"}}}`)
	patch(`{"spec":{"rotation":{"overlap":"1h"}}}`) // towards the limit
	refused := key.DeepCopy()
	refused.Spec.Rotation.Overlap = duration("2h")
	g.Expect(typed.Update(t.Context(), refused)).To(MatchError(ContainSubstring(ofOverlap)))

	g.Expect(typed.Delete(t.Context(), key)).To(Succeed())
	patch(`{"metadata":{"finalizers":null}}`)
	g.Expect(typed.Get(t.Context(), client.ObjectKeyFromObject(key), key)).NotTo(Succeed(), "the deletion has ended")
}

func testDeletionProtection(t *testing.T) {
	made := func(t *testing.T, namespace *corev1.Namespace, annotations map[string]string) *v1alpha1.EndpointAPIKey {
		t.Helper()
		key := tenantKey(namespace.Name)
		key.Annotations = annotations
		NewWithT(t).Expect(typed.Create(t.Context(), key)).To(Succeed())
		return key
	}
	all := func(t *testing.T, namespace *corev1.Namespace) error {
		t.Helper()
		return typed.DeleteAllOf(t.Context(), &v1alpha1.EndpointAPIKey{}, client.InNamespace(namespace.Name))
	}
	confirmed := map[string]string{"cognigy-operator.io/confirm-deletion": "true"}
	t.Run("one by one, as kubectl and GitOps tools do", func(t *testing.T) {
		NewWithT(t).Expect(typed.Delete(t.Context(), made(t, newTenant(t, nil), nil))).To(Succeed())
	})
	t.Run("all at once", func(t *testing.T) {
		g := NewWithT(t)
		namespace := newTenant(t, nil)
		key := made(t, namespace, nil)
		g.Expect(all(t, namespace)).To(MatchError(And(ContainSubstring(unconfirmedDeletion),
			ContainSubstring("kubectl annotate endpointapikey "+key.Name+" -n "+namespace.Name))))
		g.Expect(typed.Get(t.Context(), client.ObjectKeyFromObject(key), key)).To(Succeed())
	})
	t.Run("all at once, confirmed", func(t *testing.T) {
		namespace := newTenant(t, nil)
		made(t, namespace, confirmed)
		NewWithT(t).Expect(all(t, namespace)).To(Succeed())
	})
	t.Run("all at once, without protection", func(t *testing.T) {
		namespace := newTenant(t, limits{"deletion-protection": "none"})
		made(t, namespace, nil)
		NewWithT(t).Expect(all(t, namespace)).To(Succeed())
	})
	for _, protection := range []string{"all", "misspelt"} {
		t.Run("one, where all are protected: "+protection, func(t *testing.T) {
			g := NewWithT(t)
			namespace := newTenant(t, limits{"deletion-protection": protection})
			g.Expect(typed.Delete(t.Context(), made(t, namespace, nil))).To(MatchError(ContainSubstring(unconfirmedDeletion)))
			g.Expect(typed.Delete(t.Context(), made(t, namespace, confirmed))).To(Succeed())
		})
	}
	// No namespace controller runs here, so that the namespace stays. The integration suite has one.
	t.Run("the whole namespace", func(t *testing.T) {
		g := NewWithT(t)
		namespace := newTenant(t, limits{"deletion-protection": "all"})
		made(t, namespace, nil)
		g.Expect(typed.Delete(t.Context(), namespace)).To(Succeed())
		g.Eventually(func() error { return all(t, namespace) }).WithTimeout(30 * time.Second).Should(Succeed())
	})
}
