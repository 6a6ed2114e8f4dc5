// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// court judges effects at their instant: while one is held it reads the objects as they are, and knows what it would do.
type court struct {
	w *world

	mu         sync.Mutex
	owners     []*owner
	violations []string
	plaintexts map[string]bool
}

// owner is an EndpointAPIKey that the user made. Its effects are judged one at a time, and nobody else touches the record.
type owner struct {
	key     types.NamespacedName
	uid     types.UID
	marker  string
	intent  time.Time // the latest that was recorded
	permits []permit
	// rehearsed: the API server has checked the write of the Secret since the last intent.
	rehearsed bool
	// protected: the last answer about it had the finalizer.
	protected bool
	// former is the overlap before the user changed it last, at edited. The court's lock guards both.
	former   time.Duration
	edited   time.Time
	retained atomic.Bool // it was let go of with its key
}

// permit is an intent that no POST has used. It does not tell which process recorded it: one that finds the intent of a dead
// one must wait until that is too old for a POST.
type permit struct {
	at        time.Time
	rehearsed bool
}

// owner returns the record of a resource, which is made with its first effect. What an effect is about exists: the API server
// took it, and only the user makes resources.
func (c *court) owner(key types.NamespacedName, uid types.UID) *owner {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range c.owners {
		if o.uid == uid {
			return o
		}
	}
	o := &owner{key: key, uid: uid, marker: plan.Marker(bed.ClusterUID, string(uid))}
	c.owners = append(c.owners, o)
	return o
}

func (c *court) ownerOf(key *v1alpha1.EndpointAPIKey) *owner {
	return c.owner(client.ObjectKeyFromObject(key), key.UID)
}

// named returns the owner of a key in Cognigy, or nil.
func (c *court) named(name string) *owner {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range c.owners {
		if plan.HasMarker(name, o.marker) {
			return o
		}
	}
	return nil
}

// known returns the records of all resources that had an effect.
func (c *court) known() []*owner {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.owners)
}

// found returns what was wrong so far.
func (c *court) found() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.violations)
}

// subject is the name of the resource that an effect is about: its effects are judged one at a time. Empty for others.
func (c *court) subject(x *exchange) string {
	switch {
	case x.effect == effectPost:
		if o := c.named(x.postedName()); o != nil {
			return o.key.Name
		}
	case x.effect == effectDelete:
		if entry, ok := c.entry(path.Base(x.path)); ok && c.named(entry.Name) != nil {
			return c.named(entry.Name).key.Name
		}
	case strings.Contains(x.effect, " endpointapikeys"), strings.Contains(x.effect, " secrets"):
		return x.objectName()
	}
	return ""
}

func (c *court) sees(x *exchange) {
	switch x.effect {
	case effectPost:
		c.judgePost(x.postedName())
	case effectDelete:
		c.judgeDelete(path.Base(x.path))
	}
}

func (c *court) saw(x *exchange) {
	switch {
	case x.answer.status >= http.StatusMultipleChoices:
	case x.effect == effectPost:
		var made struct{ Key string }
		if json.Unmarshal(x.answer.body, &made) == nil {
			c.hears(made.Key)
		}
	case strings.HasSuffix(x.effect, " secrets"+dryRun):
		if secret, ok := decode(x.body).(*corev1.Secret); ok {
			c.owner(client.ObjectKeyFromObject(secret), types.UID(secret.Annotations[v1alpha1.OwnerUIDAnnotation])).rehearsed = true
		}
	case strings.Contains(x.effect, " endpointapikeys"):
		c.judgeResource(x.answer.body)
	}
}

// judgePost: before a key is made, the intent is recorded, which the API server takes only from who knows the resource as it
// is; the write of the Secret was rehearsed, the finalizer is there, and the Secret is not somebody else's. A deletion that
// comes between the intent and the POST cannot be known.
func (c *court) judgePost(name string) {
	o := c.named(name)
	if o == nil {
		c.accuse("S5: a POST of a key %q that no resource wants", name)
		return
	}
	if len(o.permits) == 0 {
		c.accuse("S6: a POST without an intent of its own")
	} else {
		known := o.permits[len(o.permits)-1]
		o.permits = o.permits[:len(o.permits)-1]
		if late := time.Since(known.at); late > requestTimeout {
			c.accuse("S6: a POST %s after its intent", late)
		}
		if !known.rehearsed {
			c.accuse("S2: a POST without a rehearsal of the Secret's write")
		}
	}
	switch key, err := c.w.read(o.key); {
	case o.protected && (apierrors.IsNotFound(err) || err == nil && key.UID != o.uid):
		// The API server lets a deletion that began before the finalizer was there go through in spite of it
		// (https://github.com/kubernetes/kubernetes/issues/77988). The key must not outlive it.
		c.w.gate.remember("%s vanished with its finalizer", o.key)
	case err != nil || key.UID != o.uid || !controllerutil.ContainsFinalizer(key, v1alpha1.Finalizer):
		c.accuse("S1: a POST without a finalizer on the resource: %v", err)
	}
	if secret, err := c.w.readSecret(o.key); err == nil && secret.Annotations[v1alpha1.OwnerUIDAnnotation] != string(o.uid) {
		c.accuse("S2: a POST on account of a Secret that is not the resource's")
	}
}

// judgeDelete: a key is revoked only if it is a resource's, and, while that is wanted, not if the Secret records it, nor if
// the one that the Secret records replaced it too recently.
func (c *court) judgeDelete(id string) {
	entry, _ := c.entry(id)
	o := c.named(entry.Name)
	if o == nil {
		c.accuse("S5: DELETE of key %s %q", id, entry.Name)
		return
	}
	key, err := c.w.read(o.key)
	if apierrors.IsNotFound(err) || err == nil && (key.UID != o.uid || !key.DeletionTimestamp.IsZero()) || entry.RevokedAt != nil {
		return
	}
	current, issuedAt, ok := c.recorded(o.key)
	switch {
	case err != nil:
		c.accuse("the resource cannot be read: %v", err)
	case !ok || !plan.HasMarker(current.Name, o.marker):
	case current.ID == id:
		c.accuse("S3: DELETE of key %s, which the Secret records", id)
	case c.overlaps(o, key, issuedAt) && entry.CreatedAt.Before(current.CreatedAt) && current.RevokedAt == nil:
		c.accuse("S3: DELETE of key %s, whose overlap is not over", id)
	}
}

// settled is how long after an edit the operator may still act on what it saw before.
const settled = 5 * time.Second

// changes notes that the user is about to change how long replaced keys work.
func (c *court) changes(key *v1alpha1.EndpointAPIKey) {
	o := c.ownerOf(key)
	c.mu.Lock()
	defer c.mu.Unlock()
	o.edited, o.former = time.Now(), overlapOf(key)
}

func overlapOf(key *v1alpha1.EndpointAPIKey) time.Duration {
	if key.Spec.Rotation == nil || key.Spec.Rotation.Overlap == nil {
		return 0
	}
	return key.Spec.Rotation.Overlap.Duration
}

// overlaps tells whether the keys that the current one replaced are to work still.
func (c *court) overlaps(o *owner, key *v1alpha1.EndpointAPIKey, issuedAt time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	overlap := overlapOf(key)
	if time.Since(o.edited) < settled {
		overlap = min(overlap, o.former)
	}
	return time.Now().Before(issuedAt.Add(overlap))
}

// recorded returns the key that the Secret holds: its id and its value.
func (c *court) recorded(name types.NamespacedName) (entry simulator.Entry, issuedAt time.Time, ok bool) {
	secret, err := c.w.readSecret(name)
	if err != nil {
		return entry, issuedAt, false
	}
	entry, ok = c.entry(secret.Annotations[v1alpha1.KeyIDAnnotation])
	issuedAt, err = time.Parse(time.RFC3339Nano, secret.Annotations[v1alpha1.IssuedAtAnnotation])
	return entry, issuedAt, ok && err == nil && holdsKey(secret, entry)
}

// holdsKey tells whether the plaintext of a key is in a Secret.
func holdsKey(secret *corev1.Secret, entry simulator.Entry) bool {
	for _, value := range secret.Data {
		if sum := sha256.Sum256(value); hex.EncodeToString(sum[:]) == entry.SHA256 {
			return true
		}
	}
	return false
}

// judgeResource: no intent is recorded on a resource that is being deleted or suspended, and the finalizer goes when no key
// works any more.
func (c *court) judgeResource(body []byte) {
	key := &v1alpha1.EndpointAPIKey{}
	if err := json.Unmarshal(body, key); err != nil {
		c.accuse("the API server's answer cannot be read: %v", err)
		return
	}
	o := c.ownerOf(key)
	deleting := !key.DeletionTimestamp.IsZero()
	o.protected = controllerutil.ContainsFinalizer(key, v1alpha1.Finalizer)
	if key.Status.Issuance != nil && !key.Status.Issuance.StartedAt.Time.Equal(o.intent) {
		o.intent = key.Status.Issuance.StartedAt.Time
		o.permits = append(o.permits, permit{at: o.intent, rehearsed: o.rehearsed})
		o.rehearsed = false
		if deleting || key.Spec.Suspend {
			c.accuse("S6: an intent on a resource that is being deleted or suspended")
		}
	}
	if !deleting || o.protected {
		return
	}
	if key.Spec.DeletionPolicy == v1alpha1.DeletionPolicyRetain {
		o.retained.Store(true)
	} else if live := c.w.liveOf(o.marker); len(live) > 0 {
		c.accuse("S1: the finalizer is gone, and %d keys work", len(live))
	}
}

func (c *court) entry(id string) (simulator.Entry, bool) {
	for _, entry := range c.w.cognigy.Ledger() {
		if entry.ID == id {
			return entry, true
		}
	}
	return simulator.Entry{}, false
}

// hears remembers a plaintext, which must not be found anywhere but in its Secret.
func (c *court) hears(plaintext string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if plaintext != "" {
		c.plaintexts[plaintext] = true
	}
}

func (c *court) accuse(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.violations = append(c.violations, fmt.Sprintf(format, args...))
	c.w.gate.remember("VIOLATION "+format, args...)
}
