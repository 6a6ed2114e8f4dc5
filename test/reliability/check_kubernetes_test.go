// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
)

// writesSecret tells the effects that change a Secret.
func writesSecret(effect string) bool { return strings.HasSuffix(effect, " secrets") }

// recordDryRun remembers that the API server has checked the write of a Secret, for the intent that follows.
func (c *checker) recordDryRun(x *exchange) {
	if secret, ok := decode(x.body).(*corev1.Secret); ok {
		c.owner(client.ObjectKeyFromObject(secret), ownerOf(secret)).dryRun = time.Now()
	}
}

// remember keeps what a Secret is like before it is changed.
func (c *checker) remember(x *exchange) {
	secret, err := c.e.readSecret(types.NamespacedName{Namespace: c.e.Namespace, Name: x.objectName()})
	if err == nil {
		x.secret = secret
	}
}

// ownerOf is the UID of the resource that a Secret belongs to, or "".
func ownerOf(secret *corev1.Secret) types.UID {
	if controller := metav1.GetControllerOf(secret); controller != nil {
		return controller.UID
	}
	return types.UID(secret.Annotations[v1alpha1.OwnerUIDAnnotation])
}

// credentials are the names of the Secrets that connections refer to.
var credentials = []string{fixtures.CredentialsName, managerName}

// checkSecret: a Secret is only written for the resource that it belongs to, or created, and only deleted when that resource is.
// Of credentials, only metadata is patched.
func (c *checker) checkSecret(x *exchange) {
	written, _ := decode(x.body).(*corev1.Secret)
	name := types.NamespacedName{Namespace: c.e.Namespace, Name: x.objectName()}
	switch before := x.secret; {
	case strings.HasPrefix(x.effect, "delete"):
		if before != nil && c.isWanted(name, ownerOf(before)) {
			c.report("S2: the Secret %s is deleted, which is somebody's", name)
		}
	case strings.HasPrefix(x.effect, "patch"):
		if !slices.Contains(credentials, name.Name) {
			c.report("S2: the Secret %s is patched", name)
		}
	case written == nil:
		c.report("S2: what is written into the Secret %s cannot be read", name)
	case before != nil && ownerOf(before) != ownerOf(written) && !c.fromEarlierLife(before):
		c.report("S2: the Secret %s is written, which is somebody else's", name)
	default:
		o := c.owner(name, ownerOf(written))
		c.recordDelivery(name, written, before == nil && !o.delivered)
		o.delivered = true
		c.adopt(o, written)
	}
}

// isWanted reports whether a Secret should stay: its resource exists and is not being deleted, or it has none.
func (c *checker) isWanted(name types.NamespacedName, owner types.UID) bool {
	key, err := c.e.Find(name)
	return owner == "" || err == nil && key.UID == owner && key.DeletionTimestamp.IsZero()
}

func (c *checker) recordDelivery(name types.NamespacedName, written *corev1.Secret, first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if past := c.pastOf(name); past.handOver(written.Annotations[v1alpha1.KeyIDAnnotation], first) {
		past.written = append(past.written, written)
	}
}

// checkResource: no intent is recorded on a resource that is being deleted or suspended, and the finalizer goes when no key
// works any more.
func (c *checker) checkResource(x *exchange) {
	key := &v1alpha1.EndpointAPIKey{}
	if err := json.Unmarshal(x.answer.body, key); err != nil {
		c.report("the API server's answer cannot be read: %v", err)
		return
	}
	o := c.ownerOf(key)
	deleting, was := !key.DeletionTimestamp.IsZero(), o.protected
	o.protected = controllerutil.ContainsFinalizer(key, v1alpha1.Finalizer)
	if was && !o.protected && !deleting && x.effect == effectPatch {
		c.report("S1: the finalizer is taken from a resource that is not being deleted")
	}
	if key.Status.Issuance != nil && !key.Status.Issuance.StartedAt.Time.Equal(o.intent) {
		o.intent = key.Status.Issuance.StartedAt.Time
		// What comes after the request's time is the delivery's. An operator that takes none for the delivery has its request's all the same.
		until := key.Status.Issuance.Deadline.Add(-deliveryTimeout)
		if least := o.intent.Add(requestTimeout); until.Before(least) {
			until = least
		}
		o.permits = append(o.permits, permit{until: until, checked: o.dryRun})
		o.dryRun = time.Time{}
		if allowed := key.Status.Issuance.Deadline.Sub(o.intent); allowed > longestAttempt {
			c.report("an attempt takes longer than a request and a delivery may: %s", allowed)
		}
		if deleting || key.Spec.Suspend {
			c.report("S6: an intent on a resource that is being deleted or suspended")
		}
	}
	if !deleting || o.protected {
		return
	}
	if key.Spec.DeletionPolicy == v1alpha1.DeletionPolicyRetain {
		o.retained.Store(true)
	} else if live := c.liveOf(o); len(live) > 0 {
		c.report("S1: the finalizer is gone, and %d keys work", len(live))
	}
}
