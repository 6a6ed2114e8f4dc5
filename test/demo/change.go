// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// overlap is long enough for a busy machine to try both keys, and short enough to be watched.
const overlap = 10 * time.Second

func (d *demo) healsSecret(ctx context.Context) error {
	old := d.current()
	// By default, replaced keys work for ten minutes, also those of a Secret that was deleted.
	if err := d.patch(ctx, `{"spec":{"rotation":{"overlap":"0s"}}}`); err != nil {
		return err
	}
	d.out.command("kubectl delete secret " + old.secret.Name)
	began := time.Now()
	if err := d.cluster.Delete(ctx, old.secret, client.Preconditions{UID: &old.secret.UID}); err != nil {
		return err
	}
	if _, err := d.awaitKey(ctx); err != nil {
		return err
	}
	healed := d.current()
	d.out.note(fmt.Sprintf("%s later there is key %s, instead of %s", seconds(time.Since(began)), healed.preview, old.preview))
	if err := d.awaitRefused(ctx, "the old key", old.value); err != nil {
		return err
	}
	if _, err := d.awaitReady(ctx); err != nil {
		return err
	}
	return d.claims(
		claim{"it is a new key, since Cognigy shows a key once only", old.value != healed.value, "the same value"},
		d.accepted(ctx, "with the new key", healed.value),
		d.refused(ctx, "with the old key", old.value),
		d.alive(1),
	)
}

func (d *demo) rotates(ctx context.Context) error {
	old := d.current()
	// In whole seconds, as people write it; the next one, since the key may have been issued within this.
	at := time.Now().UTC().Truncate(time.Second).Add(time.Second).Format(time.RFC3339)
	patch := fmt.Sprintf(`{"spec":{"rotation":{"notBefore":%q,"overlap":%q}}}`, at, overlap)
	if err := d.patch(ctx, patch); err != nil {
		return err
	}
	if _, err := d.awaitKey(ctx); err != nil {
		return err
	}
	rotated := d.current()
	d.out.note(fmt.Sprintf("the Secret holds key %s now, instead of %s", rotated.preview, old.preview))
	if err := d.overlaps(ctx, old, rotated); err != nil {
		return err
	}
	d.out.note(fmt.Sprintf("waiting for the overlap of %s to end", overlap))
	return d.retires(ctx, old, rotated)
}

// patch changes the resource as kubectl does.
func (d *demo) patch(ctx context.Context, patch string) error {
	d.out.command(fmt.Sprintf("kubectl patch endpointapikey %s --type merge \\\n    -p '%s'", d.name.Name, patch))
	key, err := d.resource(ctx)
	if err != nil {
		return err
	}
	return d.cluster.Patch(ctx, key, client.RawPatch(types.MergePatchType, []byte(patch)))
}

// overlaps checks that both keys work, and that the status says until when.
func (d *demo) overlaps(ctx context.Context, old, rotated delivered) error {
	both := []claim{d.accepted(ctx, "with the new key", rotated.value), d.accepted(ctx, "with the old key", old.value)}
	var retiring []v1alpha1.RetiringKey
	err := await(ctx, "status.retiring to name the old key", func(ctx context.Context) (string, bool, error) {
		key, err := d.resource(ctx)
		if err != nil {
			return "", false, err
		}
		retiring = key.Status.Retiring
		return fmt.Sprintf("%+v", retiring), len(retiring) == 1 && retiring[0].KeyID == old.id, nil
	})
	if err != nil {
		return err
	}
	for _, key := range retiring {
		d.out.note(fmt.Sprintf("status.retiring: %s, revokeAt %s", key.KeyPreview, key.RevokeAt.UTC().Format(time.RFC3339)))
	}
	replaced := retiring[0].ReplacedAt
	return d.claims(append(both,
		claim{"the status says when the new key replaced it", !replaced.Time.Before(rotated.issuedAt), replaced.String()},
		claim{"and when the operator will revoke it", retiring[0].RevokeAt.Time.Equal(replaced.Add(overlap)), retiring[0].RevokeAt.String()})...)
}

// retires checks that the old key is revoked when the overlap is over, and not before.
func (d *demo) retires(ctx context.Context, old, rotated delivered) error {
	if err := d.awaitRefused(ctx, "the old key", old.value); err != nil {
		return err
	}
	if _, err := d.awaitReady(ctx); err != nil {
		return err
	}
	worked := d.revokedAt(old.id).Sub(rotated.issuedAt)
	return d.claims(
		d.refused(ctx, "with the old key", old.value),
		d.accepted(ctx, "with the new key", rotated.value),
		claim{
			fmt.Sprintf("the old key worked for %s after the new one was issued, not less than it was to", seconds(worked)),
			worked >= overlap, fmt.Sprintf("an overlap of %s was wanted", overlap),
		},
		d.alive(1),
	)
}

// revokedAt is when Cognigy revoked a key; the zero time, which is long ago, if it did not.
func (d *demo) revokedAt(id string) time.Time {
	for _, entry := range d.cognigy.Ledger() {
		if entry.ID == id && entry.RevokedAt != nil {
			return *entry.RevokedAt
		}
	}
	return time.Time{}
}

// alive claims how many keys work in Cognigy.
func (d *demo) alive(want int) claim {
	live := d.cognigy.Live(d.endpoint.ID)
	return claim{fmt.Sprintf("keys of the Endpoint that work in Cognigy: %d", want), len(live) == want, previews(live)}
}

func previews(entries []simulator.Entry) string {
	text := fmt.Sprintf("%d:", len(entries))
	for _, entry := range entries {
		text += " " + entry.Preview
	}
	return text
}
