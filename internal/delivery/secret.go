// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package delivery

import (
	"cmp"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// FieldManager is the operator's field manager in managedFields, for every object that it writes.
const FieldManager = "cognigy-operator"

// Compose returns the Secret that delivers a key: a new one if existing is nil, else existing with the operator's part replaced.
// Labels, annotations and data of others stay. What templates make of the key is Render's.
func Compose(existing *corev1.Secret, owner *v1alpha1.EndpointAPIKey, record Record, plaintext string, now time.Time) *corev1.Secret {
	secret := fresh(existing, owner)
	if old, ok := locate(secret, owner.SecretKey()); ok {
		delete(secret.Data, old)
	}
	value := []byte(plaintext)
	put(secret, owner.SecretKey(), value)
	record.write(secret, value, now)
	return secret
}

// Renew returns the Secret with a record that names the resource as its owner, the replaced keys given, and whether the key replaces
// another. The Secret's record must be intact. The value stays, and moves to the wanted data key.
func Renew(
	existing *corev1.Secret, owner *v1alpha1.EndpointAPIKey, retiring []plan.RetiringKey, replacement bool, now time.Time,
) *corev1.Secret {
	secret := Repair(existing, owner)
	record, _ := readRecord(secret)
	if uid := string(owner.UID); record.OwnerUID != uid {
		record.FormerUID, record.OwnerUID = cmp.Or(record.FormerUID, record.OwnerUID), uid
	}
	record.Retiring, record.Replacement = retiring, replacement
	record.write(secret, secret.Data[owner.SecretKey()], now)
	return secret
}

// Repair returns the Secret with the metadata that the spec wants, and the value under the wanted data key.
func Repair(existing *corev1.Secret, owner *v1alpha1.EndpointAPIKey) *corev1.Secret {
	secret := fresh(existing, owner)
	if old, ok := locate(secret, owner.SecretKey()); ok && old != owner.SecretKey() {
		put(secret, owner.SecretKey(), secret.Data[old])
		delete(secret.Data, old)
	}
	return secret
}

// Detach returns the Secret without its owner reference, so that Kubernetes does not delete it with its owner.
func Detach(existing *corev1.Secret, owner *v1alpha1.EndpointAPIKey) *corev1.Secret {
	secret := existing.DeepCopy()
	disown(secret, owner)
	return secret
}

func disown(secret *corev1.Secret, owner *v1alpha1.EndpointAPIKey) {
	secret.OwnerReferences = slices.DeleteFunc(secret.OwnerReferences, func(reference metav1.OwnerReference) bool {
		return reference.UID == owner.UID
	})
}

// fresh returns a copy of the Secret with labels, annotations and owner reference as the spec wants them.
func fresh(existing *corev1.Secret, owner *v1alpha1.EndpointAPIKey) *corev1.Secret {
	secret := &corev1.Secret{Type: owner.SecretType()}
	if existing != nil {
		secret = existing.DeepCopy()
	}
	name := owner.SecretName()
	secret.Namespace, secret.Name = name.Namespace, name.Name
	if secret.Data == nil {
		secret.Data = map[string][]byte{}
	}
	wantedLabels := map[string]string{v1alpha1.SecretTypeLabel: v1alpha1.SecretTypeAPIKey}
	for key, value := range owner.Spec.Secret.Labels {
		wantedLabels[key] = string(value)
	}
	wantedAnnotations := map[string]string{}
	for key, value := range owner.Spec.Secret.Annotations {
		wantedAnnotations[key] = string(value)
	}
	written := writtenByUs(secret)
	secret.Labels = merge(secret.Labels, wantedLabels, written, "labels")
	secret.Annotations = merge(secret.Annotations, wantedAnnotations, written, "annotations")
	setController(secret, owner)
	return secret
}

// merge adds what the spec wants, and removes what the operator wrote and the spec does not want any more. The record stays, and what
// tells of the data that templates made.
func merge(current, wanted map[string]string, written *fieldpath.Set, field string) map[string]string {
	merged := map[string]string{}
	for key, value := range current {
		_, kept := wanted[key]
		if kept || isRecord(key) || !written.Has(fieldpath.MakePathOrDie("metadata", field, key)) {
			merged[key] = value
		}
	}
	maps.Copy(merged, wanted)
	return merged
}

func isRecord(annotation string) bool {
	return annotation == v1alpha1.ChecksumAnnotation || annotation == v1alpha1.TemplatesAnnotation || slices.Contains(recordAnnotations, annotation)
}

// writtenByUs returns the fields that the operator wrote, according to managedFields.
func writtenByUs(secret *corev1.Secret) *fieldpath.Set {
	written := fieldpath.NewSet()
	for _, entry := range secret.ManagedFields {
		if entry.Manager != FieldManager || entry.FieldsV1 == nil {
			continue
		}
		fields := fieldpath.NewSet()
		if fields.FromJSON(entry.FieldsV1.GetRawReader()) == nil {
			written = written.Union(fields)
		}
	}
	return written
}

// setController makes the resource the Secret's one controller. Callers have made sure that there is no other. A Secret that
// is to outlive its resource has none: the garbage collector does not wait for the operator if a deletion is in the foreground.
func setController(secret *corev1.Secret, owner *v1alpha1.EndpointAPIKey) {
	if owner.Spec.DeletionPolicy == v1alpha1.DeletionPolicyRetain {
		disown(secret, owner)
		return
	}
	reference := *metav1.NewControllerRef(owner, v1alpha1.GroupVersion.WithKind("EndpointAPIKey"))
	for i := range secret.OwnerReferences {
		if secret.OwnerReferences[i].UID == owner.UID {
			secret.OwnerReferences[i] = reference
			return
		}
	}
	secret.OwnerReferences = append(secret.OwnerReferences, reference)
}

func outdated(secret *corev1.Secret, owner *v1alpha1.EndpointAPIKey) bool {
	wanted := fresh(secret, owner)
	return secret.Type != owner.SecretType() || !equality.Semantic.DeepEqual(secret.ObjectMeta, wanted.ObjectMeta)
}
