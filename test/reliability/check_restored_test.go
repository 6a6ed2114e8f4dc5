// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"path"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/delivery"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// past is what the checker remembers of the Secrets of a name, whichever resources they belonged to.
type past struct {
	handovers []handover
	written   []*corev1.Secret // by the operator, one for each handover
	restored  restoration
}

// restoration is a Secret that the user put in place.
type restoration struct {
	keyID string // that the Secret records
	at    time.Time
	seen  bool // the operator has read the Secret since
}

// pastOf returns what is remembered of a Secret. The checker's lock must be held.
func (c *checker) pastOf(name types.NamespacedName) *past {
	if c.pasts == nil {
		c.pasts = map[types.NamespacedName]*past{}
	}
	if c.pasts[name] == nil {
		c.pasts[name] = &past{}
	}
	return c.pasts[name]
}

// handOver notes that a Secret records a key from now on.
func (p *past) handOver(keyID string, first bool) (changed bool) {
	if last := len(p.handovers) - 1; last >= 0 && p.handovers[last].keyID == keyID {
		return false
	}
	p.handovers = append(p.handovers, handover{keyID: keyID, at: time.Now(), first: first})
	return true
}

// handoversOf returns the keys that a Secret came to record, in order.
func (c *checker) handoversOf(name types.NamespacedName) []handover {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.pastOf(name).handovers)
}

// backups returns the Secrets of a name that the operator wrote, one for each key, in order.
func (c *checker) backups(name types.NamespacedName) []*corev1.Secret {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.pastOf(name).written)
}

// putBack has the user put a Secret in place. No effect on it passes meanwhile, so that the checker knows of it.
func (e *environment) putBack(secret *corev1.Secret, put func() error) error {
	return e.injector.alone(e.Context, secret.Name, func() error {
		if err := put(); err != nil {
			return err
		}
		name := types.NamespacedName{Namespace: e.Namespace, Name: secret.Name}
		c := e.checker
		c.mu.Lock()
		restored := restoration{keyID: secret.Annotations[v1alpha1.KeyIDAnnotation], at: time.Now()}
		c.pastOf(name).restored = restored
		c.pastOf(name).handOver(restored.keyID, false)
		c.mu.Unlock()
		c.forgetUnnamed(name)
		return nil
	})
}

// read notes that the operator has read an object, as it was at a time or later.
func (c *checker) read(objectPath string, at time.Time) {
	if !strings.HasSuffix(path.Dir(objectPath), "/secrets") {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	past := c.pastOf(types.NamespacedName{Namespace: c.e.Namespace, Name: path.Base(objectPath)})
	past.restored.seen = past.restored.seen || at.After(past.restored.at)
}

// longestPause is how long an operator may take between two steps in chaos, where another one may read what it has not.
const longestPause = 10 * time.Second

// unseen reports whether an operator may act on what a Secret was before the user put one with this key in place: none has read that
// one yet, or one has, and another one is paused. Nothing can keep an operator from this: its reading and its call of Cognigy are two
// requests.
func (c *checker) unseen(name types.NamespacedName, keyID string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	restored := c.pastOf(name).restored
	return restored.keyID == keyID && (!restored.seen || c.e.injector.sideBySide && time.Since(restored.at) < longestPause)
}

// putBackSince reports whether the Secret is one that the user put in place after the API server had checked the operator's write of it:
// between that check and the POST, no other one tells the operator what the Secret is like.
func (c *checker) putBackSince(name types.NamespacedName, checked time.Time) bool {
	secret, err := c.e.readSecret(name)
	c.mu.Lock()
	defer c.mu.Unlock()
	restored := c.pastOf(name).restored
	return err == nil && restored.keyID == secret.Annotations[v1alpha1.KeyIDAnnotation] && restored.at.After(checked)
}

// adopt notes which keys of other owners a Secret that the operator wrote takes over. Each must be one of a resource that is gone.
func (c *checker) adopt(o *owner, written *corev1.Secret) {
	_, current, retiring := delivery.RecordedKeys(written.Annotations)
	for _, key := range append(retiring, current) {
		if key.UID == string(o.uid) {
			continue
		}
		entry, _ := c.entry(key.KeyID)
		if former := c.named(entry.Name); former == nil || former.uid != types.UID(key.UID) || c.e.lives(former) {
			c.report("S5: the Secret %s takes over key %s, which belongs to something else", o.key, key.KeyID)
			continue
		}
		c.mu.Lock()
		c.adopted[key.KeyID] = o
		c.mu.Unlock()
	}
}

// forgetUnnamed gives up keys that were taken over if, after what the user did, neither the Secret nor the status of their resource
// names them: nothing but a scan for orphans finds such a key. The model of internal/plan says the same.
func (c *checker) forgetUnnamed(name types.NamespacedName) {
	c.mu.Lock() // before it reads: a key that is taken over meanwhile is noted afterwards
	defer c.mu.Unlock()
	var named []string
	if key, err := c.e.Find(name); err == nil {
		named = append(named, key.Status.KeyID)
		for _, retiring := range key.Status.Retiring {
			named = append(named, retiring.KeyID)
		}
	}
	if secret, err := c.e.readSecret(name); err == nil {
		_, current, retiring := delivery.RecordedKeys(secret.Annotations)
		for _, key := range append(retiring, current) {
			named = append(named, key.KeyID)
		}
	}
	for id, o := range c.adopted {
		if o.key == name && !slices.Contains(named, id) {
			delete(c.adopted, id)
		}
	}
}

// holder is the owner of a key in Cognigy: the resource that took it over, or the one that it was made for; nil if there is none.
func (c *checker) holder(entry simulator.Entry) *owner {
	c.mu.Lock()
	adopter := c.adopted[entry.ID]
	c.mu.Unlock()
	if adopter != nil {
		return adopter
	}
	return c.named(entry.Name)
}

// liveOf returns the keys of a resource that work.
func (c *checker) liveOf(o *owner) []simulator.Entry {
	return slices.DeleteFunc(c.e.Cognigy.Live(""), func(entry simulator.Entry) bool { return c.holder(entry) != o })
}

// left returns those of a resource's keys that work and that a Secret records which outlives it.
func (c *checker) left(o *owner) []simulator.Entry {
	secret, err := c.e.readSecret(o.key)
	if err != nil || metav1.GetControllerOf(secret) != nil {
		return nil
	}
	_, current, retiring := delivery.RecordedKeys(secret.Annotations)
	return slices.DeleteFunc(c.liveOf(o), func(entry simulator.Entry) bool {
		return !slices.ContainsFunc(append(retiring, current), func(key delivery.Recorded) bool { return key.KeyID == entry.ID })
	})
}

// fromEarlierLife reports whether a Secret is one of a resource that is gone, which the next one of its namespace takes over.
func (c *checker) fromEarlierLife(secret *corev1.Secret) bool {
	uid := types.UID(secret.Annotations[v1alpha1.OwnerUIDAnnotation])
	is := func(o *owner) bool { return o.uid == uid && !c.e.lives(o) }
	return metav1.GetControllerOf(secret) == nil && slices.ContainsFunc(c.known(), is)
}

// stays reports whether a Secret that records a key outlives the key's owner: Kubernetes does not remove it with that.
func (c *checker) stays(o *owner, keyID string) bool {
	secret, err := c.e.readSecret(o.key)
	if err != nil || secret.Annotations[v1alpha1.KeyIDAnnotation] != keyID {
		return false
	}
	return !slices.ContainsFunc(secret.OwnerReferences, func(reference metav1.OwnerReference) bool { return reference.UID == o.uid })
}

// marks reports whether a key was made for a resource of this name, now or before.
func (c *checker) marks(entry simulator.Entry, name types.NamespacedName) bool {
	return slices.ContainsFunc(c.known(), func(o *owner) bool { return o.key == name && plan.HasMarker(entry.Name, o.marker) })
}
