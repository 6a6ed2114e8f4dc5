// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"fmt"
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
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// chaos is a world in which a script is played.
type chaos struct {
	*world
	endpoints []simulator.Endpoint
	accepted  atomic.Value   // string: the API key of the operator's user
	later     sync.WaitGroup // what goes on beside the script
	done      map[string]int // deeds that were done
	tried     int            // deeds that could not be done
}

func newChaos(t testing.TB, s script) *chaos {
	t.Helper()
	w := emptyWorld(t, simulator.Options{Seed: s.Seed, Now: func() time.Time { return time.Now().Add(s.Skew) }})
	w.gate.sideBySide, w.skew = true, s.Skew
	w.connect(v1alpha1.OrphanPolicyRevoke)
	c := &chaos{world: w, done: map[string]int{}, endpoints: []simulator.Endpoint{w.endpoint, w.cognigy.AddEndpoint("project", "second")}}
	c.accepted.Store(w.cognigy.APIKey())
	w.addStrangers(c.slot(step{}), "nobody's")
	return c
}

// slot is the name of one of the resources.
func (c *chaos) slot(s step) types.NamespacedName {
	return types.NamespacedName{Namespace: c.namespace, Name: fmt.Sprintf("key-%d", s.Key)}
}

func (c *chaos) accept() { c.cognigy.SetAPIKeys(c.accepted.Load().(string)) }

// play plays a script to its end.
func (c *chaos) play(s script) {
	c.start()
	for _, step := range s.Steps {
		<-time.After(step.Wait)
		deed, _ := deedOf(step.Do)
		err := deed.do(c, step)
		c.gate.remember("--- %s %d: %v", step.Do, step.Key, err)
		if err != nil {
			c.tried++
			continue
		}
		c.done[step.Do]++
	}
	c.later.Wait()
}

// calmDown ends all faults, and leaves nothing suspended.
func (c *chaos) calmDown() {
	c.gate.remember("--- faults stop")
	c.gate.lose(0)
	c.cognigy.ClearFaults()
	c.view.release()
	c.accept()
	if c.several() {
		c.kill()
		c.start()
	}
	for key := range slots {
		c.Eventually(func() error {
			err := c.edit(c.slot(step{Key: key}), func(s *v1alpha1.EndpointAPIKeySpec) { s.Suspend = false })
			return client.IgnoreNotFound(err)
		}).WithTimeout(patience).Should(Succeed())
	}
	if !c.stays(c.connection()) || !c.stays(c.credentials()) {
		c.beginAgain()
		return
	}
	// What faults have left behind is found and revoked.
	c.Eventually(func() error {
		return limits(func(s *v1alpha1.ConnectionSpec, _ int) { s.OrphanPolicy = v1alpha1.OrphanPolicyRevoke })(c, step{})
	}).WithTimeout(patience).Should(Succeed())
}

// several tells whether there are more operators than one, or none.
func (c *chaos) several() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.operators) != 1
}

// stays tells whether an object is there, and not being deleted.
func (c *chaos) stays(object client.Object) bool {
	err := cluster.Get(c.ctx, client.ObjectKeyFromObject(object), object)
	return err == nil && object.GetDeletionTimestamp().IsZero()
}

// beginAgain does what is left to a user who deleted a connection or its credentials: everything is deleted, which revokes every
// key, and then made again.
func (c *chaos) beginAgain() {
	c.gate.remember("--- everything is deleted, and made again")
	connection, credentials := c.connection(), c.credentials()
	all := []client.Object{connection, credentials}
	for key := range slots {
		all = append(all, c.newKey(c.slot(step{Key: key}).Name))
	}
	c.Eventually(func(g Gomega) {
		for _, object := range all {
			g.Expect(client.IgnoreNotFound(cluster.Delete(c.ctx, object.DeepCopyObject().(client.Object)))).To(Succeed())
		}
		for _, object := range all {
			c.absent(g, object.DeepCopyObject().(client.Object))
		}
	}).WithTimeout(patience).WithPolling(poll).Should(Succeed())
	c.Expect(c.live()).To(HaveLen(c.wanted()), "owned keys that work")
	credentials = c.newCredentials()
	credentials.Data["api-key"] = []byte(c.accepted.Load().(string))
	c.create(credentials)
	c.create(c.newConnection(v1alpha1.OrphanPolicyRevoke))
	for key := range slots {
		c.Expect(c.make(step{Key: key})).To(Succeed())
	}
}

// settles waits for the liveness property. Where the mint budget is used up, a restart saves the wait.
func (c *chaos) settles() {
	restarted := false
	written, since := -1, time.Now()
	c.Eventually(func(g Gomega) {
		g.Expect(c.runs()).To(BeTrue(), "the operator ended by itself")
		if !restarted && c.exhausted() {
			restarted = true
			c.gate.remember("--- restart: the mint budget is exhausted")
			c.kill()
			c.start()
		}
		if now := c.gate.written(); now != written {
			written, since = now, time.Now()
		}
		c.livesWell(g)
		g.Expect(time.Since(since)).To(BeNumerically(">=", calm), "the last effect that may have changed something is too recent")
	}).WithTimeout(patience).WithPolling(poll).Should(Succeed())
}

func (c *chaos) exhausted() bool {
	for key := range slots {
		found, err := c.read(c.slot(step{Key: key}))
		if err != nil {
			continue
		}
		for _, condition := range found.Status.Conditions {
			if condition.Reason == v1alpha1.ReasonMintBudgetExhausted {
				return true
			}
		}
	}
	return false
}

// livesWell: every resource has its key, and no other key of this world's resources works, but for what was retained.
func (c *chaos) livesWell(g Gomega) {
	wanted := c.wanted()
	for key := range slots {
		name := c.slot(step{Key: key})
		found, err := c.read(name)
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

// wanted is how many keys ought to work: one for each resource, and what was retained.
func (c *chaos) wanted() int {
	wanted := 0
	for _, o := range c.court.known() {
		switch {
		case c.lives(o):
			wanted++
		case o.retained.Load():
			wanted += len(c.liveOf(o.marker))
		}
	}
	return wanted
}
