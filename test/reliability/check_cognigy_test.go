// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// hitch is how late a request may arrive that was sent in time, on a busy machine.
const hitch = 500 * time.Millisecond

// checkPost: before a POST, the operator has recorded its intent, which the API server accepts only if the operator knows the
// current resource; the API server has checked the write of the Secret, the finalizer is there, and the Secret is not a foreign one.
// The operator cannot know of a deletion between the intent and the POST.
func (c *checker) checkPost(x *exchange) {
	o := c.named(x.postedName())
	if o == nil {
		c.report("S5: a POST of a key %q that no resource wants", x.postedName())
		return
	}
	var known permit
	if len(o.permits) == 0 {
		c.report("S6: a POST without an intent of its own")
	} else {
		known = o.permits[len(o.permits)-1]
		o.permits = o.permits[:len(o.permits)-1]
		if late := x.arrived.Sub(known.until); late > hitch {
			c.report("S6: a POST %s after the end of its attempt", late)
		}
		if known.checked.IsZero() {
			c.report("S2: a POST without a dry run of the Secret's write")
		}
	}
	key, err := c.e.Find(o.key)
	switch {
	case o.protected && (apierrors.IsNotFound(err) || err == nil && key.UID != o.uid):
		// The API server lets a deletion that began before the finalizer was there go through in spite of it
		// (https://github.com/kubernetes/kubernetes/issues/77988). The key must not outlive it.
		c.e.injector.remember("%s is gone, finalizer and all", o.key)
	case err != nil || key.UID != o.uid || !controllerutil.ContainsFinalizer(key, v1alpha1.Finalizer):
		c.report("S1: a POST without a finalizer on the resource: %v", err)
	case c.isServed(o, key) && !c.putBackSince(o.key, known.checked):
		c.report("a needless POST: the Secret holds a key that works, and need not be replaced")
	}
	if secret, err := c.e.readSecret(o.key); err == nil && !c.mayReplace(o, secret) && !c.putBackSince(o.key, known.checked) {
		c.report("S2: a POST on account of a Secret that is not the resource's")
	}
}

// mayReplace reports whether the key of a Secret is a resource's to replace: the Secret is its own, or from an earlier life.
func (c *checker) mayReplace(o *owner, secret *corev1.Secret) bool {
	return ownerOf(secret) == o.uid || c.fromEarlierLife(secret)
}

// isServed reports whether a resource has a working key. One that the Secret holds from an earlier life serves it, too.
func (c *checker) isServed(o *owner, key *v1alpha1.EndpointAPIKey) bool {
	current, ok := c.recorded(o.key)
	if !ok || current.RevokedAt != nil || !c.marks(current, o.key) {
		return false
	}
	return !slices.ContainsFunc(rotationsOf(key), func(at time.Time) bool {
		return current.CreatedAt.Add(-c.e.skew).Before(at.Add(time.Second))
	})
}

// rotationsOf returns the times from which a person wants another key.
func rotationsOf(key *v1alpha1.EndpointAPIKey) (times []time.Time) {
	if rotation := key.Spec.Rotation; rotation != nil && rotation.NotBefore != nil {
		times = append(times, rotation.NotBefore.Time)
	}
	if at, err := time.Parse(time.RFC3339, key.Annotations[v1alpha1.RotateRequestedAtAnnotation]); err == nil {
		times = append(times, at)
	}
	return times
}

// checkDelete: a key is revoked only if it is a resource's, and, while that is wanted, not if the Secret records it, nor if
// the one that the Secret records replaced it too recently.
func (c *checker) checkDelete(id string) {
	entry, _ := c.entry(id)
	o := c.holder(entry)
	if o == nil {
		c.report("S5: DELETE of key %s %q", id, entry.Name)
		return
	}
	key, err := c.e.Find(o.key)
	gone := apierrors.IsNotFound(err) || err == nil && key.UID != o.uid
	current, ok := c.recorded(o.key)
	switch {
	case entry.RevokedAt != nil:
	case gone && !o.retained.Load() && !c.stays(o, id):
	case err != nil && !gone:
		c.report("the resource cannot be read: %v", err)
	case !gone && !key.DeletionTimestamp.IsZero():
	case !ok || c.holder(current) != o:
	case current.ID == id && c.unseen(o.key, id):
	case current.ID == id:
		c.report("S3: DELETE of key %s, which the Secret records", id)
	case gone: // only what its Secret records was retained
	case c.overlaps(o, key, entry, current):
		c.report("S3: DELETE of key %s, whose overlap is not over", id)
	}
}

// settled is how long after an edit the operator may still act on what it saw before.
const settled = 5 * time.Second

// changes notes that the user is about to change how long replaced keys work.
func (c *checker) changes(key *v1alpha1.EndpointAPIKey) {
	o := c.ownerOf(key)
	c.mu.Lock()
	defer c.mu.Unlock()
	o.edited, o.former = time.Now(), overlapOf(key)
}

func overlapOf(key *v1alpha1.EndpointAPIKey) time.Duration {
	if key.Spec.Rotation == nil || key.Spec.Rotation.Overlap == nil {
		return 10 * time.Minute
	}
	return key.Spec.Rotation.Overlap.Duration
}

// latelyEdited reports whether the operator may still act on what it saw before an edit, and which overlap that was.
func (c *checker) latelyEdited(o *owner) (former time.Duration, edited bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return o.former, time.Since(o.edited) < settled
}

// maxOverlapOf is how long a replaced key works at most while workloads may use it.
func maxOverlapOf(key *v1alpha1.EndpointAPIKey) time.Duration {
	if key.Spec.Rotation == nil || key.Spec.Rotation.MaxOverlap == nil {
		return 24 * time.Hour
	}
	return key.Spec.Rotation.MaxOverlap.Duration
}

// overlaps reports whether a replaced key is within its overlap, and the one that the Secret records works. An overlap begins when the
// Secret comes to record another key: the operator writes it, or a user puts an earlier Secret back. It ends with maxOverlap while a Pod may
// use the replaced key.
func (c *checker) overlaps(o *owner, key *v1alpha1.EndpointAPIKey, replaced, current simulator.Entry) bool {
	handovers := c.handoversOf(o.key)
	latest := lastOf(handovers, current.ID)
	if latest < 0 {
		c.report("the Secret records key %s, which nobody delivered", current.ID)
		return false
	}
	if held := lastOf(handovers, replaced.ID); held >= 0 && held < latest {
		latest = held + 1 // each overlap begins with the key's own replacement
	} else if !replaced.CreatedAt.Before(current.CreatedAt) {
		return false
	}
	overlap := overlapOf(key)
	if overlap > 0 && c.isHeld(o, key, replaced.ID) {
		overlap = max(overlap, maxOverlapOf(key))
	}
	if former, edited := c.latelyEdited(o); edited {
		overlap = min(overlap, former)
	}
	return current.RevokedAt == nil && time.Since(handovers[latest].at) < overlap-longestAttempt
}

// lastOf is where a key comes last among others; -1 if it does not.
func lastOf(handovers []handover, keyID string) int {
	for i, one := range slices.Backward(handovers) {
		if one.keyID == keyID {
			return i
		}
	}
	return -1
}

// recorded returns the key that the Secret holds: its id and its value.
func (c *checker) recorded(name types.NamespacedName) (entry simulator.Entry, ok bool) {
	secret, err := c.e.readSecret(name)
	if err != nil {
		return entry, false
	}
	entry, ok = c.entry(secret.Annotations[v1alpha1.KeyIDAnnotation])
	return entry, ok && holdsKey(secret, entry)
}

// holdsKey reports whether the plaintext of a key is in a Secret.
func holdsKey(secret *corev1.Secret, entry simulator.Entry) bool {
	for _, value := range secret.Data {
		if sum := sha256.Sum256(value); hex.EncodeToString(sum[:]) == entry.SHA256 {
			return true
		}
	}
	return false
}
