// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/internal/rollout"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// runWorkload permits the operator to restart workloads, and has the Pods of the one that the resource names call the Endpoint all the time,
// each with the key that it started with.
func (d *demo) runWorkload(ctx context.Context) error {
	key, err := d.resource(ctx)
	if err != nil {
		return err
	}
	role := filepath.Join(filepath.Dir(d.samplesDir), "rollout", "restart_role.yaml")
	d.out.command("kubectl apply -f " + role)
	if err := installation.Apply(ctx, d.plane.Config(), role); err != nil {
		return err
	}
	d.onPremise.callers, d.onPremise.stopCallers = fixtures.NewCallers(ctx, d.cluster, d.cognigy, d.endpoint, key)
	d.onPremise.callers.RunPods(podStartup)
	d.out.note(fmt.Sprintf("the %d Pods of its workload call the Endpoint all the time, each with the key that it started with", replicas))
	_, err = d.awaitRollout(ctx)
	return err
}

// restartsWorkload checks that the workload was restarted once, and that none of its calls was refused meanwhile.
func (d *demo) restartsWorkload(ctx context.Context) error {
	d = d.about(&d.onPremise.shown)
	old, rotated := d.keys[0], d.current()
	workload, err := d.awaitRollout(ctx)
	if err != nil {
		return err
	}
	d.out.note("the rollout is complete; Pods carry the id of the key that they were restarted for: " + rotated.id)
	if err := d.awaitRefused(ctx, "the old key", old.value); err != nil {
		return err
	}
	if _, err := d.awaitReady(ctx); err != nil {
		return err
	}
	d.onPremise.stopCallers()
	calls, err := d.onPremise.callers.Calls()
	if err != nil {
		return err
	}
	worked := d.revokedAt(old.id).Sub(rotated.issuedAt)
	const revision = "deployment.kubernetes.io/revision"
	return d.claims(
		claim{"the first key restarted nothing, the second restarted the workload once", workload.Annotations[revision] == "2", workload.Annotations[revision]},
		claim{"the template names the new key", namesKey(workload, rotated.id), fmt.Sprint(workload.Spec.Template.Annotations)},
		claim{
			fmt.Sprintf("the old key worked for %s, until the rollout was complete, though an overlap of %s was asked for", seconds(worked), shortOverlap),
			worked > replicas*podStartup, "it was revoked before",
		},
		claim{
			fmt.Sprintf("the workload called the Endpoint %d times, and was refused no time", calls.Made),
			calls.Made > 0 && calls.Refused == 0, fmt.Sprintf("%d of %d", calls.Refused, calls.Made),
		},
		d.alive(1),
	)
}

// awaitRollout waits until every Pod is one of the workload's present template.
func (d *demo) awaitRollout(ctx context.Context) (*appsv1.Deployment, error) {
	workload := &appsv1.Deployment{}
	name := client.ObjectKey{Namespace: d.name.Namespace, Name: fixtures.WorkloadName}
	return workload, await(ctx, "the workload's rollout to be complete", func(ctx context.Context) (string, bool, error) {
		err := d.cluster.Get(ctx, name, workload)
		_, progress := rollout.Of(workload)
		status := workload.Status
		return fmt.Sprintf("%d Pods, %d updated, %d available", status.Replicas, status.UpdatedReplicas, status.AvailableReplicas), progress.Complete, err
	})
}

func namesKey(workload *appsv1.Deployment, keyID string) bool {
	return slices.Contains(slices.Collect(maps.Values(workload.Spec.Template.Annotations)), keyID)
}
