// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

func (d *demo) isDeleted(ctx context.Context) error {
	key, err := d.resource(ctx)
	if err != nil {
		return err
	}
	d.out.command("kubectl delete endpointapikey " + d.name.Name)
	began := time.Now()
	if err := d.cluster.Delete(ctx, key); err != nil {
		return err
	}
	if err := d.awaitRefused(ctx, "the key", d.current().value); err != nil {
		return err
	}
	d.out.note(seconds(time.Since(began)) + " later its key is revoked; the resource stays until Cognigy's list is sure to be complete")
	if err := d.awaitGone(ctx); err != nil {
		return err
	}
	d.out.note(seconds(time.Since(began)) + " later the resource is gone, too")
	left, err := d.read(ctx, key)
	if err != nil {
		return err
	}
	ledger := d.ledger()
	d.out.note("Cognigy's ledger:\n" + align(ledgerRows(ledger)))
	claims := []claim{{"its Secret is gone with it", left == nil, "it is there"}}
	for i, found := range d.keys {
		claims = append(claims, d.refused(ctx, fmt.Sprintf("with key %d, %s", i+1, found.preview), found.value))
	}
	return d.claims(append(claims,
		claim{
			fmt.Sprintf("keys that Cognigy made: %d, each of which was in the Secret once", len(d.keys)),
			d.accountsFor(ledger), previews(ledger),
		},
		d.alive(0),
	)...)
}

// awaitGone waits until the operator has finalized the resource.
func (d *demo) awaitGone(ctx context.Context) error {
	return await(ctx, "the resource to be gone", func(ctx context.Context) (string, bool, error) {
		left, err := d.resource(ctx)
		if apierrors.IsNotFound(err) {
			return "", true, nil
		}
		return describe(left), false, err
	})
}

// ledger is every key that Cognigy made for the Endpoint.
func (d *demo) ledger() []simulator.Entry {
	return slices.DeleteFunc(d.cognigy.Ledger(), func(entry simulator.Entry) bool { return entry.EndpointID != d.endpoint.ID })
}

// accountsFor reports whether the keys that Cognigy made are those that were delivered.
func (d *demo) accountsFor(ledger []simulator.Entry) bool {
	if len(ledger) != len(d.keys) {
		return false
	}
	for i, entry := range ledger {
		if entry.ID != d.keys[i].id {
			return false
		}
	}
	return true
}

func ledgerRows(ledger []simulator.Entry) [][]string {
	rows := [][]string{{"KEY", "PREVIEW", "MADE", "REVOKED"}}
	for _, entry := range ledger {
		revoked := "-"
		if entry.RevokedAt != nil {
			revoked = entry.RevokedAt.Format(time.TimeOnly)
		}
		rows = append(rows, []string{entry.ID, entry.Preview, entry.CreatedAt.Format(time.TimeOnly), revoked})
	}
	return rows
}
