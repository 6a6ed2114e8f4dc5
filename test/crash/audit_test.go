// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package crash_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// checkAudit has the API server confirm that no write of the operator went past the proxies, and that no plaintext did.
func (f *figures) checkAudit(t *testing.T) {
	t.Helper()
	events, err := controlplane.ReadAuditLog(audit)
	if err != nil {
		t.Error(err)
		return
	}
	user := "system:serviceaccount:" + installation.Namespace + ":" + installation.ServiceAccount
	seen := map[string]int{}
	for i := range events {
		e := &events[i]
		request := controlplane.Request{Verb: e.Verb} // as if it were no dry run: those count here
		if e.User.Username != user || !request.Write() || e.ObjectRef.Resource == "events" || e.ObjectRef.Resource == "leases" {
			continue
		}
		seen[e.ObjectRef.Namespace]++
	}
	sum := 0
	for namespace, count := range f.sent {
		if seen[namespace] != count {
			t.Errorf("namespace %s: %d writes through the proxy, %d in the audit log", namespace, count, seen[namespace])
		}
		sum += seen[namespace]
		delete(seen, namespace)
	}
	for namespace, count := range seen {
		t.Errorf("%d writes to namespace %q, which has no case", count, namespace)
	}
	t.Logf("the audit log confirms all %d writes to Kubernetes, dry runs included", sum)
	f.searchAudit(t)
}

var plaintext = regexp.MustCompile("[0-9a-f]{64}")

func (f *figures) searchAudit(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(audit)
	if err != nil {
		t.Error(err)
		return
	}
	for _, candidate := range plaintext.FindAll(text, -1) {
		if f.plaintexts[string(candidate)] {
			t.Error("S4: a plaintext is found in the audit log")
		}
	}
}
