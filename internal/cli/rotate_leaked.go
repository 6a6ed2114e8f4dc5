// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// revokeNow has a key replaced that leaked, and revoked at once. The overlap is a field of the resource, and applies to every replaced key of
// it, so that those are revoked, too.
func (p *plugin) revokeNow(ctx context.Context, cluster *cluster, o rotateOptions, key *v1alpha1.EndpointAPIKey, requested string) error {
	before, restore := key.Status.KeyID, restoration(key)
	if !o.wait {
		return fmt.Errorf("--revoke-now changes rotation.overlap until the key is revoked, so that it waits: leave out --wait=false")
	}
	question := fmt.Sprintf("Revoke key %s (%s) and every key that it replaced? Calls are refused until workloads use the new key.", before, key.Status.KeyPreview)
	if err := p.confirm(question, o.yes); err != nil {
		return err
	}
	p.warnOfGitOps(key)
	err := cluster.patch(ctx, key, map[string]any{
		"metadata": map[string]any{"annotations": map[string]any{v1alpha1.RotateRequestedAtAnnotation: requested}},
		"spec":     map[string]any{"rotation": map[string]any{"overlap": "0s", "ignoreWindows": true}},
	})
	if err != nil {
		return err
	}
	p.step("Asked for another key than %s, with rotation.overlap: 0s.", before)
	if err := p.awaitRevoked(ctx, cluster, o.waitOptions, key, requested); err != nil {
		data, _ := json.Marshal(restore) // names and durations
		return fmt.Errorf("%w\nrotation.overlap is 0s still; once key %s is revoked, put it back: kubectl patch endpointapikey %s -n %s --type=merge -p '%s'",
			err, before, key.Name, key.Namespace, data)
	}
	p.step("Secret %q holds key %s (%s).", key.Status.SecretName, key.Status.KeyID, key.Status.KeyPreview)
	p.step("Key %s is revoked.", before)
	if rotation := key.Spec.Rotation; rotation == nil || rotation.Overlap == nil || rotation.Overlap.Duration != 0 {
		return nil // someone else has put it back
	}
	if err := cluster.patch(ctx, key, restore); err != nil {
		return err
	}
	p.step("Put rotation back as it was.")
	return nil
}

// awaitRevoked waits until the Secret holds another key, and no replaced one works.
func (p *plugin) awaitRevoked(ctx context.Context, cluster *cluster, o waitOptions, key *v1alpha1.EndpointAPIKey, requested string) error {
	if err := p.awaitRotation(ctx, cluster, o, key, requested); err != nil {
		return err
	}
	err := await(ctx, cluster, o, key, func() (bool, error) {
		return len(key.Status.Retiring) == 0 && keyReport(key).health == healthReady, nil
	})
	if errors.Is(err, errWaited) {
		return o.late(key, "the Secret holds another key, but the replaced one was not revoked")
	}
	return err
}

// restoration is the patch that gives a resource the rotation that it has now.
func restoration(key *v1alpha1.EndpointAPIKey) map[string]any {
	rotation := key.Spec.Rotation
	if rotation == nil {
		return specPatch("rotation", nil)
	}
	fields := map[string]any{"overlap": nil, "ignoreWindows": nil}
	if rotation.Overlap != nil {
		fields["overlap"] = metav1.Duration{Duration: rotation.Overlap.Duration}
	}
	if rotation.IgnoreWindows {
		fields["ignoreWindows"] = true
	}
	return specPatch("rotation", fields)
}
