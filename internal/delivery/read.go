// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// locate returns the data key whose value fits the record's checksum. It tries the wanted one first: after a change of
// spec.secret.key, the value still has its old data key. What a template made may be a copy of the value.
func locate(secret *corev1.Secret, wanted string) (string, bool) {
	expected, copies := secret.Annotations[v1alpha1.ChecksumAnnotation], made(secret)
	fits := func(name string) bool {
		value, found := secret.Data[name]
		return found && copies[name] == "" && checksum(secret, value) == expected
	}
	if fits(wanted) {
		return wanted, true
	}
	for name := range secret.Data {
		if fits(name) {
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
		return plan.Secret{State: plan.SecretAbsent, Version: plan.SecretAbsentVersion}
	}
	record, plausible := readRecord(secret)
	dataKey, found := locate(secret, owner.SecretKey())
	intact := found &&
		// mutation: believe-implausible-record
		plausible
	read := plan.Secret{State: state(secret, owner, intact), Version: secret.ResourceVersion}
	if read.State == plan.SecretForeign || read.State == plan.SecretNewer {
		return read
	}
	read.KeyID, read.EndpointID, read.IssuedAt = record.KeyID, record.EndpointID, record.IssuedAt
	read.Bound = slices.ContainsFunc(secret.OwnerReferences, func(reference metav1.OwnerReference) bool { return reference.UID == owner.UID })
	if !intact {
		return read
	}
	read.Intact, read.Retiring, read.Replacement = true, record.Retiring, record.Replacement
	if record.OwnerUID != string(owner.UID) {
		read.FormerUID = record.OwnerUID
	}
	read.Outdated = dataKey != owner.SecretKey() || outdated(secret, owner) || !Rendered(secret, owner)
	read.Head, read.Tail = ends(string(secret.Data[dataKey]))
	return read
}

// state says whose the Secret is. It belongs to its controller. Without one, it belongs to the owner that its record names; if that
// record is intact and the Secret carries the operator's label, it may be from an earlier life of the resource.
func state(secret *corev1.Secret, owner *v1alpha1.EndpointAPIKey, intact bool) plan.SecretState {
	controller, named := metav1.GetControllerOf(secret), secret.Annotations[v1alpha1.OwnerUIDAnnotation]
	ours := controller != nil && controller.UID == owner.UID || controller == nil && named == string(owner.UID)
	labelled := controller == nil && secret.Labels[v1alpha1.SecretTypeLabel] == v1alpha1.SecretTypeAPIKey
	format, err := strconv.Atoi(secret.Annotations[v1alpha1.RecordFormatAnnotation])
	switch {
	case (ours || labelled) && err == nil && format > recordFormat:
		return plan.SecretNewer
	// mutation: foreign-secret-as-own
	case ours || labelled && intact:
		return plan.SecretOurs
	default:
		return plan.SecretForeign
	}
}

// Recorded is a key that a Secret records, with the UID of the owner that it was issued for.
type Recorded struct{ KeyID, UID string }

// RecordedKeys returns the keys that the annotations of a Secret record: the current one, and those that it replaced. They need not be
// intact.
func RecordedKeys(annotations map[string]string) (owner string, current Recorded, retiring []Recorded) {
	record, _ := readRecord(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Annotations: annotations}})
	for _, key := range record.Retiring {
		retiring = append(retiring, Recorded{key.KeyID, cmp.Or(key.FormerUID, record.OwnerUID)})
	}
	return record.OwnerUID, Recorded{record.KeyID, cmp.Or(record.FormerUID, record.OwnerUID)}, retiring
}

// FormerOwners returns the UIDs of the owners, other than the resource, that a Secret's record names.
func FormerOwners(secret *corev1.Secret, owner *v1alpha1.EndpointAPIKey) []string {
	if secret == nil {
		return nil
	}
	record, _ := readRecord(secret)
	named := []string{record.OwnerUID, record.FormerUID}
	for _, key := range record.Retiring {
		named = append(named, key.FormerUID)
	}
	slices.Sort(named)
	return slices.DeleteFunc(slices.Compact(named), func(uid string) bool { return uid == "" || uid == string(owner.UID) })
}

// ends returns the characters that a preview shows; none if they would be most of the value.
func ends(plaintext string) (head, tail string) {
	const shown = 4
	if len(plaintext) < 4*shown || strings.ContainsFunc(plaintext, func(r rune) bool { return r > 127 }) {
		return "", ""
	}
	return plaintext[:shown], plaintext[len(plaintext)-shown:]
}
