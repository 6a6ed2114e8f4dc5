// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	. "github.com/onsi/gomega"
)

// Kubernetes cannot store the Secret until a request to Cognigy would have timed out. The attempt has its delivery timeout left,
// so that it delivers its key, and none follows it. Earlier attempts may have failed, on a busy machine.
func TestSecretWrittenLate(t *testing.T) {
	t.Parallel()
	var made atomic.Int64
	late := &scenario{
		name: "Secret written late", during: effectCreate,
		user: func(e *environment) error {
			made.Store(int64(len(e.owned(e.Cognigy.Ledger()))))
			e.injector.storeLater(requestTimeout)
			return nil
		},
		ends: func(e *environment, g Gomega) {
			if more := int64(len(e.owned(e.Cognigy.Ledger()))) - made.Load(); made.Load() > 0 && more > 0 {
				StopTrying(fmt.Sprintf("%d more keys were made, where one attempt had the time to deliver", more)).Now()
			}
			e.issued(g)
		},
	}
	runScenario(t, late, nil, newFigures())
}
