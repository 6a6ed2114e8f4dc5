// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

func (p *plugin) suspendCommand() *cobra.Command {
	return p.suspension(&cobra.Command{
		Use: "suspend NAME", Short: "Have the operator leave a key as it is",
		Long: "Sets spec.suspend, so that the operator issues, repairs, rotates, restarts and revokes nothing. The key in the Secret works on. A deletion still\n" +
			"revokes.",
		Example: "  kubectl cognigy suspend crm-webhook -n crm",
	}, true, "the operator did not confirm the suspension", func(key *v1alpha1.EndpointAPIKey) bool { return keyReport(key).health == healthSuspended })
}

func (p *plugin) resumeCommand() *cobra.Command {
	return p.suspension(&cobra.Command{
		Use: "resume NAME", Short: "Have the operator go on with a suspended key",
		Long:    "Removes spec.suspend, and waits until the Secret holds a working key.",
		Example: "  kubectl cognigy resume crm-webhook -n crm",
	}, false, "no working key was reported", func(key *v1alpha1.EndpointAPIKey) bool {
		said := keyReport(key)
		return said.health == healthReady || said.health == healthWarning
	})
}

// suspension completes a command that sets spec.suspend.
func (p *plugin) suspension(command *cobra.Command, suspend bool, otherwise string, done func(*v1alpha1.EndpointAPIKey) bool) *cobra.Command {
	o := waitOptions{}
	command.GroupID, command.Args, command.ValidArgsFunction = groupAct, cobra.ExactArgs(1), p.completeKey
	command.RunE = func(command *cobra.Command, names []string) error {
		return p.setSuspend(command.Context(), o, names[0], suspend, otherwise, done)
	}
	o.addTo(command, 2*time.Minute)
	return command
}

func (p *plugin) setSuspend(
	ctx context.Context, o waitOptions, name string, suspend bool, otherwise string, done func(*v1alpha1.EndpointAPIKey) bool,
) error {
	cluster, key, err := p.findKey(ctx, name)
	if err != nil {
		return err
	}
	if key.Spec.Suspend == suspend {
		p.step("spec.suspend is %t already.", suspend)
	} else {
		p.warnOfGitOps(key)
		if err := cluster.patch(ctx, key, specPatch("suspend", suspend)); err != nil {
			return err
		}
		p.step("Set spec.suspend to %t.", suspend)
	}
	if !o.wait {
		return nil
	}
	shown := progress{plugin: p}
	err = await(ctx, cluster, o, key, func() (bool, error) {
		shown.show(key)
		said := keyReport(key)
		if said.health == healthFailed {
			return false, fmt.Errorf("%s; %s says more", withoutStop(said.message), commandFor("explain", key))
		}
		return done(key), nil
	})
	if errors.Is(err, errWaited) {
		return o.late(key, otherwise)
	}
	return err
}
