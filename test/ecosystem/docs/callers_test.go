// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
)

// callers are the Pods of workloads that have ENDPOINT_URL and ENDPOINT_KEY in their environment, as docs/moving deploys them. Each calls the
// Endpoint all the time, with the value that the Secret had when it started.
type callers struct {
	http    *http.Client
	calling sync.WaitGroup

	mu      sync.Mutex
	calls   int
	refused []string // what was answered to calls that were refused
}

func newCallers(t *testing.T, to *cognigys) *callers {
	t.Helper()
	g := NewWithT(t)
	authorities, err := os.ReadFile(to.authorities)
	g.Expect(err).NotTo(HaveOccurred())
	proxy, err := url.Parse(to.proxy)
	g.Expect(err).NotTo(HaveOccurred())
	c := &callers{http: fixtures.Trusting(authorities)}
	c.http.Transport.(*http.Transport).Proxy = http.ProxyURL(proxy)
	t.Cleanup(c.calling.Wait)
	return c
}

// start has a Pod call, if it is one that does, until its context ends.
func (c *callers) start(ctx context.Context, cluster client.Client, pod *corev1.Pod) {
	var address, key string
	for _, variable := range pod.Spec.Containers[0].Env {
		switch variable.Name {
		case "ENDPOINT_URL":
			address = variable.Value
		case "ENDPOINT_KEY":
			secret := &corev1.Secret{}
			from := variable.ValueFrom.SecretKeyRef
			if err := cluster.Get(ctx, client.ObjectKey{Namespace: pod.Namespace, Name: from.Name}, secret); err != nil {
				c.refuse(err)
			}
			key = string(secret.Data[from.Key])
		}
	}
	if address == "" {
		return
	}
	c.calling.Go(func() {
		for fixtures.Pause(ctx, 20*time.Millisecond) {
			c.call(address, key)
		}
	})
}

func (c *callers) call(address, key string) {
	status, text, err := fixtures.CallEndpoint(context.Background(), c.http, address, key)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%s: %s", address, text)
	}
	c.mu.Lock()
	c.calls++
	c.mu.Unlock()
	if err != nil {
		c.refuse(err)
	}
}

func (c *callers) refuse(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refused = append(c.refused, err.Error())
}

// take returns how many calls there were since it was last called, and what was answered to those that were refused.
func (c *callers) take() (calls int, refused []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	calls, refused = c.calls, slices.Compact(c.refused)
	c.calls, c.refused = 0, nil
	return calls, refused
}
