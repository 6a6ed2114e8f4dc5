// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cognigy_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	. "github.com/onsi/gomega"
	"golang.org/x/sync/semaphore"

	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
)

// Large answers are read one after the other by those who share a bound; small ones do not wait for them.
func TestLargeAnswersAreBounded(t *testing.T) {
	g := NewWithT(t)
	var begun atomic.Int32
	finish := make(chan struct{})
	large := "[" + strings.Repeat(" ", 100<<10)
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, endpointID) {
			_, _ = w.Write([]byte(large))
			_ = http.NewResponseController(w).Flush()
			begun.Add(1)
			<-finish
			_, _ = w.Write([]byte("]"))
			return
		}
		_, _ = w.Write([]byte("[]"))
	})
	bound := semaphore.NewWeighted(1)
	client := func() *cognigy.Client {
		made, err := cognigy.New(cognigy.Config{
			BaseURL: base, Authenticator: cognigy.APIKey(cognigy.NewSensitive(credential)), AllowInsecureHTTP: true, Timeout: patience, LargeAnswers: bound,
		})
		g.Expect(err).NotTo(HaveOccurred())
		return made
	}
	var all sync.WaitGroup
	for range 3 {
		caller := client()
		all.Go(func() {
			_, err := caller.ListKeys(t.Context(), endpointID, everything)
			g.Expect(err).NotTo(HaveOccurred())
		})
	}
	g.Eventually(begun.Load).WithTimeout(patience).Should(BeEquivalentTo(3))
	g.Eventually(func() bool {
		free := bound.TryAcquire(1)
		if free {
			bound.Release(1)
		}
		return free
	}).WithTimeout(patience).Should(BeFalse(), "one of them is being read")
	_, err := client().ListKeys(t.Context(), absentID, everything)
	g.Expect(err).NotTo(HaveOccurred(), "a small answer")
	close(finish)
	all.Wait()
	g.Expect(bound.TryAcquire(1)).To(BeTrue(), "everything is given back")
}
