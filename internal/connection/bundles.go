// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"k8s.io/apimachinery/pkg/types"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
)

// bundlesPerTenant is how many bytes of CA bundles the clients of a namespace may trust together: nine times the authorities of a Linux
// distribution. In memory, a bundle takes up to seven times its size (measured with the smallest certificates that one subject has).
const bundlesPerTenant = 2 << 20

// checkBundles returns a condition.Failure if a connection's bundle is too much beside those of the tenant's other connections. The caller
// holds the lock.
func (r *Resolver) checkBundles(uid types.UID, size int, shared *tenant) error {
	total := size
	for other, known := range r.sessions {
		if other != uid && known.session.Lists == shared.lists {
			total += known.bundle
		}
	}
	// mutation: keep-every-bundle
	if size > 0 && total > bundlesPerTenant {
		return condition.Stalled(v1alpha1.ReasonInvalidSpec, "the operator keeps CA bundles of %d bytes for the CognigyConnections of a namespace "+
			"together, and the others leave no room for this one of %d bytes; keep only the authorities that sign the certificate of baseURL's host",
			bundlesPerTenant, size)
	}
	return nil
}
