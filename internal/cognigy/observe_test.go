// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy_test

import (
	"context"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// Each request is told of once, also one for a token, with its template and its failure.
func TestObserve(t *testing.T) {
	g := NewWithT(t)
	var sent []string
	observed := func(c *cognigy.Config) {
		c.Observe = func(_ context.Context, exchange cognigy.Exchange) {
			text := exchange.Method + " " + exchange.Route
			if failure := cognigy.AsError(exchange.Err); failure != nil {
				text += ": " + string(failure.Kind)
			}
			sent = append(sent, text)
			g.Expect(exchange.Took).To(BeNumerically(">", 0))
		}
	}
	r := withTokens(t).by(t, oauth2(password), observed)
	_, err := r.list(t)
	g.Expect(err).NotTo(HaveOccurred())
	r.Inject(simulator.Fault{Kind: simulator.FaultStatus, Status: 503, Times: 1})
	_, err = r.list(t)
	g.Expect(err).To(HaveOccurred())
	const list = "GET /endpoints/{endpointId}/apikeys"
	g.Expect(sent).To(Equal([]string{"POST /auth/oauth2/token", list, list + ": unavailable"}))
	g.Expect(r.Requests()).To(HaveLen(len(sent)))
}
