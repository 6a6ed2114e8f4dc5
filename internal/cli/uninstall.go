// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/connection"
)

// uninstallOptions are the flags of uninstall.
type uninstallOptions struct {
	allNamespaces, keepKeys, yes bool
	timeout                      time.Duration
}

func (p *plugin) uninstallCommand() *cobra.Command {
	o := uninstallOptions{}
	command := &cobra.Command{
		Use: "uninstall", GroupID: groupAct, Args: cobra.NoArgs,
		Short: "Delete keys and connections in the order in which no key is left behind",
		Long: "Deletes the EndpointAPIKeys of the namespace, waits until the operator has revoked every key, and then deletes the connections. With -A, does so in\n" +
			"all namespaces, with ClusterCognigyConnections, too, and says how to remove the operator itself, which has to run until then.\n\n" +
			"With --keep-keys, sets deletionPolicy: Retain first, so that Secrets and keys stay.",
		Example: "  kubectl cognigy uninstall -n crm\n  kubectl cognigy uninstall -A --keep-keys",
		RunE:    func(command *cobra.Command, _ []string) error { return p.uninstall(command.Context(), o) },
	}
	flags := command.Flags()
	flags.BoolVarP(&o.allNamespaces, "all-namespaces", "A", false, "Work in all namespaces, and on ClusterCognigyConnections.")
	flags.BoolVar(&o.keepKeys, "keep-keys", false, "Leave Secrets and their keys as they are.")
	flags.BoolVarP(&o.yes, "yes", "y", false, "Do not ask.")
	flags.DurationVar(&o.timeout, "timeout", 10*time.Minute, "How long to wait for each step.")
	return command
}

// removal is what uninstall works on.
type removal struct {
	*cluster
	plugin    *plugin
	options   uninstallOptions
	namespace string // "" for all
}

func (p *plugin) uninstall(ctx context.Context, o uninstallOptions) error {
	cluster, err := p.connect()
	if err != nil {
		return err
	}
	r := &removal{cluster: cluster, plugin: p, options: o, namespace: cluster.namespace}
	if o.allNamespaces {
		r.namespace = ""
	}
	if err := r.checkOperator(ctx); err != nil {
		return err
	}
	keys, err := cluster.keys(ctx, r.namespace)
	if err != nil {
		return err
	}
	connections, err := r.connections(ctx)
	if err != nil {
		return err
	}
	if err := p.confirm(r.question(keys, len(connections)), o.yes); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{r.retainKeys, r.deleteKeys, r.deleteConnections, r.awaitCredentials} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return r.finish(ctx)
}

// checkOperator makes sure that the operator runs, as far as the caller can see: without it, no deletion ends.
func (r *removal) checkOperator(ctx context.Context) error {
	deployments, err := r.operators(ctx)
	if err != nil && !apierrors.IsForbidden(err) {
		return err
	}
	for _, deployment := range deployments {
		if deployment.Status.ReadyReplicas > 0 {
			return nil
		}
	}
	if len(deployments) > 0 {
		return fmt.Errorf("the operator does not run: Deployment %s/%s has no ready Pod. It has to revoke the keys; start it first", deployments[0].Namespace, deployments[0].Name)
	}
	say(r.plugin.ErrOut, "warning: no Deployment of the operator is to be seen. It has to run: without it, no deletion ends.")
	return nil
}

func (r *removal) question(keys []v1alpha1.EndpointAPIKey, connections int) string {
	retained := 0
	for _, key := range keys {
		if r.options.keepKeys || key.Spec.DeletionPolicy == v1alpha1.DeletionPolicyRetain {
			retained++
		}
	}
	return fmt.Sprintf("Delete %s and %s%s? The operator revokes the keys of %s, and leaves those of %s.",
		count(len(keys), "EndpointAPIKey"), count(connections, "connection"), place(r.namespace, r.namespace == ""),
		count(len(keys)-retained, "EndpointAPIKey"), count(retained, "other"))
}

// connections are those that end with the keys.
func (r *removal) connections(ctx context.Context) ([]v1alpha1.Connection, error) {
	found, err := r.cluster.connections(ctx, connection.Namespaced, r.namespace)
	if err != nil || r.namespace != "" {
		return found, err
	}
	others, err := r.cluster.connections(ctx, connection.Cluster, "")
	return append(found, others...), err
}

// retainKeys has every Secret and its key stay.
func (r *removal) retainKeys(ctx context.Context) error {
	if !r.options.keepKeys {
		return nil
	}
	keys, err := r.keys(ctx, r.namespace)
	for i := range keys {
		if err == nil && keys[i].Spec.DeletionPolicy != v1alpha1.DeletionPolicyRetain {
			err = r.patch(ctx, &keys[i], specPatch("deletionPolicy", v1alpha1.DeletionPolicyRetain))
		}
	}
	if err == nil {
		r.plugin.step("Set deletionPolicy: Retain on %s.", count(len(keys), "EndpointAPIKey"))
	}
	return err
}

func (r *removal) deleteKeys(ctx context.Context) error {
	keys, err := r.keys(ctx, r.namespace)
	if err != nil {
		return err
	}
	for i := range keys {
		if err := r.delete(ctx, &keys[i]); err != nil {
			return err
		}
	}
	return r.awaitNone(ctx, "EndpointAPIKey", func(ctx context.Context) (left []string, err error) {
		keys, err := r.keys(ctx, r.namespace)
		for i := range keys {
			said := keyReport(&keys[i])
			left = append(left, fmt.Sprintf("%s/%s (%s: %s)", keys[i].Namespace, keys[i].Name, said.reason, withoutStop(said.message)))
		}
		return left, err
	})
}

func (r *removal) deleteConnections(ctx context.Context) error {
	found, err := r.connections(ctx)
	if err != nil {
		return err
	}
	for _, each := range found {
		if err := r.delete(ctx, each); err != nil {
			return err
		}
	}
	return r.awaitNone(ctx, "connection", func(ctx context.Context) (left []string, err error) {
		found, err := r.connections(ctx)
		for _, each := range found {
			said := connectionReport(each)
			left = append(left, fmt.Sprintf("%s (%s: %s)", title(each), said.reason, withoutStop(said.message)))
		}
		return left, err
	})
}

func (r *removal) delete(ctx context.Context, object client.Object) error {
	return understood("delete", object.GetNamespace(), client.IgnoreNotFound(r.client.Delete(ctx, object)))
}

// finish says how to remove the operator itself.
func (r *removal) finish(ctx context.Context) error {
	if r.namespace != "" {
		return nil
	}
	deployments, err := r.operators(ctx)
	if err != nil && !apierrors.IsForbidden(err) {
		return err
	}
	for i := range deployments {
		if release, namespace := helmRelease(&deployments[i]); release != "" {
			r.plugin.say("Now remove the operator: helm uninstall %s -n %s", release, namespace)
			return nil
		}
	}
	r.plugin.say("Now remove the operator, by the way in which it was installed; after manifests: make undeploy CONFIRM=yes.")
	return nil
}
