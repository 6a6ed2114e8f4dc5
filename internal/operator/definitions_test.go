// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	. "github.com/onsi/gomega"
)

// What the definitions lack is said once an interval as long as it is so, and once that it is no longer so.
func TestDefinitionsAreComparedAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		var said []string
		log := funcr.New(func(_, text string) { said = append(said, text) }, funcr.Options{})
		found, failure := []string{"EndpointAPIKey.spec.suspend"}, error(nil)
		compared := &definitions{version: "0.2.0", missing: func() ([]string, error) { return found, failure }}
		ctx, cancel := context.WithCancel(logr.NewContext(t.Context(), log))
		ended := make(chan error)
		go func() { ended <- compared.Start(ctx) }()
		after := func(wait time.Duration) (news []string) {
			<-time.After(wait)
			synctest.Wait()
			news, said = said, nil
			return news
		}
		outdated := And(ContainSubstring("apply those of this version"), ContainSubstring(`"version"="0.2.0"`),
			ContainSubstring(`"missing"=["EndpointAPIKey.spec.suspend"]`))

		g.Expect(after(time.Second)).To(ConsistOf(outdated))
		g.Expect(after(2 * definitionsInterval)).To(HaveExactElements(outdated, outdated))
		failure = errors.New("an API server that does not answer")
		g.Expect(after(definitionsInterval)).To(BeEmpty(), "at the ordinary verbosity")
		found, failure = nil, nil
		g.Expect(after(definitionsInterval)).To(HaveExactElements(ContainSubstring("have all fields")))
		g.Expect(after(3 * definitionsInterval)).To(BeEmpty())
		cancel()
		g.Expect(<-ended).NotTo(HaveOccurred())
	})
}
