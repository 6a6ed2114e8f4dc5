// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/states"
)

func read[T any](g Gomega, state states.State) *T {
	object := new(T)
	g.Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(state.Object.Object, object)).To(Succeed())
	return object
}

// Each state that a key reaches has one word, which follows from its name.
func TestHealthOfEveryState(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	count := map[health]int{}
	for _, state := range states.All() {
		if !strings.HasPrefix(state.Name, "endpointapikey-") {
			continue
		}
		said := keyReport(read[v1alpha1.EndpointAPIKey](g, state))
		count[said.health]++
		want := BeElementOf(healthReady, healthWarning)
		switch {
		case strings.Contains(state.Name, "-deleting"):
			want = Equal(healthDeleting)
		case strings.HasSuffix(state.Name, "-new"), strings.Contains(state.Name, "-outdated"):
			want = Equal(healthProgressing)
		case strings.HasSuffix(state.Name, "-suspended"):
			want = Equal(healthSuspended)
		case strings.HasSuffix(state.Name, "-stalled"):
			want = Equal(healthFailed)
		case strings.Contains(state.Name, "-ready-false"):
			want = Equal(healthProgressing)
		case strings.Contains(state.Name, "-rollingout"):
			want = Equal(healthReady)
		case !strings.Contains(state.Name, "-ready-true"):
			want = Equal(healthWarning)
		}
		g.Expect(said.health).To(want, state.Name)
		if said.health != healthDeleting {
			g.Expect(said.message).NotTo(BeEmpty(), state.Name)
		}
	}
	g.Expect(count).To(HaveLen(len(colours)), "%v", count)
}

// Each reason for which a connection is not ready belongs to an aspect, which says what to do; what comes after it was not reached.
func TestAspectOfEveryState(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for _, state := range states.All() {
		var found v1alpha1.Connection
		switch {
		case strings.HasPrefix(state.Name, "cognigyconnection-"):
			found = read[v1alpha1.CognigyConnection](g, state)
		case strings.HasPrefix(state.Name, "clustercognigyconnection-"):
			found = read[v1alpha1.ClusterCognigyConnection](g, state)
		default:
			continue
		}
		if said := connectionReport(found); said.reason == reasonPending || said.health == healthDeleting {
			continue
		}
		results := resultsOf(found, nil)
		var trouble, says int
		for _, each := range results {
			if each.outcome == outcomeFailed || each.outcome == outcomeUnknown && each.aspect != aspectPermissions {
				trouble++
			}
			if each.says != "" && each.aspect != aspectPermissions {
				says++
			}
		}
		ready := strings.Contains(state.Name, "-ready-true") || strings.Contains(state.Name, "-credentialsinuse")
		someIf := BeNumerically(">", 0)
		failed := Not(BeEmpty())
		if ready {
			someIf, failed = Equal(0), BeEmpty()
		}
		g.Expect(trouble).To(someIf, "%s: %v", state.Name, results)
		g.Expect(says).To(someIf, "%s: %v", state.Name, results)
		g.Expect(failedAspect(connectionReport(found))).To(failed, state.Name)
	}
}

// The operator's client says why nothing answers where the reader may know it.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for message, want := range map[string]aspect{
		"GET /endpoints: DNS does not resolve the host name \"x\"; check baseURL":                    aspectDNS,
		"GET /endpoints: the operator does not trust the server's certificate; if a private":         aspectTLS,
		"GET /endpoints: the server speaks http, not https; check baseURL":                           aspectTLS,
		"GET /endpoints: dial tcp 127.0.0.1:1: connect: connection refused":                          aspectNetwork,
		"GET /endpoints: no answer within the request timeout":                                       aspectNetwork,
		"Cognigy is unreachable or fails; the operator tries again: GET /endpoints: HTTP 503 (text)": aspectAnswer,
	} {
		g.Expect(failedAspect(report{reason: v1alpha1.ReasonUnavailable, message: message})).To(Equal(want), message)
	}
}
