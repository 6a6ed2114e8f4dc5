// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
)

// restoresBackup removes the resource and its Secret without the operator, as the loss of a cluster does, and creates them again as a
// backup tool does.
func (d *demo) restoresBackup(ctx context.Context) error {
	lost, err := d.resource(ctx)
	if err != nil {
		return err
	}
	saved := d.current()
	secret, key := saved.secret.DeepCopy(), lost.DeepCopy()
	for _, object := range []client.Object{secret, key} {
		fixtures.Strip(object)
	}
	d.out.note("the resource and its Secret are saved, as a backup tool does")
	if err := d.patch(ctx, `{"spec":{"deletionPolicy":"Retain"}}`); err != nil { // or the operator would revoke the key
		return err
	}
	d.out.command(fmt.Sprintf("kubectl delete endpointapikey %s && kubectl delete secret %s", d.name.Name, secret.Name))
	if err := d.cluster.Delete(ctx, lost); err != nil {
		return err
	}
	if err := d.awaitGone(ctx); err != nil {
		return err
	}
	if err := d.cluster.Delete(ctx, saved.secret); err != nil {
		return err
	}
	d.out.note("both are restored: without UIDs, owner references and status")
	for _, object := range []client.Object{secret, key} {
		if err := d.cluster.Create(ctx, object); err != nil {
			return err
		}
	}
	restored, err := d.awaitReady(ctx)
	if err != nil {
		return err
	}
	return d.isAdopted(ctx, restored, saved)
}

// isAdopted checks that the restored resource has the key of the one before.
func (d *demo) isAdopted(ctx context.Context, restored *v1alpha1.EndpointAPIKey, saved delivered) error {
	found, err := d.read(ctx, restored)
	if err != nil {
		return err
	}
	if found == nil {
		return &unmet{"the restored Secret", "there is none"}
	}
	d.keys[len(d.keys)-1] = *found
	return d.claims(
		claim{"the restored resource has the key of the one that was lost", restored.Status.KeyID == saved.id, restored.Status.KeyID},
		d.accepted(ctx, "with that key", found.value),
		claim{fmt.Sprintf("Cognigy made no other key: %d", len(d.keys)), d.accountsFor(d.ledger()), previews(d.ledger())},
		d.alive(1),
	)
}
