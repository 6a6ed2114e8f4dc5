// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"slices"
	"strings"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// checkInvariants checks an environment that has converged, and reports everything that was wrong on the way.
func (e *environment) checkInvariants() {
	e.t.Helper()
	for _, entry := range e.Cognigy.Ledger() {
		if slices.Contains(e.strange, entry.ID) && entry.RevokedAt != nil {
			e.checker.report("S5: key %s %q was revoked", entry.ID, entry.Name)
		}
	}
	now := &corev1.Secret{}
	err := cluster.Get(e.Context, client.ObjectKeyFromObject(e.foreign), now)
	if apierrors.IsNotFound(err) && holds(e.namespaceGone) {
		now, err = e.foreign, nil // Kubernetes removed it with the namespace
	}
	e.Expect(err).NotTo(HaveOccurred())
	if now.ResourceVersion != e.foreign.ResourceVersion {
		e.checker.report("S2: a Secret of somebody else's was written")
	}
	if strings.Contains(e.output.String(), "panic") {
		e.checker.report("the operator panicked")
	}
	e.searchPlaintexts()
	for _, violation := range e.checker.found() {
		e.t.Error(violation)
	}
}

// searchPlaintexts looks for keys and credentials where they must not be: in what the operator printed, in events, and in
// objects, except for the data of the Secrets that are to hold them.
func (e *environment) searchPlaintexts() {
	holders := slices.Clone(credentials)
	for _, o := range e.checker.known() {
		holders = append(holders, o.key.Name)
	}
	places := e.ObjectTexts(e.Context, func(secret *corev1.Secret) bool { return slices.Contains(holders, secret.Name) })
	places["operator's logs"] = e.output.String()
	for _, finding := range e.FindPlaintexts(places) {
		e.checker.report("S4: %s", finding)
	}
}
