// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package endpointapikey

import (
	"errors"
	"testing"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// What a webhook says of a Secret may quote the plaintext in it.
func TestWebhookWithoutDryRun(t *testing.T) {
	const said = `admission webhook "old.example.com" does not support dry run`
	for _, c := range []struct {
		why     string
		err     error
		webhook string
	}{
		{"the API server's words", apierrors.NewBadRequest(said), "old.example.com"},
		{"a webhook's words", apierrors.NewBadRequest(`admission webhook "x.example.com" denied the request: ` + said), ""},
		{"a webhook's words on lines of their own", apierrors.NewBadRequest(`admission webhook "x.example.com" denied the request: ` + "\n" + said), ""},
		{"another refusal", apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "crm", errors.New(said)), ""},
		{"no refusal", nil, ""},
	} {
		t.Run(c.why, func(t *testing.T) { NewWithT(t).Expect(webhookWithoutDryRun(c.err)).To(Equal(c.webhook)) })
	}
}
