// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package ratelimit

import (
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// budget is how many requests one host may get.
type budget struct {
	adaptation
	all     *bucket
	routine *bucket // half of it, for routine requests
	shares  shares
	own     map[types.UID]*bucket // of connections with a limit of their own
}

func newBudget(limit Limit) budget {
	return budget{
		adaptation: newAdaptation(limit), all: newBucket(float64(limit.PerSecond), limit.Burst),
		routine: newBucket(float64(limit.PerSecond)/2, max(1, limit.Burst/2)), shares: shares{}, own: map[types.UID]*bucket{},
	}
}

// update has the buckets permit what the adaptation found out.
func (b *budget) update(now time.Time) {
	b.all.set(b.perSecond, b.burst(), now)
	b.routine.set(b.perSecond/2, max(1, b.burst()/2), now)
}

// setOwn limits the requests of a connection by itself.
func (b *budget) setOwn(connection types.UID, limit Limit, now time.Time) {
	switch {
	case limit == Limit{}:
		delete(b.own, connection)
	case b.own[connection] == nil:
		b.own[connection] = newBucket(float64(limit.PerSecond), limit.Burst)
	default:
		b.own[connection].set(float64(limit.PerSecond), limit.Burst, now)
	}
}

// wait is how long it takes until anybody may send a request.
func (b *budget) wait(now time.Time) time.Duration { return max(b.window(now), b.all.wait(now)) }

// waitOf is how long it takes until a connection may send a request as far as its own limit is concerned.
func (b *budget) waitOf(connection types.UID, now time.Time) time.Duration {
	if own := b.own[connection]; own != nil {
		return own.wait(now)
	}
	return 0
}

// buckets are those from which a request takes a token.
func (b *budget) buckets(r *Request, now time.Time) []*bucket {
	buckets := []*bucket{b.all, b.shares.of(r.Namespace, b.all, now)}
	if r.Routine {
		buckets = append(buckets, b.routine)
	}
	if own := b.own[r.Connection]; own != nil {
		buckets = append(buckets, own)
	}
	return buckets
}

// idle reports whether the budget is as good as a new one.
func (b *budget) idle(now time.Time) bool {
	return b.atLimit() && b.window(now) == 0 && b.all.used(now) <= 0
}
