// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

func (p *plugin) reconcileCommand() *cobra.Command {
	o := waitOptions{}
	command := &cobra.Command{
		Use: "reconcile NAME", GroupID: groupAct, Args: cobra.ExactArgs(1), ValidArgsFunction: p.completeKey,
		Short: "Have the operator compare a key with Cognigy now",
		Long: "Sets the annotation " + v1alpha1.RequestedAtAnnotation + ", so that the operator lists the keys in Cognigy now instead of after the drift interval, and tries\n" +
			"again what failed. It never rotates a key.",
		Example: "  kubectl cognigy reconcile crm-webhook -n crm",
		RunE:    func(command *cobra.Command, names []string) error { return p.reconcile(command.Context(), o, names[0]) },
	}
	o.addTo(command, 2*time.Minute)
	return command
}

func (p *plugin) reconcile(ctx context.Context, o waitOptions, name string) error {
	cluster, key, err := p.findKey(ctx, name)
	if err != nil {
		return err
	}
	if key.Spec.Suspend && key.DeletionTimestamp == nil {
		return fmt.Errorf("EndpointAPIKey %q is suspended, so that the operator does not look; first: %s", key.Name, commandFor("resume", key))
	}
	requested, err := p.requestReconcile(ctx, cluster, key)
	if err != nil {
		return err
	}
	p.step("Asked the operator to look.")
	if !o.wait {
		return nil
	}
	shown := progress{plugin: p}
	err = await(ctx, cluster, o, key, func() (bool, error) {
		shown.show(key)
		return key.Status.LastHandledReconcileAt == requested, nil
	})
	switch {
	case errors.Is(err, errWaited):
		return o.late(key, "the operator did not compare the key with Cognigy")
	case err != nil:
		return err
	}
	p.step("The operator has compared the key with Cognigy.")
	if keyReport(key).health == healthFailed {
		return errSaid
	}
	return nil
}

// requestReconcile asks the operator to look at an object now. The operator acknowledges the request by what this returns.
func (p *plugin) requestReconcile(ctx context.Context, cluster *cluster, object client.Object) (requested string, err error) {
	requested = p.clock.Now().UTC().Format(time.RFC3339Nano)
	return requested, cluster.annotate(ctx, object, v1alpha1.RequestedAtAnnotation, requested)
}
