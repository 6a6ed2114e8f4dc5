// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// onPremiseSeeds: the environments of every such seed authenticate by super API keys. They are not more, since an operator that starts there
// waits for up to a minute.
const onPremiseSeeds = 4

// chaos is an environment in which a script is played.
type chaos struct {
	*environment
	endpoints []simulator.Endpoint
	accepted  atomic.Value                  // string: the API key of the operator's user
	later     sync.WaitGroup                // what goes on beside the script
	altered   map[types.NamespacedName]bool // the user altered the Secret before a resource took it over
	done      map[string]int                // operations that were done
	tried     int                           // operations that could not be done
}

func newChaos(t testing.TB, s script) *chaos {
	t.Helper()
	e := emptyEnvironment(t, simulator.Options{Seed: s.Seed, Now: func() time.Time { return time.Now().Add(s.Skew) }})
	e.injector.sideBySide, e.skew = true, s.Skew
	if s.Seed%onPremiseSeeds == 0 {
		e.loginManager()
	}
	e.connect(v1alpha1.OrphanPolicyRevoke)
	e.deploy()
	c := &chaos{environment: e, altered: map[types.NamespacedName]bool{}, done: map[string]int{}}
	c.endpoints = []simulator.Endpoint{e.Endpoint, e.Cognigy.AddEndpoint("project", "second")}
	c.accepted.Store(e.Cognigy.APIKey())
	e.addForeignKeys(c.nameOf(step{}), "nobody's")
	return c
}

// nameOf is the name of one of the resources.
func (c *chaos) nameOf(s step) types.NamespacedName {
	return types.NamespacedName{Namespace: c.Namespace, Name: fmt.Sprintf("key-%d", s.Key)}
}

func (c *chaos) accept() { c.Cognigy.SetAPIKeys(c.accepted.Load().(string)) }

// play plays a script to its end.
func (c *chaos) play(s script) {
	c.start()
	for _, step := range s.Steps {
		<-time.After(step.Wait)
		operation, _ := operationOf(step.Do)
		err := operation.do(c, step)
		c.injector.remember("--- %s %d: %v", step.Do, step.Key, err)
		if err != nil {
			c.tried++
			continue
		}
		c.done[step.Do]++
	}
	c.later.Wait()
}

// endFaults ends all faults, and leaves nothing suspended.
func (c *chaos) endFaults() {
	c.injector.remember("--- faults stop")
	c.injector.lose(0)
	c.Cognigy.ClearFaults()
	c.view.release()
	c.accept()
	if c.several() {
		c.kill()
		c.start()
	}
	for key := range keyCount {
		c.Eventually(func() error {
			err := c.edit(c.nameOf(step{Key: key}), func(s *v1alpha1.EndpointAPIKeySpec) { s.Suspend = false })
			return client.IgnoreNotFound(err)
		}).WithTimeout(patience).Should(Succeed())
	}
	if !c.stays(c.Connection()) || !c.stays(c.Credentials("")) {
		c.beginAgain()
		return
	}
	// What faults have left behind is found and revoked.
	c.Eventually(func() error {
		return limits(func(s *v1alpha1.ConnectionSpec, _ int) { s.OrphanPolicy = v1alpha1.OrphanPolicyRevoke })(c, step{})
	}).WithTimeout(patience).Should(Succeed())
}

// several reports whether there are more operators than one, or none.
func (c *chaos) several() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.operators) != 1
}

// stays reports whether an object exists and is not being deleted.
func (c *chaos) stays(object client.Object) bool {
	err := cluster.Get(c.Context, client.ObjectKeyFromObject(object), object)
	return err == nil && object.GetDeletionTimestamp().IsZero()
}

// beginAgain does what a user can do after deleting a connection or its credentials: it deletes everything, which revokes every
// key, and then made again.
func (c *chaos) beginAgain() {
	c.injector.remember("--- everything is deleted, and made again")
	connection, credentials := c.Connection(), c.Credentials("")
	all := []client.Object{connection, credentials}
	for key := range keyCount {
		all = append(all, c.Key(fixtures.Named(c.nameOf(step{Key: key}).Name)))
	}
	c.Eventually(func(g Gomega) {
		for _, object := range all {
			g.Expect(client.IgnoreNotFound(cluster.Delete(c.Context, object.DeepCopyObject().(client.Object)))).To(Succeed())
		}
		for _, object := range all {
			c.Absent(g, object.DeepCopyObject().(client.Object))
		}
	}).WithTimeout(patience).WithPolling(poll).Should(Succeed())
	c.Expect(c.notLost(c.live())).To(HaveLen(c.wanted()), "owned keys that work")
	c.Create(c.Credentials(c.accepted.Load().(string)))
	c.Create(c.Connection())
	for key := range keyCount {
		c.Expect(c.make(step{Key: key})).To(Succeed())
	}
}

// convergesAtEnd waits for the liveness property. Where the issuance budget is spent, a restart saves the wait.
func (c *chaos) convergesAtEnd() {
	restarted := false
	written, since := -1, time.Now()
	c.Eventually(func(g Gomega) {
		g.Expect(c.runs()).To(BeTrue(), "the operator ended by itself")
		if !restarted && c.exhausted() {
			restarted = true
			c.injector.remember("--- restart: the issuance budget is spent")
			c.kill()
			c.start()
		}
		c.removeAltered()
		if now := c.injector.written(); now != written {
			written, since = now, time.Now()
		}
		c.livesWell(g)
		g.Expect(time.Since(since)).To(BeNumerically(">=", quietPeriod), "the last effect that may have changed something is too recent")
	}).WithTimeout(patience).WithPolling(poll).Should(Succeed())
}

// exhausted reports whether a resource waits for the issuance budget, or for the end of a window after the answers of a firewall.
func (c *chaos) exhausted() bool {
	for key := range keyCount {
		reported := c.reasons(step{Key: key})
		if reported[v1alpha1.ReasonTooManyIssuances] || reported[v1alpha1.ReasonUnexpectedAnswer] && c.done[firewall] > 0 {
			return true
		}
	}
	return false
}

// reasons returns those of a resource's conditions.
func (c *chaos) reasons(s step) map[string]bool {
	reported := map[string]bool{}
	if found, err := c.Find(c.nameOf(s)); err == nil {
		for _, condition := range found.Status.Conditions {
			reported[condition.Reason] = true
		}
	}
	return reported
}

// removeAltered does what a resource asks for whose Secret cannot be taken over any more, since the user altered it before.
func (c *chaos) removeAltered() {
	for key := range keyCount {
		name := c.nameOf(step{Key: key})
		if c.altered[name] && c.reasons(step{Key: key})[v1alpha1.ReasonSecretNotOwned] {
			c.injector.remember("--- the altered Secret of %s is deleted", name)
			c.Expect(client.IgnoreNotFound(cluster.Delete(c.Context, target(name)))).To(Succeed())
		}
	}
}

// notLost leaves out the keys of resources that the user removed without the operator, unless a Secret that was restored records them.
// A scan for orphans finds them.
func (c *chaos) notLost(entries []simulator.Entry) []simulator.Entry {
	return slices.DeleteFunc(entries, func(entry simulator.Entry) bool {
		o := c.checker.holder(entry)
		return o.lost.Load() && !slices.ContainsFunc(c.checker.left(o), func(left simulator.Entry) bool { return left.ID == entry.ID })
	})
}

// livesWell: every resource has its key, and no other key of this environment's resources works, but for what was retained.
func (c *chaos) livesWell(g Gomega) {
	wanted := c.wanted()
	for key := range keyCount {
		name := c.nameOf(step{Key: key})
		found, err := c.Find(name)
		if apierrors.IsNotFound(err) {
			continue
		}
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(found.DeletionTimestamp).To(BeNil(), "%s is being deleted", name)
		g.Expect(meta.IsStatusConditionTrue(found.Status.Conditions, v1alpha1.ConditionReady)).To(BeTrue(), "%v", found.Status.Conditions)
		c.delivered(g, name)
	}
	g.Expect(c.live()).To(HaveLen(wanted), "owned keys that work")
}

// wanted is how many keys ought to work: one for each resource, what was retained, and what a restored Secret records whose resource was
// deleted again before it took the Secret over: that one is nobody's but the user's.
func (c *chaos) wanted() int {
	wanted := 0
	for _, o := range c.checker.known() {
		switch {
		case c.lives(o):
			wanted++
		case o.retained.Load():
			wanted += len(c.checker.liveOf(o))
		default:
			wanted += len(c.checker.left(o))
		}
	}
	return wanted
}
