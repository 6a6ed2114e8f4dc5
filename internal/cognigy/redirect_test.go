// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy_test

import (
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
)

// Go would take the credentials along to another host, and repeat a POST there.
func TestRedirectsAreNotFollowed(t *testing.T) {
	var elsewhere atomic.Int32
	second := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		elsewhere.Add(1)
		_, _ = io.WriteString(w, `[]`)
	})
	locations := []struct{ why, location string }{
		{"another host", second + "/canary?token=canary"},
		{"the same host", "/canary"},
		{"no location", ""},
	}
	for _, l := range locations {
		for _, status := range []int{300, 301, 302, 303, 305, 307, 308} {
			t.Run(fmt.Sprintf("%d to %s", status, l.why), func(t *testing.T) {
				t.Parallel()
				var asked atomic.Int32
				first := serve(t, func(w http.ResponseWriter, _ *http.Request) {
					asked.Add(1)
					if l.location != "" {
						w.Header().Set("Location", l.location)
					}
					w.WriteHeader(status)
					_, _ = io.WriteString(w, canary)
				})
				client := newClient(t, first)
				g := NewWithT(t)
				for method, call := range calls(t, client) {
					before := asked.Load()
					failed := failure(t, call())
					g.Expect(failed.OutcomeUnknown).To(BeTrue())
					g.Expect(failed.Kind).To(Equal(cognigy.Redirected), method)
					g.Expect(failed).To(MatchError(ContainSubstring("which the operator does not follow")))
					g.Expect(asked.Load()-before).To(BeEquivalentTo(1), method)
				}
			})
		}
	}
	t.Cleanup(func() { // once all of them are over
		if count := elsewhere.Load(); count > 0 {
			t.Errorf("%d requests went elsewhere, with credentials", count)
		}
	})
}
