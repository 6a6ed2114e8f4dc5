// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/condition"
	"github.com/cognigy-operator/cognigy-operator/internal/controller/endpointapikey"
	"github.com/cognigy-operator/cognigy-operator/internal/plan"
)

func (p *plugin) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use: "explain NAME", GroupID: groupLook, Args: cobra.ExactArgs(1), ValidArgsFunction: p.completeKey,
		Short: "Explain what the operator would do with a key now, and why",
		Long: "Reads what the operator reads of an EndpointAPIKey, and plans by the operator's own rules what it would do next. It changes nothing, and\n" +
			"sends nothing to Cognigy. It says what it could not observe.",
		Example: "  kubectl cognigy explain crm-webhook -n crm",
		RunE:    func(command *cobra.Command, names []string) error { return p.explain(command.Context(), names[0]) },
	}
}

func (p *plugin) explain(ctx context.Context, name string) error {
	cluster, key, err := p.findKey(ctx, name)
	if err != nil {
		return err
	}
	operator := cluster.operatorOf(ctx, key.Namespace)
	preview, err := endpointapikey.NewPreview(ctx, cluster, p.clock, operator.settings.DriftInterval, key)
	if err != nil {
		return err
	}
	e := explanation{key: key, preview: preview, operator: operator, now: p.clock.Now()}
	p.say("%s", p.paint.paint(fmt.Sprintf("EndpointAPIKey %s/%s", key.Namespace, key.Name), bold))
	p.section("", e.state())
	p.section("Now:", e.actions())
	p.section("Later:", e.later())
	p.section("Not observed:", e.hidden())
	return nil
}

// section prints sentences below a heading.
func (p *plugin) section(heading string, sentences []string) {
	if len(sentences) == 0 {
		return
	}
	p.say("")
	indent := ""
	if heading != "" {
		p.say("%s", p.paint.paint(heading, bold))
		indent = "  "
	}
	for _, each := range sentences {
		p.say("%s%s", indent, each)
	}
}

// explanation puts a preview into sentences.
type explanation struct {
	key     *v1alpha1.EndpointAPIKey
	preview *endpointapikey.Preview
	// operator is the one that is responsible for the resource.
	operator operatorSettings
	now      time.Time
}

// state says how the resource is, since when, and what to do.
func (e explanation) state() []string {
	said := keyReport(e.key)
	word := string(said.health)
	if said.health != healthReady && said.reason != word {
		word = fmt.Sprintf("%s: %s", said.health, said.reason)
	}
	if !said.since.IsZero() && said.health != healthReady {
		word += ", since " + on(said.since, e.now)
	}
	sentences := []string{punctuate(word) + " " + punctuate(said.message)}
	if secret := e.preview.Observed.Secret; secret.KeyID != "" && secret.Intact {
		sentences = append(sentences, fmt.Sprintf("Secret %q holds key %s%s of Endpoint %s, issued %s.",
			e.key.SecretName().Name, secret.KeyID, inBrackets(e.key.Status.KeyPreview), secret.EndpointID, on(secret.IssuedAt, e.now)))
	}
	sentences = append(sentences, e.outdated(said)...)
	for _, kind := range beside {
		also := condition.Find(e.key.Status.Conditions, kind)
		if also.Status == metav1.ConditionTrue && also.Message != said.message {
			sentences = append(sentences, fmt.Sprintf("%s: %s, since %s. %s", kind, also.Reason, on(also.LastTransitionTime.Time, e.now), punctuate(also.Message)))
		}
	}
	return sentences
}

// outdated says where the Secret is not as the status says: the operator does not know it yet, or does not run.
func (e explanation) outdated(said report) []string {
	secret := e.preview.Observed.Secret
	if said.reason != v1alpha1.ReasonDelivered {
		return nil
	}
	what := ""
	switch {
	case secret.State == plan.SecretAbsent:
		what = "there is no such Secret now"
	case secret.State != plan.SecretOurs:
		what = "the Secret does not belong to this resource now"
	case !secret.Intact:
		what = "the Secret was changed since: its record does not fit"
	default:
		return nil
	}
	return []string{"But " + what + ". If the operator does not say so soon, check that it runs, and watches the namespace."}
}

func inBrackets(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

// actions says what the operator does now, and what keeps it from that.
func (e explanation) actions() []string {
	next := e.preview.Plan
	sentences := []string{e.action(next)}
	if next.Do == plan.Wait && !next.RequeueAt.IsZero() && next.State != plan.Delivered {
		sentences = append(sentences, fmt.Sprintf("It looks again %s.", until(next.RequeueAt, e.now)))
	}
	if listed := e.preview.Listed; listed != nil {
		follows := "nothing more"
		if listed.Do != plan.Wait {
			follows = withoutStop(e.action(*listed))
		}
		sentences = append(sentences, fmt.Sprintf("If the list shows %s: %s.", e.assumed(), lower(follows)))
	}
	if blocked := e.preview.Blocked; blocked != nil {
		sentences = append(sentences, "But something keeps it from that: "+withoutStop(lower(blocked.Error()))+".")
	}
	if malformed := e.preview.Malformed; malformed != nil && !errors.Is(e.preview.Blocked, malformed) {
		sentences = append(sentences, punctuate(malformed.Error()))
	}
	if len(next.Restart) > 0 {
		sentences = append(sentences, fmt.Sprintf("Beside that, it restarts %s, to use the new key.", strings.Join(next.Restart, ", ")))
	}
	return append(sentences, e.memory()...)
}

// assumed says which list the second plan assumes.
func (e explanation) assumed() string {
	if e.preview.Observed.Secret.KeyID == "" && e.key.Status.KeyID == "" {
		return "no key of this resource"
	}
	return "the keys that Secret and status name, and no others"
}

// memory says where the operator knows better, by what it reports.
func (e explanation) memory() []string {
	said := keyReport(e.key)
	switch said.reason {
	case v1alpha1.ReasonTooManyIssuances, v1alpha1.ReasonKeyNameChanged, v1alpha1.ReasonSecretRejected, v1alpha1.ReasonUnexpectedAnswer:
		if e.preview.Plan.Do == plan.Issue || e.preview.Listed != nil && e.preview.Listed.Do == plan.Issue {
			return []string{"It may wait first: it remembers its earlier attempts, and after failed ones it waits for ten minutes, then twice as long, up to an hour. " +
				"kubectl cognigy reconcile ends that wait, once the cause is mended."}
		}
	}
	return nil
}

// action says what the operator does by a plan, and why.
func (e explanation) action(next plan.Plan) string {
	secret := fmt.Sprintf("Secret %q", e.key.SecretName().Name)
	var what string
	switch next.Do {
	case plan.Wait:
		return punctuate("the operator does nothing: " + next.Why)
	case plan.List:
		what = "lists the keys of the Endpoint in Cognigy"
	case plan.AddFinalizer:
		what = "adds its finalizer to the resource"
	case plan.Issue:
		what = "issues a key, and writes it into " + secret
	case plan.Record:
		what = "writes the record in " + secret + " anew; the key in it stays"
	case plan.Repair:
		what = "repairs " + secret + "; the key in it stays"
	case plan.Revoke:
		what = "revokes " + named(next.Revoke)
	case plan.Finalize:
		what = "removes its finalizer, so that Kubernetes deletes the resource"
		if next.DeleteSecret {
			what = "deletes " + secret + ", and " + what
		}
	case plan.Retain:
		what = "leaves " + secret + " and its key as they are, and removes its finalizer"
	}
	why := next.Why
	if _, reason, looks := strings.Cut(why, " needs a fresh list: "); looks {
		why = reason + ", and it does nothing that cannot be undone without a fresh list"
	}
	return punctuate(fmt.Sprintf("the operator %s, because %s", what, lower(why)))
}

func named(keys []plan.Key) string {
	var names []string
	for _, key := range keys {
		names = append(names, "key "+key.ID+inBrackets(key.Preview))
	}
	return condition.Enumerate(names)
}

// lower begins a text with a small letter, unless it begins with a name.
func lower(text string) string {
	for _, name := range []string{"Kubernetes", "Cognigy", "Secret", "Endpoint", "ClusterCognigyConnection"} {
		if strings.HasPrefix(text, name) {
			return text
		}
	}
	if text == "" {
		return ""
	}
	return strings.ToLower(text[:1]) + text[1:]
}

func withoutStop(text string) string { return strings.TrimSuffix(text, ".") }
