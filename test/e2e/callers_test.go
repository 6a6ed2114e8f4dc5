// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

const (
	// podStartup is how long a Pod takes to become ready. A Deployment of slowPods takes as many times longer.
	podStartup = 3 * time.Second
	slowPods   = 3
	// shortOverlap ends before the first Pod is replaced.
	shortOverlap = time.Second
	// refresh stands for the two minutes in which a kubelet may not show a changed Secret, and refreshOverlap for the default overlap.
	refresh        = 2 * time.Second
	refreshOverlap = 8 * time.Second
)

// calling runs an operator, and clients that use the key of a resource all the time.
type calling struct {
	*fixtures.Environment
	*fixtures.Callers
	operator *process
	key      *v1alpha1.EndpointAPIKey
}

func newCalling(overlap time.Duration, edits ...func(*v1alpha1.EndpointAPIKey)) *calling {
	GinkgoHelper()
	c := &calling{operator: start(), Environment: newEnvironment()}
	c.PermitRestarts()
	c.key = c.Key(append(edits, retain, func(key *v1alpha1.EndpointAPIKey) { key.Spec.Rotation = overlapping(overlap) })...)
	c.Create(c.key)
	c.AwaitDelivered(c.key, 1)
	c.Callers = c.Environment.Callers(c.key)
	return c
}

func overlapping(overlap time.Duration) *v1alpha1.Rotation {
	return &v1alpha1.Rotation{Overlap: &metav1.Duration{Duration: overlap}}
}

// Calls returns what was counted so far.
func (c *calling) Calls() fixtures.Calls {
	GinkgoHelper()
	calls, err := c.Callers.Calls()
	c.Expect(err).NotTo(HaveOccurred())
	return calls
}

// calls waits until the clients have made some more calls.
func (c *calling) calls() {
	GinkgoHelper()
	before := c.Calls().Made
	c.Eventually(func() int { return c.Calls().Made }).WithTimeout(patience).Should(BeNumerically(">", before+20))
}

// rotate asks for a new key.
func (c *calling) rotate() {
	GinkgoHelper()
	at := metav1.NewTime(time.Now().Add(time.Second)).Rfc3339Copy()
	c.Change(c.key, func() { c.key.Spec.Rotation.NotBefore = &at })
}

// secret returns the Secret as it is.
func (c *calling) secret() *corev1.Secret {
	GinkgoHelper()
	return c.Secret(c.key)
}

// replaced waits until another key than the given one is delivered, and all others are revoked.
func (c *calling) replaced(keyID string) {
	GinkgoHelper()
	c.Await(func(g Gomega) { g.Expect(c.Read(c.key).Status.KeyID).NotTo(Equal(keyID)) })
	c.AwaitDelivered(c.key, 1)
	c.calls()
}

// slowly deploys a workload whose Pods take long to start, and keep the value that they started with.
func slowly(overlap time.Duration) *calling {
	GinkgoHelper()
	c := newCalling(overlap, func(key *v1alpha1.EndpointAPIKey) {
		fixtures.RestartDeployment(&key.Spec)
	})
	c.Create(fixtures.Deployment(c.Namespace, slowPods))
	c.RunPods(podStartup)
	c.Await(func(g Gomega) {
		deployment := fixtures.Deployment(c.Namespace, slowPods)
		g.Expect(cluster.Get(c.Context, client.ObjectKeyFromObject(deployment), deployment)).To(Succeed())
		g.Expect(deployment.Status.AvailableReplicas).To(BeEquivalentTo(slowPods))
	})
	return c
}

// rotateSlowly rotates the key, waits until the replaced one is revoked, and returns how long it worked.
func (c *calling) rotateSlowly() time.Duration {
	GinkgoHelper()
	old := c.Read(c.key).Status.KeyID
	c.rotate()
	c.replaced(old)
	ledger := c.Cognigy.Ledger()
	return ledger[0].RevokedAt.Sub(ledger[1].CreatedAt).Round(100 * time.Millisecond)
}

var _ = Describe("Clients that call the Endpoint all the time", Label("rollout"), func() {
	It("are refused nothing while their workload restarts, however slowly", func() {
		c := slowly(shortOverlap)
		worked := c.rotateSlowly()
		calls := c.Calls()
		measured("a slow rollout: %d calls, %d refused; the replaced key worked for %s, with an overlap of %s",
			calls.Made, calls.Refused, worked, shortOverlap)
		c.Expect(calls.Refused).To(BeZero())
		c.Expect(worked).To(BeNumerically(">", slowPods*podStartup))
		release(c.Environment, c.key)
	})

	// Else the spec before this one would prove nothing.
	It("are refused calls if the key leaked, so that no overlap is wanted", func() {
		c := slowly(0)
		worked := c.rotateSlowly()
		c.Eventually(func() int { return c.Calls().Refused }).WithTimeout(patience).Should(BeNumerically(">", 0))
		calls := c.Calls()
		measured("a slow rollout without overlap: %d calls, %d refused; the replaced key worked for %s", calls.Made, calls.Refused, worked)
		release(c.Environment, c.key)
	})

	DescribeTable("are refused nothing, with a Secret that kubelets refresh, during", func(replace func(*calling)) {
		c := newCalling(refreshOverlap)
		for range 5 {
			c.Mount(refresh)
		}
		c.calls()
		replace(c)
		calls := c.Calls()
		measured("%s: %d calls, %d refused", CurrentSpecReport().LeafNodeText, calls.Made, calls.Refused)
		c.Expect(calls.Refused).To(BeZero())
		release(c.Environment, c.key)
	},
		Entry("a rotation by age", (*calling).age),
		Entry("a healing", (*calling).heal),
		Entry("a crash of the operator", (*calling).crash),
		Entry("a restore", (*calling).restore),
	)
})

// age has the key rotate because it is old, by its record.
func (c *calling) age() {
	old, secret := c.Read(c.key), c.secret()
	c.Change(c.key, func() { c.key.Spec.Rotation.Every = &metav1.Duration{Duration: 2 * time.Hour} })
	c.Change(secret, func() {
		record := delivery.Record{
			OwnerUID: string(old.UID), EndpointID: old.Spec.Endpoint.ID, KeyID: old.Status.KeyID, Preview: old.Status.KeyPreview,
			IssuedAt: time.Now().Add(-3 * time.Hour).Truncate(time.Microsecond),
		}
		*secret = *delivery.Compose(secret, old, record, string(secret.Data[old.SecretKey()]), time.Now())
	})
	c.replaced(old.Status.KeyID)
}

// heal deletes the Secret.
func (c *calling) heal() {
	old := c.Read(c.key).Status.KeyID
	c.Delete(c.secret())
	c.replaced(old)
}

// crash kills the operator after a POST and before its answer, and starts another.
func (c *calling) crash() {
	old := c.Read(c.key).Status.KeyID
	c.Cognigy.Inject(simulator.Fault{
		Method: http.MethodPost, Route: simulator.RouteKeys, Times: 1, Kind: simulator.FaultCommitAfterDelay, Delay: 4 * time.Second,
	})
	c.rotate()
	c.Await(func(g Gomega) { g.Expect(c.Posts()).To(Equal(2)) })
	c.operator.Kill()
	start()
	c.replaced(old)
	c.Expect(c.Posts()).To(Equal(3))
}

// restore puts the Secret back as it was before a rotation, while its key works.
func (c *calling) restore() {
	old, backup := c.Read(c.key).Status.KeyID, c.secret()
	c.rotate()
	var rotated string
	c.Await(func(g Gomega) {
		rotated = c.Read(c.key).Status.KeyID
		g.Expect(rotated).NotTo(Equal(old))
	})
	secret := c.secret()
	c.Change(secret, func() { secret.Data, secret.Annotations = backup.Data, backup.Annotations })
	c.replaced(rotated)
}
