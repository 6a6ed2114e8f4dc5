// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

func (d *demo) becomesReady(ctx context.Context) error {
	d.out.command(fmt.Sprintf("kubectl wait endpointapikey %s --for=condition=Ready", d.name.Name))
	key, err := d.awaitReady(ctx)
	if err != nil {
		return err
	}
	for _, condition := range key.Status.Conditions {
		d.out.note(conditionText(condition))
	}
	posts := d.cognigy.Count(http.MethodPost, simulator.RouteKeys)
	return d.claims(
		claim{"Ready is True for the generation that was applied, and nothing is left to do", true, ""},
		claim{"Cognigy was asked for a key exactly once", posts == 1, fmt.Sprintf("%d times", posts)},
	)
}

func (d *demo) isListed(ctx context.Context) error {
	d.out.command("kubectl get endpointapikeys")
	table, err := d.printTable(ctx, "endpointapikeys")
	if err != nil {
		return err
	}
	key, err := d.resource(ctx)
	if err != nil {
		return err
	}
	var cells []any
	if len(table.Rows) == 1 {
		cells = table.Rows[0].Cells
	}
	return d.claims(claim{
		"the row says that it is ready, and which key it has, by the preview that Cognigy shows, too",
		slices.Contains(cells, any("True")) && slices.Contains(cells, any(key.Status.KeyPreview)), fmt.Sprint(cells),
	})
}

func (d *demo) holdsSecret(ctx context.Context) error {
	key, err := d.awaitKey(ctx)
	if err != nil {
		return err
	}
	d.out.command(fmt.Sprintf("kubectl get secret %s -o yaml   # abridged, and the value masked", key.SecretName().Name))
	now := d.current()
	d.printSecret(key, now)
	live := d.cognigy.Live(d.endpoint.ID)
	labels := now.secret.Labels
	return d.claims(
		claim{
			"its key is the one that the status names, and the only one that Cognigy has",
			len(live) == 1 && live[0].ID == now.id && key.Status.KeyID == now.id,
			fmt.Sprintf("the Secret's is %s, the status names %s, Cognigy has %d", now.id, key.Status.KeyID, len(live)),
		},
		claim{
			"the preview fits the value",
			now.value.String() == now.preview, fmt.Sprintf("preview %s, value %s", now.preview, now.value),
		},
		claim{
			"it belongs to the resource, and carries the operator's label, by which Secrets are watched",
			metav1.IsControlledBy(now.secret, key) && labels[v1alpha1.SecretTypeLabel] == v1alpha1.SecretTypeAPIKey,
			fmt.Sprintf("owners %v, labels %v", now.secret.OwnerReferences, labels),
		},
	)
}

// printSecret shows what matters of a Secret, and of its value the ends.
func (d *demo) printSecret(key *v1alpha1.EndpointAPIKey, now delivered) {
	rows := [][]string{{"data", key.SecretKey(), now.value.String()}}
	for _, name := range slices.Sorted(maps.Keys(now.secret.Labels)) {
		rows = append(rows, []string{"label", name, now.secret.Labels[name]})
	}
	for _, name := range []string{
		v1alpha1.OwnerUIDAnnotation, v1alpha1.EndpointIDAnnotation, v1alpha1.KeyIDAnnotation,
		v1alpha1.KeyPreviewAnnotation, v1alpha1.IssuedAtAnnotation,
	} {
		rows = append(rows, []string{"annotation", name, now.secret.Annotations[name]})
	}
	for _, owner := range now.secret.OwnerReferences {
		rows = append(rows, []string{"owner", owner.Kind, owner.Name})
	}
	d.out.note(align(rows))
}

// callersNote is what a user has to know who leaves the simulator for a real Cognigy.
const callersNote = `The Endpoint's Authentication Method is API Key here. In Cognigy it is None until you change it in the interface,
and until then keys protect nothing. Before Cognigy.AI 2026.16.0, callers send X-Webhook-Key to Webhook Endpoints
(which have keys from 2026.13.0 on), and x-rest-endpoint-key to REST Endpoints (from 2026.14.0 on).`

func (d *demo) opensEndpoint(ctx context.Context) error {
	d.out.command("curl -X POST -H '" + callerHeader + ": <value of the Secret>' " + d.cognigy.URL() + "/<URLToken>")
	d.out.note(callersNote)
	wrong := plaintext(strings.Repeat("0", 64))
	return d.claims(
		d.accepted(ctx, "with the Secret's key", d.current().value),
		d.refused(ctx, "without a key", ""),
		d.refused(ctx, "with another key", wrong),
	)
}
