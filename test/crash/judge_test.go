// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package crash_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// court judges effects at their instant: while one is held it reads the objects as they are, and knows what it would do.
type court struct {
	w *world

	mu         sync.Mutex
	violations []string
	plaintexts map[string]bool

	// Effects are judged one at a time, and nobody else reads these.
	intent    intent
	rehearsed int // the life that last had the API server check the write of the Secret, since the last POST; 0: none
}

// intent is the latest that was recorded on the resource.
type intent struct {
	life      int
	startedAt metav1.MicroTime
	spent     bool
}

func (c *court) sees(life int, x *exchange) {
	switch x.effect {
	case effectPost:
		c.judgePost(life)
	case effectDelete:
		c.judgeDelete(path.Base(x.path))
	}
}

func (c *court) saw(life int, x *exchange) {
	switch {
	case x.answer.status >= http.StatusMultipleChoices:
	case x.effect == effectPost:
		var made struct{ Key string }
		if json.Unmarshal(x.answer.body, &made) == nil {
			c.hears(made.Key)
		}
	case strings.HasSuffix(x.effect, " secrets"+dryRun):
		c.rehearsed = life
	case strings.Contains(x.effect, " endpointapikeys"):
		c.judgeResource(life, x.answer.body)
	}
}

// judgePost: before a key is made, this process has recorded its intent, which the API server takes only from who knows the
// resource as it is; the write of the Secret was rehearsed, the finalizer is there, and the Secret is not somebody else's. A
// deletion that comes between the intent and the POST cannot be known.
func (c *court) judgePost(life int) {
	known, rehearsed := c.intent, c.rehearsed
	c.intent.spent, c.rehearsed = true, 0
	if known.startedAt.IsZero() || known.life != life || known.spent {
		c.accuse("S6: a POST without an intent of its own")
	} else if late := time.Since(known.startedAt.Time); late > requestTimeout {
		c.accuse("S6: a POST %s after its intent", late)
	}
	if key, err := c.w.read(); err != nil || !controllerutil.ContainsFinalizer(key, v1alpha1.Finalizer) {
		c.accuse("S1: a POST without a finalizer on the resource: %v", err)
	}
	if rehearsed != life {
		c.accuse("S2: a POST without a rehearsal of the Secret's write")
	}
	if secret, err := c.w.readSecret(); err == nil && secret.Annotations[v1alpha1.OwnerUIDAnnotation] != string(c.w.key.UID) {
		c.accuse("S2: a POST on account of a Secret that is not the resource's")
	}
}

// judgeDelete: a key is revoked only if it is the resource's, and, while that is wanted, not if the Secret records it, nor if
// the one that the Secret records replaced it too recently.
func (c *court) judgeDelete(id string) {
	entry, ok := c.entry(id)
	if !ok || !plan.HasMarker(entry.Name, c.w.marker()) {
		c.accuse("S5: DELETE of key %s %q", id, entry.Name)
		return
	}
	key, err := c.w.read()
	if apierrors.IsNotFound(err) || err == nil && !key.DeletionTimestamp.IsZero() || entry.RevokedAt != nil {
		return
	}
	current, issuedAt, ok := c.recorded()
	switch {
	case err != nil:
		c.accuse("the resource cannot be read: %v", err)
	case !ok:
	case current.ID == id:
		c.accuse("S3: DELETE of key %s, which the Secret records", id)
	case c.overlaps(key, issuedAt) && entry.CreatedAt.Before(current.CreatedAt):
		c.accuse("S3: DELETE of key %s, whose overlap is not over", id)
	}
}

func (c *court) overlaps(key *v1alpha1.EndpointAPIKey, issuedAt time.Time) bool {
	return key.Spec.Rotation != nil && key.Spec.Rotation.Overlap != nil &&
		time.Now().Before(issuedAt.Add(key.Spec.Rotation.Overlap.Duration))
}

// recorded returns the key that the Secret holds: its id and its value.
func (c *court) recorded() (entry simulator.Entry, issuedAt time.Time, ok bool) {
	secret, err := c.w.readSecret()
	if err != nil {
		return entry, issuedAt, false
	}
	entry, ok = c.entry(secret.Annotations[v1alpha1.KeyIDAnnotation])
	issuedAt, err = time.Parse(time.RFC3339Nano, secret.Annotations[v1alpha1.IssuedAtAnnotation])
	return entry, issuedAt, ok && err == nil && fingerprint(secret, c.w.key.SecretKey()) == entry.SHA256
}

func fingerprint(secret *corev1.Secret, dataKey string) string {
	sum := sha256.Sum256(secret.Data[dataKey])
	return hex.EncodeToString(sum[:])
}

// judgeResource: no intent is recorded on a resource that is being deleted or suspended, and the finalizer goes when no key
// works any more.
func (c *court) judgeResource(life int, body []byte) {
	key := &v1alpha1.EndpointAPIKey{}
	if err := json.Unmarshal(body, key); err != nil {
		c.accuse("the API server's answer cannot be read: %v", err)
		return
	}
	deleting := !key.DeletionTimestamp.IsZero()
	if key.Status.Issuance != nil && !key.Status.Issuance.StartedAt.Equal(&c.intent.startedAt) {
		c.intent = intent{life: life, startedAt: key.Status.Issuance.StartedAt}
		if deleting || key.Spec.Suspend {
			c.accuse("S6: an intent on a resource that is being deleted or suspended")
		}
	}
	if deleting && !controllerutil.ContainsFinalizer(key, v1alpha1.Finalizer) && key.Spec.DeletionPolicy != v1alpha1.DeletionPolicyRetain {
		if live := c.w.live(); len(live) > 0 {
			c.accuse("S1: the finalizer is gone, and %d keys work", len(live))
		}
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
