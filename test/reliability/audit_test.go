// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"sync"

	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// auditor has the API server confirm that no write of the operator went past the proxies, and that no plaintext did.
type auditor struct {
	mu         sync.Mutex
	sent       map[string]int // namespace: how many writes went through its proxy
	plaintexts map[string]bool
}

var audit = &auditor{sent: map[string]int{}, plaintexts: map[string]bool{}}

// add remembers a world that has come to its end.
func (a *auditor) add(w *world) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sent[w.namespace] = w.gate.sent()
	maps.Copy(a.plaintexts, w.court.plaintexts)
}

// check is to be called when all worlds have come to their end. It prints what it found out.
func (a *auditor) check() error {
	events, err := controlplane.ReadAuditLog(bed.AuditLog)
	if err != nil {
		return err
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
	var wrong []error
	sum := 0
	for namespace, count := range a.sent {
		if seen[namespace] != count {
			wrong = append(wrong, fmt.Errorf("namespace %s: %d writes through the proxy, %d in the audit log", namespace, count, seen[namespace]))
		}
		sum += seen[namespace]
		delete(seen, namespace)
	}
	for namespace, count := range seen {
		wrong = append(wrong, fmt.Errorf("%d writes to namespace %q, which has no case", count, namespace))
	}
	fmt.Printf("the audit log confirms all %d writes to Kubernetes, dry runs included\n", sum)
	return errors.Join(append(wrong, a.search())...)
}

var plaintext = regexp.MustCompile("[0-9a-f]{64}")

func (a *auditor) search() error {
	text, err := os.ReadFile(bed.AuditLog)
	if err != nil {
		return err
	}
	for _, candidate := range plaintext.FindAll(text, -1) {
		if a.plaintexts[string(candidate)] {
			return errors.New("S4: a plaintext is found in the audit log")
		}
	}
	return nil
}
