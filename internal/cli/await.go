// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// pollInterval is the time between two reads of what a command waits for. Reading takes fewer permissions than watching.
const pollInterval = 500 * time.Millisecond

// waitOptions are the flags of commands that wait for the operator.
type waitOptions struct {
	wait    bool
	timeout time.Duration
}

func (o *waitOptions) addTo(command *cobra.Command, timeout time.Duration) {
	command.Flags().BoolVar(&o.wait, "wait", true, "Wait until the operator has done it, and show progress.")
	command.Flags().DurationVar(&o.timeout, "timeout", timeout, "How long to wait.")
}

// errWaited: what a command waited for did not happen in time.
var errWaited = errors.New("not in time")

// await reads an object again and again until done says so. The API server may not answer for a while.
func await(ctx context.Context, cluster *cluster, o waitOptions, object client.Object, done func() (bool, error)) error {
	name := client.ObjectKeyFromObject(object)
	err := wait.PollUntilContextTimeout(ctx, pollInterval, o.timeout, true, func(ctx context.Context) (bool, error) {
		switch err := cluster.Get(ctx, name, object); {
		case apierrors.IsForbidden(err), apierrors.IsNotFound(err), apierrors.IsUnauthorized(err):
			return false, err
		case err != nil:
			return false, nil //nolint:nilerr // the next read may be answered
		}
		return done()
	})
	if wait.Interrupted(err) && ctx.Err() == nil {
		return errWaited
	}
	return err
}

// progress prints how a key is whenever that changes, once the operator has seen what was asked of it.
type progress struct {
	plugin *plugin
	last   string
}

func (w *progress) show(key *v1alpha1.EndpointAPIKey) {
	said := keyReport(key)
	if said.text() == w.last || said.reason == reasonPending {
		return
	}
	w.last = said.text()
	w.plugin.step("%s  %s", w.plugin.inBrief(said), said.message)
}

// step prints a line of progress with its time.
func (p *plugin) step(format string, args ...any) {
	p.say("%s  %s", p.paint.paint(p.clock.Now().Format(time.TimeOnly), faint), fmt.Sprintf(format, args...))
}

// late says why a key did not get so far in time.
func (o waitOptions) late(key *v1alpha1.EndpointAPIKey, what string) error {
	said := keyReport(key)
	return fmt.Errorf("%s within %s; the operator reports %s: %s. %s says what it does next",
		what, brief(o.timeout), said.reason, withoutStop(said.message), commandFor("explain", key))
}

// managed are the marks by which GitOps tools own an object, and how each is called.
var managed = map[string]string{
	"kustomize.toolkit.fluxcd.io/name": "Flux", "helm.toolkit.fluxcd.io/name": "Flux", "argocd.argoproj.io/tracking-id": "Argo CD",
}

// warnOfGitOps says that a tool may undo a change of a spec.
func (p *plugin) warnOfGitOps(object client.Object) {
	for mark, tool := range managed {
		_, annotated := object.GetAnnotations()[mark]
		if _, labelled := object.GetLabels()[mark]; annotated || labelled {
			say(p.ErrOut, "warning: %s manages this resource, and may undo the change of its spec; make the change in its repository, too", tool)
			return
		}
	}
}
