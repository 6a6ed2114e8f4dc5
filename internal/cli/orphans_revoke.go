// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cognigy"
)

// revokeOrphans asks the operator to revoke the orphans that a person names, and shows what becomes of each.
func (p *plugin) revokeOrphans(ctx context.Context, o orphansOptions, names []string) error {
	if err := o.check(names); err != nil {
		return err
	}
	cluster, err := p.connect()
	if err != nil {
		return err
	}
	found, err := cluster.connection(ctx, names[0])
	if err != nil {
		return err
	}
	if found.GetConnectionSpec().OrphanPolicy == v1alpha1.OrphanPolicyIgnore {
		return fmt.Errorf("%s has orphanPolicy: Ignore, so that the operator looks for no orphans; set Report first", title(found))
	}
	question := fmt.Sprintf("Have the operator revoke %s, if they are orphans? No other cluster may have the identity of this one: its keys look like orphans here.",
		strings.Join(o.revoke, ", "))
	if err := p.confirm(question, o.yes); err != nil {
		return err
	}
	// With the time, it is another request than an earlier one for the same keys.
	requested := strings.Join(o.revoke, ",") + " " + p.clock.Now().UTC().Format(time.RFC3339Nano)
	if err := cluster.annotate(ctx, found, v1alpha1.RevokeOrphansAnnotation, requested); err != nil {
		return err
	}
	p.step("Asked the operator to scan, and to revoke the keys if they are orphans.")
	if !o.wait {
		return nil
	}
	return p.awaitRevocations(ctx, cluster, o.waitOptions, found, requested)
}

// check returns what is wrong with what a user wrote.
func (o orphansOptions) check(names []string) error {
	switch {
	case len(names) == 0:
		return errors.New("--revoke needs the connection whose scan found the orphans: kubectl cognigy orphans CONNECTION --revoke=ID")
	case len(o.revoke) == 0:
		return errors.New("--revoke needs the ids of keys, which the events of the scan name")
	case len(o.revoke) > v1alpha1.MaxRevocations:
		return fmt.Errorf("--revoke takes %d keys at a time; set orphanPolicy: Revoke on the connection to have all orphans revoked", v1alpha1.MaxRevocations)
	}
	for _, id := range o.revoke {
		if !cognigy.ValidID(id) {
			return fmt.Errorf("%q is no id of a key, which has 24 small letters and digits", id)
		}
	}
	return nil
}

// awaitRevocations waits until the operator has answered, and prints what became of each key.
func (p *plugin) awaitRevocations(ctx context.Context, cluster *cluster, o waitOptions, found v1alpha1.Connection, requested string) error {
	status, shown := found.GetConnectionStatus(), ""
	err := await(ctx, cluster, o, found, func() (bool, error) {
		if status.LastHandledRevokeOrphans == requested {
			return true, nil
		}
		for _, each := range status.OrphanRevocations {
			if each.Result == v1alpha1.RevocationPending && each.Message != shown {
				shown = each.Message
				p.step("%s: %s", each.KeyID, shown)
			}
		}
		return false, nil
	})
	if errors.Is(err, errWaited) {
		said := connectionReport(found)
		return fmt.Errorf("the operator did not settle it within %s, and goes on if it runs and watches the connection; status.orphanRevocations says how far it came. "+
			"The connection reports %s: %s", brief(o.timeout), said.reason, withoutStop(said.message))
	}
	if err != nil {
		return err
	}
	denied := false
	for _, each := range status.OrphanRevocations {
		if each.Result == v1alpha1.RevocationDone {
			p.step("Key %s is revoked.", each.KeyID)
			continue
		}
		denied = true
		p.step("Key %s is %s: %s", each.KeyID, p.paint.paint("not revoked", red), each.Message)
	}
	if denied {
		return errSaid
	}
	return nil
}
