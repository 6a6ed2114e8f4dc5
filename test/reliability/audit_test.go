// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"regexp"
	"sync"

	"github.com/cognigy-operator/cognigy-operator/test/controlplane"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// auditor has the API server confirm that no write of the operator went past the proxies, and that no plaintext did.
type auditor struct {
	mu         sync.Mutex
	sent       map[string]int  // namespace: how many writes went through its proxy
	made       map[string]bool // SHA-256 of the plaintext of every key that was made
	plaintexts map[string]bool // of credentials, and of the keys whose answers arrived
}

var audit = &auditor{sent: map[string]int{}, made: map[string]bool{}, plaintexts: map[string]bool{}}

// add remembers an environment that has come to its end.
func (a *auditor) add(e *environment) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sent[e.Namespace] = e.injector.sent()
	for _, plaintext := range e.Plaintexts() {
		a.plaintexts[plaintext] = true
	}
	for _, entry := range e.Cognigy.Ledger() {
		a.made[entry.SHA256] = true
	}
}

// check is to be called when all environments have come to their end. It prints what it found out.
func (a *auditor) check() error {
	events, err := controlplane.ReadAuditLog(bed.AuditLog)
	if err != nil {
		return err
	}
	seen := map[string]int{}
	for i := range events {
		e := &events[i]
		request := controlplane.Request{Verb: e.Verb} // as if it were no dry run: those count here
		if e.User.Username != installation.User || !request.Write() || e.ObjectRef == nil || e.ObjectRef.Resource == "events" || e.ObjectRef.Resource == "leases" {
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

// hexadecimal is what keys look like.
var hexadecimal = regexp.MustCompile("[0-9a-f]{64}")

func (a *auditor) search() error {
	text, err := os.ReadFile(bed.AuditLog)
	if err != nil {
		return err
	}
	for _, candidate := range hexadecimal.FindAll(text, -1) {
		if a.plaintexts[string(candidate)] || a.made[fmt.Sprintf("%x", sha256.Sum256(candidate))] {
			return errors.New("S4: a plaintext is found in the audit log")
		}
	}
	for plaintext := range a.plaintexts {
		if !hexadecimal.MatchString(plaintext) && bytes.Contains(text, []byte(plaintext)) {
			return errors.New("S4: a credential is found in the audit log")
		}
	}
	return nil
}
