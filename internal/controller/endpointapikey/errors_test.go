// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"net/http"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
)

// Only a request for a key has a key's name in it.
func TestNameIsBlamedForRequestsThatHaveIt(t *testing.T) {
	unusual, usual := &v1alpha1.EndpointAPIKey{}, &v1alpha1.EndpointAPIKey{}
	unusual.Spec.DisplayName, usual.Spec.DisplayName = "Schlüssel", "CRM webhook"
	for _, c := range []struct {
		method string
		key    *v1alpha1.EndpointAPIKey
		reason string
	}{
		{http.MethodPost, unusual, v1alpha1.ReasonInvalidDisplayName},
		{http.MethodPost, usual, v1alpha1.ReasonInvalidRequest},
		{http.MethodGet, unusual, v1alpha1.ReasonInvalidRequest},
	} {
		refused := &cognigy.Error{Kind: cognigy.Invalid, Method: c.method, Status: http.StatusBadRequest}
		NewWithT(t).Expect(nameFailure(refused, c.key).Reason).To(Equal(c.reason), "%s %s", c.method, c.key.Spec.DisplayName)
	}
}
