// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package delivery composes and reads the Secret that holds a delivered key. One write carries the plaintext and its record. The
// package sends no requests.
package delivery

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"strconv"
	"time"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

// Record says which key a Secret holds, and which ones it replaced.
type Record struct {
	OwnerUID   string
	FormerUID  string // of the owner that the key was issued for, if that is another one
	KeyID      string
	Preview    string
	EndpointID string
	IssuedAt   time.Time // when the attempt began, in microseconds
	Retiring   []plan.RetiringKey
	// Replacement is true if workloads may have read another key before this one.
	Replacement bool
}

// recordFormat is the format of the records that the operator writes and reads.
const recordFormat = 1

// recordAnnotations carry the record, in the order in which the checksum takes them.
var recordAnnotations = []string{
	v1alpha1.RecordFormatAnnotation, v1alpha1.OwnerUIDAnnotation, v1alpha1.FormerOwnerUIDAnnotation, v1alpha1.KeyIDAnnotation,
	v1alpha1.KeyPreviewAnnotation, v1alpha1.EndpointIDAnnotation, v1alpha1.IssuedAtAnnotation, v1alpha1.RetiringAnnotation,
	v1alpha1.ReplacementAnnotation,
}

// retiringEntry is a replaced key in RetiringAnnotation.
type retiringEntry struct {
	KeyID      string      `json:"keyID"`
	KeyPreview string      `json:"keyPreview,omitempty"`
	ReplacedAt metav1.Time `json:"replacedAt"`
	FormerUID  string      `json:"formerOwnerUID,omitempty"`
}

// write replaces the record that the Secret carries, and its checksum over a value. Keys that are replaced with this write are so
// from now on.
func (r Record) write(secret *corev1.Secret, value []byte, now time.Time) {
	written := map[string]string{
		v1alpha1.RecordFormatAnnotation: strconv.Itoa(recordFormat),
		v1alpha1.OwnerUIDAnnotation:     r.OwnerUID,
		v1alpha1.KeyIDAnnotation:        r.KeyID,
		v1alpha1.KeyPreviewAnnotation:   r.Preview,
		v1alpha1.EndpointIDAnnotation:   r.EndpointID,
		v1alpha1.IssuedAtAnnotation:     r.IssuedAt.UTC().Format(metav1.RFC3339Micro),
	}
	if r.FormerUID != "" {
		written[v1alpha1.FormerOwnerUIDAnnotation] = r.FormerUID
	}
	if len(r.Retiring) > 0 {
		written[v1alpha1.RetiringAnnotation] = writeRetiring(r.Retiring, now)
	}
	if r.Replacement {
		written[v1alpha1.ReplacementAnnotation] = strconv.FormatBool(true)
	}
	for _, name := range recordAnnotations {
		delete(secret.Annotations, name)
	}
	maps.Copy(secret.Annotations, written)
	secret.Annotations[v1alpha1.ChecksumAnnotation] = checksum(secret, value)
}

func writeRetiring(retiring []plan.RetiringKey, now time.Time) string {
	var entries []retiringEntry
	for _, key := range retiring {
		replacedAt := key.ReplacedAt
		if replacedAt.IsZero() { // the next whole second, so that the overlap is not shortened
			replacedAt = now.Add(time.Second - 1).Truncate(time.Second)
		}
		entries = append(entries, retiringEntry{key.KeyID, key.Preview, metav1.NewTime(replacedAt), key.FormerUID})
	}
	text, err := json.Marshal(entries)
	if err != nil {
		panic(err) // texts and times do not fail
	}
	return string(text)
}

// checksum binds a value to the record. It is no secret: a key of 64 random hexadecimal characters cannot be guessed from it.
func checksum(secret *corev1.Secret, value []byte) string {
	hash := sha256.New()
	for _, name := range recordAnnotations {
		text, present := secret.Annotations[name]
		if name == v1alpha1.ReplacementAnnotation && !present {
			continue // as in records that are older than the annotation
		}
		hash.Write([]byte(text))
		hash.Write([]byte{0})
	}
	hash.Write(value)
	return hex.EncodeToString(hash.Sum(nil))
}

// readRecord returns the record that the Secret carries, and whether the operator may have written it. Whoever may write the Secret
// can compute the checksum of any other, and the API server would refuse the status that reports it.
func readRecord(secret *corev1.Secret) (record Record, plausible bool) {
	read := secret.Annotations
	issuedAt, err := time.Parse(time.RFC3339Nano, read[v1alpha1.IssuedAtAnnotation])
	retiring, readable := readRetiring(read[v1alpha1.RetiringAnnotation])
	record = Record{
		OwnerUID: read[v1alpha1.OwnerUIDAnnotation], FormerUID: read[v1alpha1.FormerOwnerUIDAnnotation],
		KeyID: read[v1alpha1.KeyIDAnnotation], Preview: read[v1alpha1.KeyPreviewAnnotation],
		EndpointID: read[v1alpha1.EndpointIDAnnotation], IssuedAt: issuedAt, Retiring: retiring,
		Replacement: read[v1alpha1.ReplacementAnnotation] != "",
	}
	plausible = err == nil && readable && reportable(record.KeyID, record.Preview, record.FormerUID) &&
		read[v1alpha1.RecordFormatAnnotation] == strconv.Itoa(recordFormat)
	return record, plausible
}

func readRetiring(text string) (retiring []plan.RetiringKey, readable bool) {
	if text == "" {
		return nil, true
	}
	var entries []retiringEntry
	if err := json.Unmarshal([]byte(text), &entries); err != nil || len(entries) > plan.MaxRetiring {
		return nil, false
	}
	for _, entry := range entries {
		if !reportable(entry.KeyID, entry.KeyPreview, entry.FormerUID) {
			return nil, false
		}
		retiring = append(retiring, plan.RetiringKey{
			KeyID: entry.KeyID, Preview: entry.KeyPreview, ReplacedAt: entry.ReplacedAt.UTC(), FormerUID: entry.FormerUID,
		})
	}
	return retiring, true
}

// reportable reports whether a status can hold what a record says of a key.
func reportable(keyID, preview, formerUID string) bool {
	return cognigy.ValidID(keyID) && utf8.RuneCountInString(preview) <= cognigy.MaxPreviewLength && len(formerUID) <= maxUIDLength
}

// maxUIDLength is how long a UID may be in a status. Kubernetes makes them of 36 characters.
const maxUIDLength = 64
