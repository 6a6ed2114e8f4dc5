// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/audit"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// What other programs and later versions of the operator depend on, word for word. A test that named the constants would
// follow a rename; this one tells that the rename orphans every object, key and dashboard that knows the old word.
var _ = Describe("Other programs and later versions know the operator by", Ordered, Serial, func() {
	var (
		e   *fixtures.Environment
		p   *process
		key *v1alpha1.EndpointAPIKey
	)
	BeforeAll(func() {
		e = newEnvironment()
		p = start("--leader-elect")
		key = e.Key(retain)
		e.Create(key)
		DeferCleanup(release, e, key)
		e.AwaitDelivered(key, 1)
		e.Await(func(g Gomega) { g.Expect(events(g, e)).To(HaveKey("KeyDelivered")) })
	})
	It("its finalizers", func() {
		Expect(e.Read(key).Finalizers).To(ConsistOf("cognigy-operator.io/revoke"))
		for _, kept := range []client.Object{e.Connection(), e.Credentials("")} {
			Expect(cluster.Get(context.Background(), client.ObjectKeyFromObject(kept), kept)).To(Succeed())
			Expect(kept.GetFinalizers()).To(ConsistOf("cognigy-operator.io/in-use"), kept.GetName())
		}
	})
	It("its labels and annotations of Secrets", func() {
		secret := e.Secret(key)
		Expect(secret.Labels).To(Equal(map[string]string{"cognigy-operator.io/secret-type": "endpoint-api-key"}))
		Expect(slices.Collect(maps.Keys(secret.Annotations))).To(ConsistOf(
			"cognigy-operator.io/record-format", "cognigy-operator.io/owner-uid", "cognigy-operator.io/key-id", "cognigy-operator.io/key-preview",
			"cognigy-operator.io/endpoint-id", "cognigy-operator.io/issued-at", "cognigy-operator.io/checksum",
		))
		credentials := e.Credentials("")
		Expect(cluster.Get(context.Background(), client.ObjectKeyFromObject(credentials), credentials)).To(Succeed())
		Expect(credentials.Labels).To(Equal(map[string]string{"cognigy-operator.io/secret-type": "credentials"}))
	})
	It("the names of its keys in Cognigy", func() {
		issuedAt := e.Secret(key).Annotations["cognigy-operator.io/issued-at"] // such as 2026-11-22T10:00:03.123456Z
		attempt := strings.NewReplacer("-", "", ":", "", ".", "").Replace(issuedAt)
		Expect(e.Cognigy.Ledger()[0].Name).To(Equal(fmt.Sprintf("%s crm %s k8s-%s-%s-%s",
			e.Namespace, attempt, digest(e.ClusterUID)[:10], digest(e.Namespace)[:24], digest(string(key.UID))[:24])))
	})
	It("its Lease", func() {
		lease := &coordinationv1.Lease{}
		name := types.NamespacedName{Namespace: installation.Namespace, Name: "cognigy-operator.io"}
		Expect(cluster.Get(context.Background(), name, lease)).To(Succeed())
	})
	It("what it calls itself in Events", func() {
		for reason, event := range events(Default, e) {
			Expect(event.ReportingController).To(Equal("cognigy-operator"), reason)
		}
	})
	It("the one field manager of all its writes", func() {
		for what, managers := range fieldManagers(e, key) {
			Expect(managers).To(Equal([]string{"cognigy-operator"}), what)
		}
	})
	It("the names of its controllers in metrics", func() {
		metrics := scrapeAs(p, "contract")
		var names []string
		for _, match := range regexp.MustCompile(`controller_runtime_max_concurrent_reconciles\{controller="([^"]+)"\}`).FindAllStringSubmatch(metrics, -1) {
			names = append(names, match[1])
		}
		Expect(names).To(ConsistOf("endpointapikey", "cognigyconnection", "clustercognigyconnection", "credentials",
			"protection", "clusterprotection", "orphans", "clusterorphans"))
	})
})

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// events returns an Event of each reason.
func events(g Gomega, e *fixtures.Environment) map[string]eventsv1.Event {
	list := &eventsv1.EventList{}
	g.Expect(cluster.List(e.Context, list, client.InNamespace(e.Namespace))).To(Succeed())
	found := map[string]eventsv1.Event{}
	for _, event := range list.Items {
		found[event.Reason] = event
	}
	return found
}

// fieldManagers returns the field managers of each object that the operator writes, without the test's own.
func fieldManagers(e *fixtures.Environment, key *v1alpha1.EndpointAPIKey) map[string][]string {
	GinkgoHelper()
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: installation.Namespace, Name: "cognigy-operator.io"}}
	written := map[string]client.Object{
		"EndpointAPIKey": key.DeepCopy(), "CognigyConnection": e.Connection(), "credentials": e.Credentials(""),
		"Secret": &corev1.Secret{ObjectMeta: e.Meta(key.Name)}, "Lease": lease,
	}
	managers := map[string][]string{}
	for what, object := range written {
		Expect(cluster.Get(context.Background(), client.ObjectKeyFromObject(object), object)).To(Succeed())
		managers[what] = managersOf(object)
	}
	for reason, event := range events(Default, e) {
		managers["Event "+reason] = managersOf(&event)
	}
	return managers
}

// testManager is how the API server names the test that runs this.
const testManager = "e2e.test"

func managersOf(object client.Object) []string {
	found := map[string]bool{}
	for _, entry := range object.GetManagedFields() {
		found[entry.Manager] = true
	}
	delete(found, testManager)
	return slices.Sorted(maps.Keys(found))
}

// canary stands for what a Secret holds.
const canary = "canary-that-nobody-may-log"

var _ = Describe("The operator's log", Label("security"), func() {
	It("holds no warnings of admission, which may quote Secrets", func() {
		e := newEnvironment()
		policy, binding := warnOfSecrets(e.Namespace)
		e.Create(policy)
		e.Create(binding)
		DeferCleanup(func() { e.Delete(binding); e.Delete(policy) })
		warned := &warnings{}
		e.Await(func(g Gomega) { // the API server takes a moment to enforce a policy
			config := rest.CopyConfig(bed.Config)
			config.WarningHandler = warned
			warning, err := client.New(config, client.Options{Scheme: cluster.Scheme()})
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(warning.Create(context.Background(), &corev1.Secret{ObjectMeta: e.Meta("probe")}, client.DryRunAll)).To(Succeed())
			g.Expect(warned.texts).To(ContainElement(ContainSubstring(canary)))
		})
		p := start("--zap-log-level=7")
		key := e.Key(retain)
		e.Create(key)
		e.AwaitDelivered(key, 1)
		Eventually(p.output.String).WithTimeout(patience).Should(ContainSubstring("key delivered"))
		e.Expect(p.output.String()).NotTo(ContainSubstring(canary))
		release(e, key)
	})

	It("is apart from the audit log on the standard output", func() {
		e := newEnvironment()
		p := start("--audit-log=-")
		key := e.Key()
		e.Create(key)
		e.AwaitDelivered(key, 1)
		e.Delete(key)
		e.AwaitGone(key)
		Eventually(func() (actions []audit.Action) {
			for text := range strings.Lines(p.output.String()) {
				line := audit.Line{}
				decoder := json.NewDecoder(strings.NewReader(text))
				decoder.DisallowUnknownFields()
				if decoder.Decode(&line) == nil {
					actions = append(actions, line.Action)
				}
			}
			return actions
		}).WithTimeout(patience).Should(Equal([]audit.Action{audit.Attempted, audit.Issued, audit.Delivered, audit.Revoked}))
	})

	// net/http prints such bytes, which may be anything that passes the server, to the standard logger, which the operator discards.
	It("holds nothing that a server sends beyond its answer", func() {
		e := newEnvironment()
		over := make(chan struct{})
		DeferCleanup(func() { close(over) })
		chatty := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			defer conn.Close() //nolint:errcheck // the spec is over
			const body = `{"items":[],"total":0}`
			_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s%s", len(body), body, canary)
			<-over
		}))
		DeferCleanup(chatty.Close)
		p := start("--zap-log-level=7")
		connection := e.Connection(func(spec *v1alpha1.ConnectionSpec) {
			spec.BaseURL, spec.CABundle, spec.AllowInsecureHTTP = chatty.URL, nil, true
		})
		connection.Name = "chatty"
		e.Create(connection)
		e.AwaitReady(connection)
		e.Consistently(p.output.String).ShouldNot(ContainSubstring(canary))
	})
})

type warnings struct{ texts []string }

// HandleWarningHeader implements rest.WarningHandler.
func (w *warnings) HandleWarningHeader(_ int, _, text string) { w.texts = append(w.texts, text) }

// warnOfSecrets lets every write of a Secret in a namespace pass, with a warning.
func warnOfSecrets(namespace string) (policy, binding client.Object) {
	name := metav1.ObjectMeta{Name: "warn-" + namespace}
	secrets := admissionv1.NamedRuleWithOperations{RuleWithOperations: admissionv1.RuleWithOperations{
		Operations: []admissionv1.OperationType{admissionv1.Create, admissionv1.Update},
		Rule:       admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"secrets"}},
	}}
	policy = &admissionv1.ValidatingAdmissionPolicy{ObjectMeta: name, Spec: admissionv1.ValidatingAdmissionPolicySpec{
		MatchConstraints: &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{secrets}},
		Validations:      []admissionv1.Validation{{Expression: "false", Message: canary}},
	}}
	binding = &admissionv1.ValidatingAdmissionPolicyBinding{ObjectMeta: name, Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
		PolicyName: name.Name, ValidationActions: []admissionv1.ValidationAction{admissionv1.Warn},
		MatchResources: &admissionv1.MatchResources{NamespaceSelector: &metav1.LabelSelector{
			MatchLabels: map[string]string{corev1.LabelMetadataName: namespace},
		}},
	}}
	return policy, binding
}
