// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"golang.org/x/sync/semaphore"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// largeAnswersPerTenant is how many large answers are decoded at a time for the connections of a namespace, which may be hostile
// and so may be what it has the operator connect to.
const largeAnswersPerTenant = 2

// tenant is what the connections of a namespace share; a connection of the cluster-wide kind has its own. It bounds the memory that they
// take, however many they are.
type tenant struct {
	largeAnswers *semaphore.Weighted
	lists        *Lists
}

// tenantOf returns what a connection shares with others. The caller holds the lock.
func (r *Resolver) tenantOf(connection v1alpha1.Connection) *tenant {
	name := Tenant(connection)
	if r.tenants[name] == nil {
		r.forgetTenants()
		if r.tenants == nil {
			r.tenants = map[string]*tenant{}
		}
		r.tenants[name] = &tenant{largeAnswers: semaphore.NewWeighted(largeAnswersPerTenant), lists: NewLists(r.Clock)}
	}
	return r.tenants[name]
}

// forgetTenants forgets tenants that have no session. Their answers that are still being decoded go on to count: one could decode more
// of them by making its connections anew. The caller holds the lock.
func (r *Resolver) forgetTenants() {
	used := map[*Lists]bool{}
	for _, known := range r.sessions {
		used[known.session.Lists] = true
	}
	for name, each := range r.tenants {
		if used[each.lists] || !each.largeAnswers.TryAcquire(largeAnswersPerTenant) {
			continue
		}
		each.largeAnswers.Release(largeAnswersPerTenant)
		delete(r.tenants, name)
	}
}
