// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

// Neither metrics, logs at the highest verbosity that is permitted, events nor conditions show a plaintext or a credential: not of
// what succeeds, and not of what fails in ways that quote it. Plaintexts of answers that were spoilt are known by their hashes only.
func TestNothingLeaks(t *testing.T) {
	g := NewWithT(t)
	cognigy, err := simulator.Start(simulator.Options{TLS: true})
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(cognigy.Close)
	endpoint := cognigy.AddEndpoint("project", "Endpoint").ID
	p := start(t, "--zap-log-level=7")
	namespace := connect(t, g, cognigy)
	connection := &v1alpha1.CognigyConnection{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "cognigy"}}
	// What became of an answer that is lost is found out soon.
	g.Expect(cluster.Patch(t.Context(), connection, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"requestTimeout":"1s"}}`)))).To(Succeed())
	var shown testbed.Output
	for _, list := range []client.ObjectList{&v1alpha1.EndpointAPIKeyList{}, &v1alpha1.CognigyConnectionList{}, &corev1.EventList{}} {
		record(t, g, &shown, namespace, list)
	}
	canaries := []string{cognigy.APIKey()}
	// A proxy that answers with what it was sent, and answers that are cut off, or come without what matters.
	for _, fault := range []simulator.Fault{
		{Kind: simulator.FaultStatus, Status: 400, Code: 1005, Body: `{"code":1005,"detail":"X-API-Key: ` + cognigy.APIKey() + `"}`, ContentType: "application/json"},
		{Kind: simulator.FaultStatus, Status: 502, Body: "<html>" + cognigy.APIKey() + "</html>"},
		{Kind: simulator.FaultStatus, Status: 201, Body: `{"key":"` + cognigy.APIKey() + `","_id":1}`, ContentType: "application/json"},
		{Kind: simulator.FaultMalformed},
		{Kind: simulator.FaultOmitKey},
		{Kind: simulator.FaultBadID},
		{Kind: simulator.FaultRename},
	} {
		fault.Method, fault.Route, fault.Times = http.MethodPost, simulator.RouteKeys, 1
		cognigy.Inject(fault)
	}
	for i := range 8 {
		g.Expect(cluster.Create(t.Context(), newKey(namespace, fmt.Sprintf("key-%d", i), endpoint))).To(Succeed())
	}
	secrets := &corev1.SecretList{}
	g.Eventually(func(g Gomega) {
		askAgain(g, namespace)
		g.Expect(cluster.List(t.Context(), secrets, client.InNamespace(namespace))).To(Succeed())
		g.Expect(secrets.Items).To(HaveLen(9), "eight keys, and the credentials")
	}).WithTimeout(patience).Should(Succeed())
	for i := range secrets.Items {
		for _, value := range secrets.Items[i].Data {
			canaries = append(canaries, string(value))
		}
	}
	token := account(t, g, "leaks", "cognigy-operator-metrics-reader")
	var metrics string
	g.Eventually(func(g Gomega) {
		var status int
		status, metrics = scrape(g, p, token)
		g.Expect(status).To(Equal(http.StatusOK))
	}).WithTimeout(patience).Should(Succeed())
	for place, text := range map[string]string{"metrics": metrics, "logs": p.output.String(), "objects": shown.String()} {
		g.Expect(len(text)).To(BeNumerically(">", 1000))
		g.Expect(cognigy.Leaked(text)).To(BeFalse(), "the plaintext of a key that was made is found in the %s", place)
		for _, canary := range canaries {
			g.Expect(strings.Contains(text, canary)).To(BeFalse(), "a plaintext is found in the %s", place)
		}
	}
	for i := range 8 {
		release(t, g, newKey(namespace, fmt.Sprintf("key-%d", i), endpoint))
	}
}

// askAgain asks for another key where one came back under another name, which is not tried again soon by itself.
func askAgain(g Gomega, namespace string) {
	keys := &v1alpha1.EndpointAPIKeyList{}
	g.Expect(cluster.List(context.Background(), keys, client.InNamespace(namespace))).To(Succeed())
	for i := range keys.Items {
		ready := meta.FindStatusCondition(keys.Items[i].Status.Conditions, v1alpha1.ConditionReady)
		if ready == nil || ready.Reason != v1alpha1.ReasonMarkerLost {
			continue
		}
		ask := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"annotations":{"`+v1alpha1.RequestedAtAnnotation+`":"now"}}}`))
		g.Expect(cluster.Patch(context.Background(), &keys.Items[i], ask)).To(Succeed())
	}
}

// record writes down every version of the objects of a kind: conditions that speak of a failure do not last.
func record(t *testing.T, g Gomega, into io.Writer, namespace string, list client.ObjectList) {
	t.Helper()
	watching, err := client.NewWithWatch(bed.Plane.Config(), client.Options{Scheme: cluster.Scheme()})
	g.Expect(err).NotTo(HaveOccurred())
	watcher, err := watching.Watch(t.Context(), list, client.InNamespace(namespace))
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(watcher.Stop)
	go func() {
		for version := range watcher.ResultChan() {
			_ = json.NewEncoder(into).Encode(version.Object)
		}
	}()
}
