// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package reliability_test

import (
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
)

var errNoBackup = errors.New("there is no backup")

// backupOf returns one of the Secrets that the operator wrote for resources of a name.
func (c *chaos) backupOf(s step) (*corev1.Secret, error) {
	backups := c.checker.backups(c.nameOf(s))
	if len(backups) == 0 {
		return nil, errNoBackup
	}
	return backups[int(s.For/time.Millisecond)%len(backups)].DeepCopy(), nil
}

// putSecretBack puts an earlier Secret in place, also one of a former resource of the name, or the one that is there.
func (c *chaos) putSecretBack(s step) error {
	if _, err := c.Find(c.nameOf(s)); err != nil {
		return err
	}
	earlier, err := c.backupOf(s)
	if err != nil {
		return err
	}
	return c.apply(earlier)
}

// restoreKey restores a resource with its Secret under a new UID: as they are, in which case it loses both first, or from
// a backup.
func (c *chaos) restoreKey(s step) error {
	name := c.nameOf(s)
	saved, err := c.save(name, false)
	if apierrors.IsNotFound(err) {
		saved, err = c.backupWith(s)
	}
	if err != nil {
		return err
	}
	if err := c.lose(name); err != nil {
		return err
	}
	return c.restore(saved)
}

// backupWith makes a backup of what there is and of what there was. A Secret that a former resource retained is there still.
func (c *chaos) backupWith(s step) (saved backup, err error) {
	name := c.nameOf(s)
	if saved.secret, err = c.readSecret(name); err != nil {
		if saved.secret, err = c.backupOf(s); err != nil {
			return backup{}, err
		}
	}
	if saved.key, err = c.Find(name); err != nil {
		saved.key = c.keyOf(s)
		saved.key.Finalizers = []string{v1alpha1.Finalizer}
	}
	fixtures.Strip(saved.secret)
	fixtures.Strip(saved.key)
	return saved, nil
}

// forgetting is an operation after which nothing may name a key any more that was taken over.
func forgetting(do func(*chaos, step) error) func(*chaos, step) error {
	return func(c *chaos, s step) error {
		err := do(c, s)
		c.checker.forgetUnnamed(c.nameOf(s))
		return err
	}
}
