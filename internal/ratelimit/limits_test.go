// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cognigy-operator/cognigy-operator/internal/ratelimit"
)

// burst returns how many requests connections of a namespace each may send to a host at once.
func burst(host *ratelimit.Host, connection types.UID) int {
	sent := 0
	for id := range 500 {
		// A namespace each, so that none uses up its share.
		r := ratelimit.Request{
			Waiter: fmt.Sprint(connection, id), Namespace: fmt.Sprint(connection, id), Connection: connection, Wake: func() {},
		}
		if host.Acquire(r) {
			host.Release(r.Waiter, nil)
			sent++
		}
	}
	return sent
}

func TestLimits(t *testing.T) {
	const own, administrators = false, true
	cases := map[string]struct {
		fixed map[string]ratelimit.Limit
		set   func(*ratelimit.Host)
		want  int
	}{
		"nobody says anything":          {want: 50},
		"a flag for the host":           {fixed: map[string]ratelimit.Limit{"cognigy.test:443": {3, 7}, "*": {3, 9}}, want: 7},
		"a flag for all hosts":          {fixed: map[string]ratelimit.Limit{"other.test:443": {3, 7}, "*": {3, 9}}, want: 9},
		"a connection lowers its share": {set: func(h *ratelimit.Host) { h.SetLimit("c", ratelimit.Limit{1, 4}, own) }, want: 4},
		"a connection cannot raise it":  {set: func(h *ratelimit.Host) { h.SetLimit("c", ratelimit.Limit{100, 100}, own) }, want: 50},
		"another connection's share": {set: func(h *ratelimit.Host) {
			h.SetLimit("other", ratelimit.Limit{1, 4}, own)
			h.SetLimit("c", ratelimit.Limit{}, own)
		}, want: 50},
		"an administrator lowers it": {set: func(h *ratelimit.Host) { h.SetLimit("other", ratelimit.Limit{1, 4}, administrators) }, want: 4},
		"the largest of two administrators": {set: func(h *ratelimit.Host) {
			h.SetLimit("other", ratelimit.Limit{1, 4}, administrators)
			h.SetLimit("another", ratelimit.Limit{1, 6}, administrators)
		}, want: 6},
		"an administrator's connection is gone": {set: func(h *ratelimit.Host) {
			h.SetLimit("c", ratelimit.Limit{1, 4}, administrators)
			h.Forget("c")
			h.SetLimit("c", ratelimit.Limit{}, own)
		}, want: 50},
		"the flag counts, whatever administrators say": {
			fixed: map[string]ratelimit.Limit{"*": {3, 9}},
			set:   func(h *ratelimit.Host) { h.SetLimit("other", ratelimit.Limit{1, 30}, administrators) }, want: 9,
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				host := ratelimit.NewHosts(test.fixed).Host("https://Cognigy.test/new/v2.0", "c")
				if test.set != nil {
					test.set(host)
				}
				time.Sleep(time.Minute) // a higher limit does not fill the bucket by itself
				NewWithT(t).Expect(burst(host, "c")).To(Equal(test.want))
			})
		})
	}
}

// Hosts are told apart by name and port, and by nothing else.
func TestHost(t *testing.T) {
	g := NewWithT(t)
	hosts := ratelimit.NewHosts(nil)
	host := hosts.Host("https://cognigy.test", "c")
	for _, same := range []string{"https://cognigy.test:443/new", "https://COGNIGY.test/", "https://cognigy.test.", "https://cognigy.test:0443", "https://ｃognigy.test"} {
		g.Expect(hosts.Host(same, "c")).To(BeIdenticalTo(host), same)
	}
	for _, other := range []string{"http://cognigy.test", "https://cognigy.test:8443", "https://api.cognigy.test"} {
		g.Expect(hosts.Host(other, "c")).NotTo(BeIdenticalTo(host), other)
	}
}

// Connections that come and go leave no host behind, but what was learned of one stays.
func TestHostsAreForgotten(t *testing.T) {
	g := NewWithT(t)
	hosts := ratelimit.NewHosts(nil)
	quiet, refusing := hosts.Host("https://quiet.test", "c"), hosts.Host("https://refusing.test", "c")
	g.Expect(refusing.Acquire(ratelimit.Request{Waiter: "w"})).To(BeTrue())
	refusing.Release("w", refused(0))
	_ = hosts.Host("https://other.test", "c")
	isKept := func(host *ratelimit.Host, address string) bool { return hosts.Host(address, "c") == host }
	g.Expect(isKept(quiet, "https://quiet.test")).To(BeTrue(), "a connection leads to it")
	quiet.Forget("c")
	refusing.Forget("c")
	_ = hosts.Host("https://another.test", "c")
	g.Expect(isKept(quiet, "https://quiet.test")).To(BeFalse())
	g.Expect(isKept(refusing, "https://refusing.test")).To(BeTrue())
}
