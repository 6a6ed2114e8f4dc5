// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

var _ = Describe("The operator", Label("security"), func() {
	// Some failures quote what they were sent. The plaintexts of answers that were spoilt are known by their hashes only.
	It("shows no plaintext and no credential in metrics, traces, logs, events or conditions, whatever fails", func() {
		traces := newCollector()
		p := launchIn(bed.Kubeconfig, traces.environment("http/protobuf"), "--zap-log-level=7")
		p.awaitReady()
		e := newEnvironment(fixtures.WithTimeouts(time.Second, 2*time.Second)) // what became of an answer that is lost is found out soon
		e.AwaitReady(e.Connection())
		var shown testbed.Output
		for _, list := range []client.ObjectList{&v1alpha1.EndpointAPIKeyList{}, &v1alpha1.CognigyConnectionList{}, &corev1.EventList{}} {
			record(e, &shown, list)
		}
		// A proxy that answers with what it was sent, and answers that are cut off, or come without what matters.
		for _, fault := range []simulator.Fault{
			{Kind: simulator.FaultStatus, Status: 400, Code: 1005, Body: `{"code":1005,"detail":"X-API-Key: ` + e.Cognigy.APIKey() + `"}`, ContentType: "application/json"},
			{Kind: simulator.FaultStatus, Status: 502, Body: "<html>" + e.Cognigy.APIKey() + "</html>"},
			{Kind: simulator.FaultStatus, Status: 201, Body: `{"key":"` + e.Cognigy.APIKey() + `","_id":1}`, ContentType: "application/json"},
			{Kind: simulator.FaultMalformed},
			{Kind: simulator.FaultOmitKey},
			{Kind: simulator.FaultBadID},
			{Kind: simulator.FaultRename},
		} {
			fault.Method, fault.Route, fault.Times = http.MethodPost, simulator.RouteKeys, 1
			e.Cognigy.Inject(fault)
		}
		var keys []*v1alpha1.EndpointAPIKey
		for i := range 8 {
			keys = append(keys, e.Key(fixtures.Named(fmt.Sprintf("key-%d", i))))
			e.Create(keys[i])
		}
		secrets := &corev1.SecretList{}
		e.Eventually(func(g Gomega) {
			askAgain(g, e.Namespace)
			g.Expect(cluster.List(e.Context, secrets, client.InNamespace(e.Namespace))).To(Succeed())
			g.Expect(secrets.Items).To(HaveLen(9), "eight keys, and the credentials")
		}).WithTimeout(patience).Should(Succeed())
		for i := range secrets.Items {
			for _, value := range secrets.Items[i].Data {
				e.Record(string(value))
			}
		}
		metrics := scrapeAs(p, "leaks")
		places := map[string]string{"metrics": metrics, "traces": traces.text(), "logs": p.output.String(), "objects": shown.String()}
		for place, text := range places {
			e.Expect(len(text)).To(BeNumerically(">", 1000), place)
		}
		e.Expect(e.FindPlaintexts(places)).To(BeEmpty())
		for _, key := range keys {
			release(e, key)
		}
	})
})

// askAgain asks for another key where one came back under another name, which is not tried again soon by itself.
func askAgain(g Gomega, namespace string) {
	keys := &v1alpha1.EndpointAPIKeyList{}
	g.Expect(cluster.List(context.Background(), keys, client.InNamespace(namespace))).To(Succeed())
	for i := range keys.Items {
		ready := meta.FindStatusCondition(keys.Items[i].Status.Conditions, v1alpha1.ConditionReady)
		if ready == nil || ready.Reason != v1alpha1.ReasonKeyNameChanged {
			continue
		}
		ask := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"annotations":{"`+v1alpha1.RequestedAtAnnotation+`":"now"}}}`))
		g.Expect(cluster.Patch(context.Background(), &keys.Items[i], ask)).To(Succeed())
	}
}

// record writes down every version of the objects of a kind: conditions that speak of a failure do not last.
func record(e *fixtures.Environment, into io.Writer, list client.ObjectList) {
	GinkgoHelper()
	watching, err := client.NewWithWatch(bed.Config, client.Options{Scheme: cluster.Scheme()})
	e.Expect(err).NotTo(HaveOccurred())
	watcher, err := watching.Watch(context.Background(), list, client.InNamespace(e.Namespace))
	e.Expect(err).NotTo(HaveOccurred())
	DeferCleanup(watcher.Stop)
	go func() {
		for version := range watcher.ResultChan() {
			_ = json.NewEncoder(into).Encode(version.Object)
		}
	}()
}
