// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package delivery_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
)

// Whether a key replaced another decides which workloads restart: the record keeps it, and notices when someone edits it.
func TestReplacement(t *testing.T) {
	g := NewWithT(t)
	first := delivered()
	g.Expect(delivery.Read(first, owner()).Replacement).To(BeFalse())
	first.Annotations[v1alpha1.ReplacementAnnotation] = "true"
	g.Expect(delivery.Read(first, owner()).Intact).To(BeFalse())

	later := record()
	later.Replacement = true
	secret := delivery.Compose(delivered(), owner(), later, plaintext, issuedAt)
	g.Expect(delivery.Read(secret, owner()).Replacement).To(BeTrue())
	g.Expect(delivery.Read(delivery.Repair(secret, owner()), owner()).Replacement).To(BeTrue())
	g.Expect(delivery.Read(delivery.Renew(secret, owner(), nil, false, issuedAt), owner()).Replacement).To(BeFalse())
	delete(secret.Annotations, v1alpha1.ReplacementAnnotation)
	g.Expect(delivery.Read(secret, owner()).Intact).To(BeFalse())
}

// A record of an operator that did not know the annotation is intact: else an upgrade would issue every key anew.
func TestChecksumBeforeReplacement(t *testing.T) {
	secret := delivered()
	var told []string
	for _, annotation := range []string{
		v1alpha1.RecordFormatAnnotation, v1alpha1.OwnerUIDAnnotation, v1alpha1.FormerOwnerUIDAnnotation, v1alpha1.KeyIDAnnotation,
		v1alpha1.KeyPreviewAnnotation, v1alpha1.EndpointIDAnnotation, v1alpha1.IssuedAtAnnotation, v1alpha1.RetiringAnnotation,
	} {
		told = append(told, secret.Annotations[annotation])
	}
	sum := sha256.Sum256([]byte(strings.Join(told, "\x00") + "\x00" + plaintext))
	NewWithT(t).Expect(secret.Annotations[v1alpha1.ChecksumAnnotation]).To(Equal(hex.EncodeToString(sum[:])))
}
