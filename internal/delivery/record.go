// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package delivery composes and reads the Secret that holds a delivered key. One write carries the plaintext and its record. The
// package sends no requests.
package delivery

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// Record says which key a Secret holds.
type Record struct {
	OwnerUID   string
	KeyID      string
	Preview    string
	EndpointID string
	IssuedAt   time.Time // when the attempt began, in microseconds
}

// annotations returns the record as the Secret carries it, without the checksum.
func (r Record) annotations() map[string]string {
	return map[string]string{
		v1alpha1.OwnerUIDAnnotation:   r.OwnerUID,
		v1alpha1.KeyIDAnnotation:      r.KeyID,
		v1alpha1.KeyPreviewAnnotation: r.Preview,
		v1alpha1.EndpointIDAnnotation: r.EndpointID,
		v1alpha1.IssuedAtAnnotation:   r.IssuedAt.UTC().Format(metav1.RFC3339Micro),
	}
}

// checksum binds a value to its record. It is no secret: a key of 64 random hexadecimal characters cannot be guessed from it.
func (r Record) checksum(value []byte) string {
	hash := sha256.New()
	for _, field := range []string{r.OwnerUID, r.KeyID, r.Preview, r.EndpointID, r.IssuedAt.UTC().Format(metav1.RFC3339Micro)} {
		hash.Write([]byte(field))
		hash.Write([]byte{0})
	}
	hash.Write(value)
	return hex.EncodeToString(hash.Sum(nil))
}

func readRecord(secret *corev1.Secret) Record {
	read := secret.Annotations
	// A time that cannot be read is the zero time, which no checksum fits.
	issuedAt, _ := time.Parse(time.RFC3339Nano, read[v1alpha1.IssuedAtAnnotation])
	return Record{
		OwnerUID:   read[v1alpha1.OwnerUIDAnnotation],
		KeyID:      read[v1alpha1.KeyIDAnnotation],
		Preview:    read[v1alpha1.KeyPreviewAnnotation],
		EndpointID: read[v1alpha1.EndpointIDAnnotation],
		IssuedAt:   issuedAt,
	}
}

// plausible reports whether the operator may have written the record. Whoever may write the Secret can compute the checksum of any
// other, and the API server would refuse the status that reports it.
func (r Record) plausible() bool {
	return cognigy.ValidID(r.KeyID) && utf8.RuneCountInString(r.Preview) <= cognigy.MaxPreviewLength
}

// locate returns the data key whose value fits the record's checksum. It tries the wanted one first: after a change of
// spec.secret.key, the value still has its old data key.
func (r Record) locate(secret *corev1.Secret, wanted string) (string, bool) {
	checksum := secret.Annotations[v1alpha1.ChecksumAnnotation]
	if value, ok := secret.Data[wanted]; ok && r.checksum(value) == checksum {
		return wanted, true
	}
	for name, value := range secret.Data {
		if r.checksum(value) == checksum {
			return name, true
		}
	}
	return "", false
}

// Preview returns the preview that the Secret records.
func Preview(secret *corev1.Secret) string { return secret.Annotations[v1alpha1.KeyPreviewAnnotation] }

// Read returns what the Secret holds for the resource. A nil Secret is absent.
func Read(secret *corev1.Secret, owner *v1alpha1.EndpointAPIKey) plan.Secret {
	if secret == nil {
		return plan.Secret{State: plan.SecretAbsent}
	}
	// mutation: foreign-secret-as-own
	if !ours(secret, owner) {
		return plan.Secret{State: plan.SecretForeign}
	}
	record := readRecord(secret)
	read := plan.Secret{
		State: plan.SecretOurs, KeyID: record.KeyID, EndpointID: record.EndpointID, IssuedAt: record.IssuedAt,
		Bound: slices.ContainsFunc(secret.OwnerReferences, func(reference metav1.OwnerReference) bool { return reference.UID == owner.UID }),
	}
	dataKey, found := record.locate(secret, owner.SecretKey())
	if !found || record.OwnerUID != string(owner.UID) ||
		// mutation: believe-implausible-record
		!record.plausible() {
		return read
	}
	read.Intact = true
	read.Outdated = dataKey != owner.SecretKey() || outdated(secret, owner)
	read.Head, read.Tail = ends(string(secret.Data[dataKey]))
	return read
}

// ours reports whether the Secret belongs to the resource: by its controller, or, without one, by the annotation.
func ours(secret *corev1.Secret, owner *v1alpha1.EndpointAPIKey) bool {
	if controller := metav1.GetControllerOf(secret); controller != nil {
		return controller.UID == owner.UID
	}
	return secret.Annotations[v1alpha1.OwnerUIDAnnotation] == string(owner.UID)
}

// ends returns the characters that a preview shows; none if they would be most of the value.
func ends(plaintext string) (head, tail string) {
	const shown = 4
	if len(plaintext) < 4*shown || strings.ContainsFunc(plaintext, func(r rune) bool { return r > 127 }) {
		return "", ""
	}
	return plaintext[:shown], plaintext[len(plaintext)-shown:]
}
