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
	"github.com/cognigy-operator/cognigy-operator/internal/controller/endpointapikey"
	"github.com/cognigy-operator/cognigy-operator/internal/options"
)

// rotateOptions are the flags of rotate.
type rotateOptions struct {
	waitOptions
	revokeNow, yes bool
}

func (p *plugin) rotateCommand() *cobra.Command {
	o := rotateOptions{}
	command := &cobra.Command{
		Use: "rotate NAME", GroupID: groupAct, Args: cobra.ExactArgs(1), ValidArgsFunction: p.completeKey,
		Short: "Have a key replaced by another one",
		Long: "Asks the operator for another key, by the annotation " + v1alpha1.RotateRequestedAtAnnotation + ", and waits until the Secret holds it.\n" +
			"The replaced key works on for the overlap that the resource has. Windows of the rotation are kept.\n\n" +
			"With --revoke-now, for a key that leaked: sets rotation.overlap to 0s and ignoreWindows in the same write, so that the operator revokes the replaced\n" +
			"key as soon as the Secret holds another one, and puts both back afterwards. Workloads are refused until they use the new key.",
		Example: "  kubectl cognigy rotate crm-webhook -n crm\n  kubectl cognigy rotate crm-webhook -n crm --revoke-now",
		RunE:    func(command *cobra.Command, names []string) error { return p.rotate(command.Context(), o, names[0]) },
	}
	o.addTo(command, 5*time.Minute)
	command.Flags().BoolVar(&o.revokeNow, "revoke-now", false, "Revoke the replaced key at once: it leaked.")
	command.Flags().BoolVarP(&o.yes, "yes", "y", false, "Do not ask before --revoke-now.")
	return command
}

func (p *plugin) rotate(ctx context.Context, o rotateOptions, name string) error {
	cluster, key, err := p.findKey(ctx, name)
	if err != nil {
		return err
	}
	if err := rotatable(key); err != nil {
		return err
	}
	requested := requestTime(key, p.clock.Now())
	if o.revokeNow {
		return p.revokeNow(ctx, cluster, o, key, requested)
	}
	before := key.Status.KeyID
	if err := cluster.annotate(ctx, key, v1alpha1.RotateRequestedAtAnnotation, requested); err != nil {
		return err
	}
	p.step("Asked for another key than %s.", before)
	if !o.wait {
		return nil
	}
	if err := p.awaitRotation(ctx, cluster, o.waitOptions, key, requested); err != nil {
		return err
	}
	p.rotated(key, before)
	return nil
}

// rotatable returns why the operator would not rotate a key.
func rotatable(key *v1alpha1.EndpointAPIKey) error {
	switch {
	case key.DeletionTimestamp != nil:
		return fmt.Errorf("EndpointAPIKey %q is being deleted", key.Name)
	case key.Spec.Suspend:
		return fmt.Errorf("EndpointAPIKey %q is suspended, so that the operator rotates nothing; first: %s", key.Name, commandFor("resume", key))
	case key.Status.KeyID == "":
		return fmt.Errorf("EndpointAPIKey %q has no key yet that could be rotated; %s says why", key.Name, commandFor("explain", key))
	}
	return nil
}

// requestTime is the value of the annotation: a whole second that is not before now, and later than the key was issued, whatever the clocks
// of caller and operator.
func requestTime(key *v1alpha1.EndpointAPIKey, now time.Time) string {
	at := now.Add(time.Second).Truncate(time.Second)
	if issued := timeOf(key.Status.IssuedAt).Add(time.Second); issued.After(at) {
		at = issued
	}
	return at.UTC().Format(time.RFC3339)
}

// awaitRotation waits until the Secret holds a key that is not older than requested.
func (p *plugin) awaitRotation(ctx context.Context, cluster *cluster, o waitOptions, key *v1alpha1.EndpointAPIKey, requested string) error {
	if err := p.checkWindow(ctx, cluster, o, key); err != nil {
		return err
	}
	shown := progress{plugin: p, last: keyReport(key).text()} // that the key was ready before is no progress
	err := await(ctx, cluster, o, key, func() (bool, error) {
		shown.show(key)
		return key.Status.LastHandledRotateAt == requested, nil
	})
	if errors.Is(err, errWaited) {
		return o.late(key, "the key was not replaced")
	}
	return err
}

// checkWindow returns when the rotation takes place if it does not while a user waits. The operator's own rules tell, before it reports.
func (p *plugin) checkWindow(ctx context.Context, cluster *cluster, o waitOptions, key *v1alpha1.EndpointAPIKey) error {
	// When the key is rotated does not depend on the drift interval.
	preview, err := endpointapikey.NewPreview(ctx, cluster, p.clock, options.DefaultDriftInterval, key)
	switch {
	case err != nil:
		return err
	case preview.Malformed != nil:
		return preview.Malformed
	case !preview.Plan.RotatesAt.After(p.clock.Now().Add(o.timeout)):
		return nil
	}
	return fmt.Errorf("the operator replaces the key on %s, in a window of rotation.windows; rotation.ignoreWindows: true has it do that at once",
		on(preview.Plan.RotatesAt, p.clock.Now()))
}

// rotated says what became of the keys.
func (p *plugin) rotated(key *v1alpha1.EndpointAPIKey, before string) {
	p.step("Secret %q holds key %s (%s).", key.Status.SecretName, key.Status.KeyID, key.Status.KeyPreview)
	for _, replaced := range key.Status.Retiring {
		if replaced.KeyID == before {
			p.step("Key %s works on until %s.", before, on(replaced.RevokeAt.Time, p.clock.Now()))
			return
		}
	}
	p.step("Key %s is revoked.", before)
}

// specPatch changes a field of the spec.
func specPatch(field string, value any) map[string]any {
	return map[string]any{"spec": map[string]any{field: value}}
}

// commandFor is a command of the plugin about a resource.
func commandFor(verb string, object client.Object) string {
	return fmt.Sprintf("kubectl cognigy %s %s -n %s", verb, object.GetName(), object.GetNamespace())
}
