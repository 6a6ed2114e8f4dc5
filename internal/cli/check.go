// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
)

func (p *plugin) checkCommand() *cobra.Command {
	o := waitOptions{}
	command := &cobra.Command{
		Use: "check CONNECTION", GroupID: groupLook, Args: cobra.ExactArgs(1), ValidArgsFunction: p.completeConnection,
		Short: "Check a connection to Cognigy, aspect by aspect",
		Long: "Has the operator probe a connection, by the annotation " + v1alpha1.RequestedAtAnnotation + ", and shows how far it came: DNS, network, TLS, proxies,\n" +
			"credentials, permissions and Cognigy's rate limit, and what to do about what fails. The plugin itself sends nothing to Cognigy.\n\n" +
			"CONNECTION is the name of a CognigyConnection of the namespace, or clustercognigyconnection/NAME.",
		Example: "  kubectl cognigy check cognigy -n crm\n  kubectl cognigy check clustercognigyconnection/production",
		RunE:    func(command *cobra.Command, names []string) error { return p.check(command.Context(), o, names[0]) },
	}
	command.Flags().BoolVar(&o.wait, "probe", true, "Have the operator probe the connection now. Without, show what its latest probe found.")
	command.Flags().DurationVar(&o.timeout, "timeout", time.Minute, "How long to wait for the probe.")
	return command
}

func (p *plugin) check(ctx context.Context, o waitOptions, named string) error {
	cluster, err := p.connect()
	if err != nil {
		return err
	}
	found, err := cluster.connection(ctx, named)
	if err != nil {
		return err
	}
	if o.wait {
		if err := p.probe(ctx, cluster, o, found); err != nil {
			return err
		}
	}
	keys, hidden, err := dependentsOf(ctx, cluster, found)
	if err != nil {
		return err
	}
	p.say("%s  %s  %s", p.paint.paint(title(found), bold), p.inBrief(connectionReport(found)), found.GetConnectionSpec().BaseURL)
	p.say("")
	failed := p.results(resultsOf(found, keys))
	if hidden != nil {
		say(p.ErrOut, "Not considered: keys that use the connection (%s).", hidden)
	}
	if failed || failedAspect(connectionReport(found)) != "" {
		return errSaid
	}
	return nil
}

// probe has the operator probe a connection. If it cannot, what the operator found before is shown.
func (p *plugin) probe(ctx context.Context, cluster *cluster, o waitOptions, found v1alpha1.Connection) error {
	requested, err := p.requestReconcile(ctx, cluster, found)
	if apierrors.IsForbidden(err) {
		say(p.ErrOut, "Not probed anew (%s). This is what the operator found before:", err)
		return nil
	}
	if err != nil {
		return err
	}
	err = await(ctx, cluster, o, found, func() (bool, error) { return found.GetConnectionStatus().LastHandledReconcileAt == requested, nil })
	if errors.Is(err, errWaited) {
		say(p.ErrOut, "The operator did not probe the connection within %s: check that it runs, and watches the namespace. This is what it found before:", brief(o.timeout))
		return nil
	}
	return err
}

// dependentsOf returns the keys that refer to a connection, as far as the caller may list them.
func dependentsOf(ctx context.Context, cluster *cluster, found v1alpha1.Connection) (dependents []v1alpha1.EndpointAPIKey, hidden, failure error) {
	keys, err := cluster.keys(ctx, found.GetNamespace())
	if apierrors.IsForbidden(err) {
		hidden = err
		if keys, err = nil, nil; connection.IsCluster(found) { // those of one namespace are better than none
			if keys, err = cluster.keys(ctx, cluster.namespace); apierrors.IsForbidden(err) {
				err = nil
			}
		}
	}
	for i := range keys {
		if connection.RefersTo(&keys[i], found) {
			dependents = append(dependents, keys[i])
		}
	}
	return dependents, hidden, err
}

// outcome is how a check ended.
type outcome string

// The outcomes.
const (
	outcomeOK         outcome = "ok"
	outcomeFailed     outcome = "failed"
	outcomeWarning    outcome = "warning"
	outcomeUnknown    outcome = "unknown"
	outcomeNotReached outcome = "not reached"
)

// outcomeColours are the colours of the outcomes.
var outcomeColours = map[outcome]colour{
	outcomeOK: green, outcomeFailed: red, outcomeWarning: yellow, outcomeUnknown: yellow, outcomeNotReached: faint,
}

// result is the outcome for one aspect, and what to do about it.
type result struct {
	aspect  aspect
	outcome outcome
	says    string
}

// results prints a table of results, and below it what there is to say about each. It reports whether one failed.
func (p *plugin) results(results []result) (failed bool) {
	t := newTable(p.paint, "CHECK", "RESULT")
	for _, each := range results {
		t.add(cell{string(each.aspect), plain}, cell{string(each.outcome), outcomeColours[each.outcome]})
		failed = failed || each.outcome == outcomeFailed
	}
	t.print(p.Out)
	for _, each := range results {
		if each.says != "" {
			p.say("")
			p.say("%s: %s", p.paint.paint(string(each.aspect), bold), each.says)
		}
	}
	return failed
}

// whereCauseIs tells how to tell apart what the status does not.
const whereCauseIs = "Which one, the status of a CognigyConnection does not tell, since its namespace must not learn what listens in the operator's network. Whoever\n" +
	"may read the operator's log finds the cause there: kubectl logs -n NAMESPACE deployment/NAME | grep 'the probe got no answer'. The status of a\n" +
	"ClusterCognigyConnection to the same address has it."

// resultsOf reads from the status of a connection how far its latest probe came, and from its keys what a probe does not try.
func resultsOf(found v1alpha1.Connection, keys []v1alpha1.EndpointAPIKey) []result {
	said := connectionReport(found)
	failed, coarse := failedAspect(said), isCoarse(said)
	var results []result
	reached := true
	for _, each := range aspects {
		r := result{aspect: each, outcome: outcomeOK}
		switch {
		case failed == "" && said.health == healthProgressing:
			r.outcome = outcomeUnknown
		case coarse && slices.Contains(silent, each): // the status does not tell which one
			r.outcome, reached = outcomeUnknown, false
		case each == failed:
			r.outcome, r.says, reached = outcomeFailed, said.message, false
		case !reached:
			r.outcome = outcomeNotReached
		case each == aspectPermissions || each == aspectLimit:
			r = byKeys(each, keys)
		}
		results = append(results, r)
	}
	switch {
	case failed == "" && said.health == healthProgressing:
		results[0].says = said.message
	case coarse:
		results[slices.Index(aspects, aspectDNS)].says = "this, the network, TLS or a proxy fails: " + punctuate(said.message) + "\n" + whereCauseIs
	}
	return results
}

// byKeys judges by the keys of a connection what a probe does not try: it needs no permission, and little of the rate limit.
func byKeys(each aspect, keys []v1alpha1.EndpointAPIKey) result {
	delivered := false
	for i := range keys {
		said := keyReport(&keys[i])
		delivered = delivered || keys[i].Status.KeyID != ""
		if each == aspectPermissions && said.reason == v1alpha1.ReasonForbidden || each == aspectLimit && said.reason == v1alpha1.ReasonRateLimited {
			return result{each, outcomeFailed, fmt.Sprintf("EndpointAPIKey %s/%s: %s", keys[i].Namespace, keys[i].Name, said.message)}
		}
	}
	switch {
	case each == aspectLimit:
		return result{each, outcomeOK, ""}
	case !delivered:
		return result{each, outcomeUnknown, "no key was issued yet, which alone shows that the credentials may do it"}
	default:
		return result{each, outcomeOK, ""}
	}
}
