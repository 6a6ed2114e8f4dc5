// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"encoding/json"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// writesSecret tells the effects that change a Secret.
func writesSecret(effect string) bool { return strings.HasSuffix(effect, " secrets") }

// notesRehearsal remembers that the API server has checked the write of a Secret.
func (c *court) notesRehearsal(x *exchange) {
	if secret, ok := decode(x.body).(*corev1.Secret); ok {
		c.owner(client.ObjectKeyFromObject(secret), ownerOf(secret)).rehearsed = time.Now()
	}
}

// remember keeps what a Secret is like before it is changed.
func (c *court) remember(x *exchange) {
	secret, err := c.w.readSecret(types.NamespacedName{Namespace: c.w.namespace, Name: x.objectName()})
	if err == nil {
		x.secret = secret
	}
}

// ownerOf is the UID of the resource that a Secret belongs to; empty if it is nobody's.
func ownerOf(secret *corev1.Secret) types.UID {
	if controller := metav1.GetControllerOf(secret); controller != nil {
		return controller.UID
	}
	return types.UID(secret.Annotations[v1alpha1.OwnerUIDAnnotation])
}

// judgeSecret: a Secret is only written for the resource that it belongs to, or created, and only deleted when that resource is.
// Of credentials, only metadata is patched.
func (c *court) judgeSecret(x *exchange) {
	written, _ := decode(x.body).(*corev1.Secret)
	name := types.NamespacedName{Namespace: c.w.namespace, Name: x.objectName()}
	switch before := x.secret; {
	case strings.HasPrefix(x.effect, "delete"):
		if before != nil && c.isWanted(name, ownerOf(before)) {
			c.accuse("S2: the Secret %s is deleted, which is somebody's", name)
		}
	case strings.HasPrefix(x.effect, "patch"):
		if name.Name != c.w.credentials().Name {
			c.accuse("S2: the Secret %s is patched", name)
		}
	case written == nil:
		c.accuse("S2: what is written into the Secret %s cannot be read", name)
	case before != nil && ownerOf(before) != ownerOf(written):
		c.accuse("S2: the Secret %s is written, which is somebody else's", name)
	default:
		c.notesDelivery(c.owner(name, ownerOf(written)), written.Annotations[v1alpha1.KeyIDAnnotation])
	}
}

// isWanted tells whether a Secret is to stay: its resource exists and is not being deleted, or it has none.
func (c *court) isWanted(name types.NamespacedName, owner types.UID) bool {
	key, err := c.w.read(name)
	return owner == "" || err == nil && key.UID == owner && key.DeletionTimestamp.IsZero()
}

func (c *court) notesDelivery(o *owner, keyID string) {
	if last := len(o.deliveries) - 1; last < 0 || o.deliveries[last].keyID != keyID {
		o.deliveries = append(o.deliveries, handover{keyID: keyID, at: time.Now()})
	}
}

// judgeResource: no intent is recorded on a resource that is being deleted or suspended, and the finalizer goes when no key
// works any more.
func (c *court) judgeResource(x *exchange) {
	key := &v1alpha1.EndpointAPIKey{}
	if err := json.Unmarshal(x.answer.body, key); err != nil {
		c.accuse("the API server's answer cannot be read: %v", err)
		return
	}
	o := c.ownerOf(key)
	deleting, was := !key.DeletionTimestamp.IsZero(), o.protected
	o.protected = controllerutil.ContainsFinalizer(key, v1alpha1.Finalizer)
	if was && !o.protected && !deleting && x.effect == effectPatch {
		c.accuse("S1: the finalizer is taken from a resource that is not being deleted")
	}
	if key.Status.Issuance != nil && !key.Status.Issuance.StartedAt.Time.Equal(o.intent) {
		o.intent = key.Status.Issuance.StartedAt.Time
		until := key.Status.Issuance.Deadline.Time
		o.permits = append(o.permits, permit{until: until, rehearsed: time.Since(o.rehearsed) < settled})
		if until.Sub(o.intent) > longestTimeout {
			c.accuse("an attempt takes longer than a request may: %s", until.Sub(o.intent))
		}
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
