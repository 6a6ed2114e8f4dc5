// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// Kubernetes cannot store the Secret until a request to Cognigy would have timed out. The attempt has its delivery timeout left,
// so that the key is delivered, and no other is made.
func TestSecretWrittenLate(t *testing.T) {
	t.Parallel()
	late := &scenario{
		name: "Secret written late", during: effectCreate,
		user: func(e *environment) error {
			e.injector.storeLater(requestTimeout + time.Second)
			return nil
		},
		ends: func(e *environment, g Gomega) {
			if made := len(e.owned(e.Cognigy.Ledger())); made > 1 {
				StopTrying(fmt.Sprintf("%d keys were made, where one attempt had the time to deliver", made)).Now()
			}
			e.issued(g)
		},
	}
	runScenario(t, late, nil, newFigures())
}
