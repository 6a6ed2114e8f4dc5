// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// checker checks effects at their instant: while one is held it reads the objects as they are, and knows what it would do. What
// goes to Cognigy is checked in check_cognigy_test.go, what goes to the API server in check_kubernetes_test.go.
type checker struct {
	e *environment

	mu         sync.Mutex
	owners     []*owner
	pasts      map[types.NamespacedName]*past
	adopted    map[string]*owner // the ids of keys that were made for another resource: the one that took them over
	violations []string
	superKeys  map[types.UID]time.Time // when one was asked for last, by connection
}

// owner is an EndpointAPIKey that the user made. The checker checks its effects one at a time, and alone uses the record.
type owner struct {
	key     types.NamespacedName
	uid     types.UID
	marker  string
	intent  time.Time // the latest that was recorded
	permits []permit
	dryRun  time.Time // when the API server checked the write of the Secret; zero if it did not since the latest intent
	// protected: the last answer about it had the finalizer.
	protected bool
	delivered bool            // a Secret was written for it
	restarts  map[restart]int // how often
	// former is the overlap before the user changed it or the targets last, at edited. The checker's lock guards both.
	former   time.Duration
	edited   time.Time
	retained atomic.Bool // the operator released it with its key
	lost     atomic.Bool // the user removed it without the operator
}

// handover is the moment at which a Secret came to record a key.
type handover struct {
	keyID string
	at    time.Time
	first bool // before it, nobody can have read a key of the resource
}

// permit is an intent that no POST has used. It does not tell which process recorded it: one that finds the intent of a dead
// one must wait until that is too old for a POST.
type permit struct {
	until   time.Time // when it is too late for a POST
	checked time.Time // by a dry run of the write of the Secret; zero if it was not
}

// owner returns the record of a resource, which is made with its first effect. What an effect is about exists: the API server
// took it, and only the user makes resources.
func (c *checker) owner(key types.NamespacedName, uid types.UID) *owner {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range c.owners {
		if o.uid == uid {
			return o
		}
	}
	o := &owner{key: key, uid: uid, restarts: map[restart]int{}, marker: plan.Marker(bed.ClusterUID, plan.Owner{Namespace: key.Namespace, UID: string(uid)})}
	c.owners = append(c.owners, o)
	return o
}

func (c *checker) ownerOf(key *v1alpha1.EndpointAPIKey) *owner {
	return c.owner(client.ObjectKeyFromObject(key), key.UID)
}

// named returns the owner of a key in Cognigy, or nil.
func (c *checker) named(name string) *owner {
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
func (c *checker) known() []*owner {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.owners)
}

// found returns what was wrong so far.
func (c *checker) found() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.violations)
}

// subject is the name of the resource that an effect is about: its effects are checked one at a time. Empty for others.
func (c *checker) subject(x *exchange) string {
	switch {
	case x.effect == effectPost:
		if o := c.named(x.postedName()); o != nil {
			return o.key.Name
		}
	case x.effect == effectDelete:
		if entry, ok := c.entry(path.Base(x.path)); ok && c.holder(entry) != nil {
			return c.holder(entry).key.Name
		}
	case x.effect == effectRestart:
		if o, _ := c.readRestart(x); o != nil {
			return o.key.Name
		}
	case strings.Contains(x.effect, " endpointapikeys"), strings.Contains(x.effect, " secrets"):
		return x.objectName()
	}
	return ""
}

func (c *checker) sees(x *exchange) {
	if !writesSecret(x.effect) && c.e.Cognigy.Leaked(string(x.body)) {
		c.report("S4: a plaintext is sent with %s", x.effect)
	}
	switch {
	case x.effect == effectPost:
		c.checkPost(x)
	case x.effect == effectDelete:
		c.checkDelete(path.Base(x.path))
	case x.effect == effectRestart:
		c.checkRestart(x)
	case x.effect == effectSuper:
		c.checkSuperKey()
	case writesSecret(x.effect):
		c.remember(x)
	}
}

func (c *checker) saw(x *exchange) {
	switch {
	case x.answer.status >= http.StatusMultipleChoices:
	case x.effect == effectPost:
		var made struct{ Key string }
		if json.Unmarshal(x.answer.body, &made) == nil {
			c.e.Record(made.Key)
		}
	case x.effect == effectRestart:
		c.countRestart(x)
	case strings.HasSuffix(x.effect, " secrets"+dryRun):
		c.recordDryRun(x)
	case writesSecret(x.effect):
		c.checkSecret(x)
	case strings.Contains(x.effect, " endpointapikeys"):
		c.checkResource(x)
	}
}

func (c *checker) entry(id string) (simulator.Entry, bool) {
	for _, entry := range c.e.Cognigy.Ledger() {
		if entry.ID == id {
			return entry, true
		}
	}
	return simulator.Entry{}, false
}

func (c *checker) report(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.violations = append(c.violations, fmt.Sprintf(format, args...))
	c.e.injector.remember("VIOLATION "+format, args...)
}
