// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// templates have the Secret of a resource hold more data.
func templates(data map[string]v1alpha1.TemplateText) func(*v1alpha1.EndpointAPIKey) {
	return func(key *v1alpha1.EndpointAPIKey) { key.Spec.Secret.Template = &v1alpha1.SecretTemplate{Data: data} }
}

// setTemplate changes one template of a resource.
func (e *environment) setTemplate(key *v1alpha1.EndpointAPIKey, dataKey string, text v1alpha1.TemplateText) {
	GinkgoHelper()
	e.Change(key, func() { templates(map[string]v1alpha1.TemplateText{dataKey: text})(key) })
}

// renewalBlocked waits until a resource with a working key reports what blocks its renewal, and returns the message.
func (e *environment) renewalBlocked(key *v1alpha1.EndpointAPIKey, reason string) string {
	GinkgoHelper()
	var message string
	e.Await(func(g Gomega) {
		found := e.Read(key)
		g.Expect(found.Status.ObservedGeneration).To(Equal(found.Generation))
		g.Expect(meta.IsStatusConditionTrue(found.Status.Conditions, v1alpha1.ConditionReady)).To(BeTrue())
		blocked := meta.FindStatusCondition(found.Status.Conditions, v1alpha1.ConditionRenewalBlocked)
		g.Expect(blocked).To(HaveValue(HaveField("Reason", reason)))
		message = blocked.Message
	})
	return message
}

var _ = Describe("The templates of a Secret", Label("secret", "template"), func() {
	It("make files of the key, also of the next one", func() {
		e := newEnvironment()
		key := e.issued(templates(map[string]v1alpha1.TemplateText{
			"webhook.env":  "COGNIGY_KEY={{ .key | quote }}\nCOGNIGY_KEY_ID={{ .keyID }}\n",
			"webhook.json": `{"key": {{ toJson .key }}, "preview": {{ toJson .keyPreview }}, "issuedAt": {{ toJson .issuedAt }}, "endpoint": "{{ .endpointID }}"}`,
			"headers":      "x-cognigy-endpoint-key: {{ .key }}\nauthorization: Basic {{ print .keyID \":\" .key | b64enc }}\n",
		}))
		holds := func(g Gomega) {
			found, secret := e.Read(key), e.Secret(key)
			value := string(secret.Data["api-key"])
			g.Expect(string(secret.Data["webhook.env"])).To(Equal(fmt.Sprintf("COGNIGY_KEY=%q\nCOGNIGY_KEY_ID=%s\n", value, found.Status.KeyID)))
			var file map[string]string
			g.Expect(json.Unmarshal(secret.Data["webhook.json"], &file)).To(Succeed())
			g.Expect(file).To(Equal(map[string]string{
				"key": value, "preview": found.Status.KeyPreview, "issuedAt": found.Status.IssuedAt.UTC().Format(time.RFC3339),
				"endpoint": e.Endpoint.ID,
			}))
			basic := base64.StdEncoding.EncodeToString([]byte(found.Status.KeyID + ":" + value))
			g.Expect(string(secret.Data["headers"])).To(Equal("x-cognigy-endpoint-key: " + value + "\nauthorization: Basic " + basic + "\n"))
		}
		holds(e)
		old := e.Secret(key).Data["api-key"]
		e.rotate(key, 0)
		e.Await(func(g Gomega) { g.Expect(e.Secret(key).Data["api-key"]).NotTo(Equal(old)) })
		e.AwaitDelivered(key, 1)
		holds(e)
		e.Expect(e.Posts()).To(Equal(2))
		e.Expect(e.Cognigy.Count(http.MethodGet, simulator.RouteEndpoint)).To(BeZero(), "no template says anything of the Endpoint")
	})

	It("rewrite the Secret without another key when they change, and when someone edits what they made", func() {
		e := newEnvironment()
		key := e.issued(templates(map[string]v1alpha1.TemplateText{"old": "{{ .key }}", "same": "{{ .keyID }}"}))
		value := string(e.Secret(key).Data["api-key"])
		becomes := func(want map[string]string) {
			GinkgoHelper()
			e.Await(func(g Gomega) {
				data := map[string]string{}
				for name, content := range e.Secret(key).Data {
					data[name] = string(content)
				}
				g.Expect(data).To(Equal(want))
			})
			e.AwaitDelivered(key, 1)
		}
		id := e.Read(key).Status.KeyID
		secret := e.Secret(key)
		e.Change(secret, func() { secret.Data["others"] = []byte("somebody's") })
		e.Change(key, func() {
			templates(map[string]v1alpha1.TemplateText{"new": "key: {{ .key }}", "same": "{{ .keyID }}"})(key)
		})
		becomes(map[string]string{"api-key": value, "new": "key: " + value, "same": id, "others": "somebody's"})
		e.Change(secret, func() { secret.Data["new"] = []byte("edited"); delete(secret.Data, "same") })
		becomes(map[string]string{"api-key": value, "new": "key: " + value, "same": id, "others": "somebody's"})
		e.Change(key, func() { key.Spec.Secret.Template = nil })
		becomes(map[string]string{"api-key": value, "others": "somebody's"})
		version := e.Secret(key).ResourceVersion
		e.remains(func(g Gomega) {
			g.Expect(e.Secret(key).ResourceVersion).To(Equal(version))
			g.Expect(e.Posts()).To(Equal(1))
		})
	})

	DescribeTable("are refused before a key exists:", func(text v1alpha1.TemplateText, says string) {
		e := newEnvironment()
		key := e.Key(templates(map[string]v1alpha1.TemplateText{"webhook.env": text}))
		e.Create(key)
		e.reports(key, v1alpha1.ReasonInvalidTemplate, status.FailedStatus, "correct the template: ", says)
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(BeZero()) })
		e.Expect(e.Read(key).Finalizers).To(BeEmpty(), "nothing can exist in Cognigy, so nothing has to hold the resource")
		e.setTemplate(key, "webhook.env", "{{ .key }}")
		e.AwaitDelivered(key, 1)
		e.Expect(e.Posts()).To(Equal(1))
	},
		Entry("one that cannot be parsed", v1alpha1.TemplateText("KEY=\n{{ .key"), "webhook.env:2: unclosed action"),
		Entry("one that names no field", v1alpha1.TemplateText("KEY={{ .apiKey }}"), "webhook.env:1:7: .apiKey is not available"),
		Entry("one that reads the environment", v1alpha1.TemplateText(`{{ env "HOME" }}`), `webhook.env:1: function "env" not defined`),
		Entry("one that fails", v1alpha1.TemplateText("{{ eq .key 1 }}"), "webhook.env:1:3: executing"),
		Entry("one that makes too much", v1alpha1.TemplateText(strings.Repeat("{{ .key }}", 5000)), "more than 256 KiB"),
	)

	It("that fail leave the delivered key, the data and the labels' repair as they are, and say so", func() {
		e := newEnvironment()
		key := e.issued(templates(map[string]v1alpha1.TemplateText{"webhook.env": "KEY={{ .key }}"}))
		before := e.Secret(key)
		e.Change(key, func() {
			key.Spec.Secret.Labels = map[string]v1alpha1.LabelValue{"team": "crm"}
			templates(map[string]v1alpha1.TemplateText{"webhook.env": "KEY={{ .key | repeat 3 }}"})(key)
		})
		message := e.renewalBlocked(key, v1alpha1.ReasonInvalidTemplate)
		e.Expect(message).To(ContainSubstring(`webhook.env:1: function "repeat" not defined`))
		e.Await(func(g Gomega) { g.Expect(e.Secret(key).Labels).To(HaveKeyWithValue("team", "crm")) })
		e.Expect(e.Secret(key).Data).To(Equal(before.Data))
		e.Await(func(g Gomega) {
			events := &eventsv1.EventList{}
			g.Expect(cluster.List(e.Context, events, client.InNamespace(e.Namespace))).To(Succeed())
			g.Expect(events.Items).To(ContainElement(And(HaveField("Type", "Warning"), HaveField("Reason", v1alpha1.ReasonInvalidTemplate))))
		})
		// Neither a rotation issues a key whose Secret could not be written, nor is anything written again and again.
		e.rotate(key, 0)
		e.Await(func(g Gomega) { g.Expect(e.Read(key).Status.ObservedGeneration).To(Equal(e.Read(key).Generation)) })
		version := e.Secret(key).ResourceVersion
		e.remains(func(g Gomega) {
			g.Expect(e.Posts()).To(Equal(1))
			g.Expect(e.Secret(key).ResourceVersion).To(Equal(version))
		})
		e.Change(key, func() {
			key.Spec.Rotation = &v1alpha1.Rotation{Overlap: &metav1.Duration{}}
			templates(map[string]v1alpha1.TemplateText{"webhook.env": "KEY={{ .key | quote }}"})(key)
		})
		e.AwaitDelivered(key, 1)
		e.Expect(string(e.Secret(key).Data["webhook.env"])).To(Equal(fmt.Sprintf("KEY=%q", e.Secret(key).Data["api-key"])))
		e.Expect(e.Posts()).To(Equal(1))
	})

	It("that fail with the real key alone cost that key, under one reason, and leave none behind", func() {
		e := newEnvironment()
		key := e.Key(templates(map[string]v1alpha1.TemplateText{
			"webhook.env": v1alpha1.TemplateText(`{{ if ne .key "` + strings.Repeat("0", 64) + `" }}{{ eq .key 1 }}{{ end }}`),
		}))
		e.Create(key)
		message := e.reports(key, v1alpha1.ReasonInvalidTemplate, status.FailedStatus, "a template fails with this key")
		e.Expect(message).To(ContainSubstring("revoked"))
		e.stays(key, v1alpha1.ReasonInvalidTemplate, 1)
		e.Await(func(g Gomega) { g.Expect(e.LiveKeys(key)).To(BeEmpty()) })
		e.Expect(e.Secret(key)).To(BeNil())
	})

	It("tell of the Endpoint, which is read once, before the key is requested", func() {
		e := newEnvironment(func(spec *v1alpha1.ConnectionSpec) { spec.EndpointBaseURL = "https://endpoints.example.com/" })
		e.Cognigy.EditEndpoint(e.Endpoint.ID, func(endpoint *simulator.Endpoint) { endpoint.Name = `CRM "webhook"` })
		key := e.issued(templates(map[string]v1alpha1.TemplateText{
			"webhook.env": "NAME={{ .endpointName | quote }}\nTOKEN={{ .urlToken }}\nURL={{ .endpointURL }}\nAPI={{ .baseURL }}\n",
		}))
		holds := func(name, more string) {
			GinkgoHelper()
			want := fmt.Sprintf("NAME=%q\nTOKEN=%s\nURL=https://endpoints.example.com/%s\nAPI=%s\n%s",
				name, e.Endpoint.URLToken, e.Endpoint.URLToken, e.Cognigy.URL(), more)
			e.Await(func(g Gomega) { g.Expect(string(e.Secret(key).Data["webhook.env"])).To(Equal(want)) })
			e.AwaitDelivered(key, 1)
		}
		reads := func() int { return e.Cognigy.Count(http.MethodGet, simulator.RouteEndpoint) }
		holds(`CRM "webhook"`, "")
		e.Expect(reads()).To(Equal(1))
		e.Cognigy.EditEndpoint(e.Endpoint.ID, func(endpoint *simulator.Endpoint) { endpoint.Name = "Renamed" })
		secret := e.Secret(key)
		e.remains(func(g Gomega) {
			g.Expect(e.Secret(key).ResourceVersion).To(Equal(secret.ResourceVersion))
			g.Expect(reads()).To(Equal(1))
		})
		e.Change(key, func() {
			text := key.Spec.Secret.Template.Data["webhook.env"] + "MORE={{ .keyID }}"
			templates(map[string]v1alpha1.TemplateText{"webhook.env": text})(key)
		})
		holds("Renamed", "MORE="+e.Read(key).Status.KeyID)
		e.Expect(reads()).To(Equal(2))
		e.Expect(e.Posts()).To(Equal(1))
	})

	DescribeTable("that tell of the Endpoint keep the operator from requesting a key while it cannot be read:", func(status int, reason string) {
		e := newEnvironment()
		e.Cognigy.Inject(simulator.Fault{
			Method: http.MethodGet, Route: simulator.RouteEndpoint, Kind: simulator.FaultStatus, Status: status, Code: status,
		})
		key := e.Key(templates(map[string]v1alpha1.TemplateText{"name": "{{ .endpointName }}"}))
		e.Create(key)
		e.Await(func(g Gomega) { g.Expect(e.Cognigy.Count(http.MethodGet, simulator.RouteEndpoint)).NotTo(BeZero()) })
		e.remains(func(g Gomega) { g.Expect(e.Posts()).To(BeZero()) })
		e.Await(func(g Gomega) {
			ready := meta.FindStatusCondition(e.Read(key).Status.Conditions, v1alpha1.ConditionReady)
			g.Expect(ready).To(HaveValue(HaveField("Reason", reason)))
		})
		e.Expect(e.Read(key).Finalizers).To(BeEmpty())
		e.Cognigy.ClearFaults()
		e.AwaitDelivered(key, 1)
		e.Expect(string(e.Secret(key).Data["name"])).To(Equal(e.Endpoint.Name))
		e.Expect(e.Posts()).To(Equal(1))
	},
		Entry("Cognigy refuses it", http.StatusForbidden, v1alpha1.ReasonForbidden),
		Entry("Cognigy fails", http.StatusInternalServerError, v1alpha1.ReasonUnavailable),
	)

	It("that name the Endpoint's address need a connection that knows where Endpoints are", func() {
		e := newEnvironment()
		key := e.Key(templates(map[string]v1alpha1.TemplateText{"url": "{{ .endpointURL }}"}))
		e.Create(key)
		e.reports(key, v1alpha1.ReasonInvalidTemplate, status.FailedStatus, "uses .endpointURL", "set its endpointBaseURL")
		e.Expect(e.Posts()).To(BeZero())
		connection := e.Connection()
		e.Change(connection, func() { connection.Spec.EndpointBaseURL = "https://endpoints.example.com/below" })
		e.AwaitDelivered(key, 1)
		e.Expect(string(e.Secret(key).Data["url"])).To(Equal("https://endpoints.example.com/below/" + e.Endpoint.URLToken))
	})

	It("do not keep a Secret that is to be retained from being detached while Cognigy is down", func() {
		e := newEnvironment()
		key := e.issued(templates(map[string]v1alpha1.TemplateText{"name": "{{ .endpointName }}"}))
		e.Cognigy.Inject(simulator.Fault{Kind: simulator.FaultStatus, Status: http.StatusServiceUnavailable})
		e.Change(key, func() {
			key.Spec.DeletionPolicy = v1alpha1.DeletionPolicyRetain
			key.Spec.Secret.Template.Data["name"] = "{{ .endpointName }}!"
		})
		e.Await(func(g Gomega) { g.Expect(e.Secret(key).OwnerReferences).To(BeEmpty()) })
		e.Expect(string(e.Secret(key).Data["name"])).To(Equal(e.Endpoint.Name))
	})
})
