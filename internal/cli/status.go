// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// statusOptions are the flags of status.
type statusOptions struct {
	allNamespaces, tree bool
	output              string
}

// formats are what -o takes.
var formats = []string{"json", "wide", "yaml"}

func (p *plugin) statusCommand() *cobra.Command {
	o := statusOptions{}
	command := &cobra.Command{
		Use: "status [NAME...]", GroupID: groupLook,
		Short: "Show keys: their health, age and next rotation",
		Long: "Shows EndpointAPIKeys: how each is, and why; which key its Secret holds, how old that is, and when the operator replaces it.\n\n" +
			"With --tree, shows which connection leads to which Endpoints, which keys these have, and which workloads read the Secrets.",
		Example:           "  kubectl cognigy status -n crm\n  kubectl cognigy status -A -o wide\n  kubectl cognigy status -n crm --tree",
		ValidArgsFunction: p.completeKeys,
		RunE:              func(command *cobra.Command, names []string) error { return p.status(command.Context(), o, names) },
	}
	command.Flags().BoolVarP(&o.allNamespaces, "all-namespaces", "A", false, "Show the keys of all namespaces.")
	command.Flags().BoolVar(&o.tree, "tree", false, "Show connections, Endpoints, keys and the workloads that read their Secrets as a tree.")
	command.Flags().StringVarP(&o.output, "output", "o", "", "Print "+strings.Join(formats, ", ")+".")
	_ = command.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
	return command
}

func (p *plugin) status(ctx context.Context, o statusOptions, names []string) error {
	switch {
	case o.output != "" && !slices.Contains(formats, o.output):
		return fmt.Errorf("-o %s is not known: choose one of %s", o.output, strings.Join(formats, ", "))
	case o.tree && o.output != "":
		return fmt.Errorf("--tree prints text: leave out -o %s", o.output)
	case o.allNamespaces && len(names) > 0:
		return fmt.Errorf("names are those of one namespace: leave out -A, or the names")
	}
	cluster, err := p.connect()
	if err != nil {
		return err
	}
	keys, err := chosen(ctx, cluster, o, names)
	if err != nil {
		return err
	}
	if o.tree {
		return p.tree(ctx, cluster, keys)
	}
	now := p.clock.Now()
	found := []keyStatus{}
	for i := range keys {
		found = append(found, statusOf(&keys[i]))
	}
	switch o.output {
	case "json":
		return p.print(found, func(list any) ([]byte, error) { return json.MarshalIndent(list, "", "  ") })
	case "yaml":
		return p.print(found, yaml.Marshal)
	}
	if len(found) == 0 {
		say(p.ErrOut, "No EndpointAPIKeys found%s.", place(cluster.namespace, o.allNamespaces))
		return nil
	}
	p.statusTable(found, o, now)
	return nil
}

func place(namespace string, all bool) string {
	if all {
		return ""
	}
	return fmt.Sprintf(" in namespace %q", namespace)
}

// chosen returns the keys that a user asks for, by namespace and name.
func chosen(ctx context.Context, cluster *cluster, o statusOptions, names []string) ([]v1alpha1.EndpointAPIKey, error) {
	var keys []v1alpha1.EndpointAPIKey
	for _, name := range names {
		key, err := cluster.key(ctx, name)
		if err != nil {
			return nil, err
		}
		keys = append(keys, *key)
	}
	if len(names) > 0 {
		return keys, nil
	}
	namespace := cluster.namespace
	if o.allNamespaces {
		namespace = ""
	}
	keys, err := cluster.keys(ctx, namespace)
	slices.SortFunc(keys, func(a, b v1alpha1.EndpointAPIKey) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return keys, err
}

// keyStatus is what status prints of a key, as JSON and YAML in this form.
type keyStatus struct {
	Namespace    string        `json:"namespace"`
	Name         string        `json:"name"`
	Health       health        `json:"health"`
	Reason       string        `json:"reason,omitempty"`
	Message      string        `json:"message,omitempty"`
	Since        *metav1.Time  `json:"since,omitempty"`
	Connection   string        `json:"connection"`
	Endpoint     string        `json:"endpoint"`
	Secret       string        `json:"secret"`
	KeyID        string        `json:"keyID,omitempty"`
	KeyPreview   string        `json:"keyPreview,omitempty"`
	IssuedAt     *metav1.Time  `json:"issuedAt,omitempty"`
	NextRotation *metav1.Time  `json:"nextRotation,omitempty"`
	Retiring     []retiringKey `json:"retiring,omitempty"`
}

// retiringKey is a replaced key that still works.
type retiringKey struct {
	KeyID      string      `json:"keyID"`
	KeyPreview string      `json:"keyPreview,omitempty"`
	RevokeAt   metav1.Time `json:"revokeAt"`
}

func statusOf(key *v1alpha1.EndpointAPIKey) keyStatus {
	said := keyReport(key)
	found := keyStatus{
		Namespace: key.Namespace, Name: key.Name, Health: said.health, Reason: said.reason, Message: said.message,
		Connection: connectionOf(key), Endpoint: endpointOf(key), Secret: key.SecretName().Name,
		KeyID: key.Status.KeyID, KeyPreview: key.Status.KeyPreview, IssuedAt: key.Status.IssuedAt, NextRotation: key.Status.RotatesAt,
	}
	if !said.since.IsZero() {
		found.Since = new(metav1.NewTime(said.since))
	}
	for _, replaced := range key.Status.Retiring {
		found.Retiring = append(found.Retiring, retiringKey{replaced.KeyID, replaced.KeyPreview, replaced.RevokeAt})
	}
	return found
}

// connectionOf names the connection that a key refers to, as in kind/name.
func connectionOf(key *v1alpha1.EndpointAPIKey) string {
	kind := cmp.Or(key.Spec.ConnectionRef.Kind, v1alpha1.ConnectionKindNamespaced)
	return strings.ToLower(string(kind)) + "/" + string(key.Spec.ConnectionRef.Name)
}

// endpointOf is the Endpoint's id, or, while that is not known, its project and name.
func endpointOf(key *v1alpha1.EndpointAPIKey) string {
	if id := cmp.Or(key.Status.EndpointID, key.Spec.Endpoint.ID); id != "" {
		return id
	}
	return fmt.Sprintf("%s/%s", key.Spec.Endpoint.ProjectID, key.Spec.Endpoint.Name)
}

// print writes a list in a format.
func (p *plugin) print(found []keyStatus, format func(any) ([]byte, error)) error {
	data, err := format(map[string]any{"items": found})
	if err == nil {
		_, err = fmt.Fprintln(p.Out, strings.TrimSpace(string(data)))
	}
	return err
}

func (p *plugin) statusTable(found []keyStatus, o statusOptions, now time.Time) {
	wide := o.output == "wide"
	heading := []string{"NAME", "HEALTH", "REASON", "KEY", "AGE", "NEXT ROTATION"}
	if o.allNamespaces {
		heading = append([]string{"NAMESPACE"}, heading...)
	}
	if wide {
		heading = append(heading, "CONNECTION", "ENDPOINT", "SECRET", "RETIRING", "MESSAGE")
	}
	t := newTable(p.paint, heading...)
	for _, key := range found {
		row := []cell{
			{key.Name, plain},
			{string(key.Health), colours[key.Health]},
			{key.Reason, plain},
			{key.KeyPreview, plain},
			{ago(timeOf(key.IssuedAt), now), plain},
			{until(timeOf(key.NextRotation), now), plain},
		}
		if o.allNamespaces {
			row = append(texts(key.Namespace), row...)
		}
		if wide {
			row = append(row, texts(key.Connection, key.Endpoint, key.Secret, fmt.Sprint(len(key.Retiring)), key.Message)...)
		}
		t.add(row...)
	}
	t.print(p.Out)
}

// timeOf is the zero time for nil.
func timeOf(at *metav1.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	return at.Time
}
