// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit

import "time"

// shares are the buckets of the namespaces that sent requests lately.
type shares map[string]*bucket

// of returns a namespace's bucket, which permits what the whole host's does.
func (s shares) of(namespace string, all *bucket, now time.Time) *bucket {
	if s[namespace] == nil {
		s.prune(now)
		s[namespace] = newBucket(float64(all.tokens.Limit()), all.tokens.Burst())
	}
	own := s[namespace]
	if own.tokens.Burst() != all.tokens.Burst() {
		own.resize(all.tokens.Burst(), now)
	}
	own.set(float64(all.tokens.Limit()), all.tokens.Burst(), now)
	return own
}

// prune drops full buckets, which are as good as new ones.
func (s shares) prune(now time.Time) {
	for namespace, own := range s {
		if own.used(now) <= 0 {
			delete(s, namespace)
		}
	}
}

// wait is how long it takes until a namespace has used no more tokens than there are left. So a namespace alone has the whole
// rate and half of the burst, and one that asked for nothing lately finds tokens at once.
func (s shares) wait(namespace string, all *bucket, now time.Time) time.Duration {
	over := s.of(namespace, all, now).used(now) - all.free(now)
	return all.after(over / 2) // while it uses fewer, more are left
}
