// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/kube"
)

func (p *plugin) preflightCommand() *cobra.Command {
	return &cobra.Command{
		Use: "preflight", GroupID: groupLook, Args: cobra.NoArgs,
		Short: "Check before an upgrade what could keep it from going well",
		Long: "Checks the CustomResourceDefinitions and the versions that they store, the operator's Deployment, the state of its Helm release, your permissions\n" +
			"for an upgrade and the operator's for its work, whether every connection reaches Cognigy, and whether an attempt to issue a key is pending.\n" +
			"It changes nothing.",
		Example: "  kubectl cognigy preflight",
		RunE:    func(command *cobra.Command, _ []string) error { return p.preflight(command.Context()) },
	}
}

// preflight runs every check. What cannot be read is unknown, and keeps no other check from running.
func (p *plugin) preflight(ctx context.Context) error {
	connected, err := p.connect()
	if err != nil {
		return err
	}
	var results []result
	for _, check := range []func(context.Context, *cluster) []result{checkDefinitions, checkOperators, checkRelease, checkPermissions, checkConnections, checkKeys} {
		results = append(results, check(ctx, connected)...)
	}
	if p.results(results) {
		return errSaid
	}
	return nil
}

// judge is the result of a check that read something.
func judge(about string, err error, says string) result {
	switch {
	case err != nil:
		return result{aspect(about), outcomeUnknown, err.Error()}
	case says != "":
		return result{aspect(about), outcomeFailed, says}
	default:
		return result{aspect(about), outcomeOK, ""}
	}
}

// checkDefinitions checks what Kubernetes serves and stores of the operator's kinds.
func checkDefinitions(ctx context.Context, c *cluster) (results []result) {
	for _, plural := range []string{"endpointapikeys", "cognigyconnections", "clustercognigyconnections"} {
		found := &apiextensionsv1.CustomResourceDefinition{}
		name := plural + "." + v1alpha1.GroupVersion.Group
		err := c.Get(ctx, types.NamespacedName{Name: name}, found)
		if apierrors.IsNotFound(err) {
			results = append(results, result{aspect("CRD " + plural), outcomeFailed, "there is none; apply the CustomResourceDefinitions of the operator's version"})
			continue
		}
		results = append(results, judge("CRD "+plural, err, definitionTrouble(found)))
	}
	return results
}

func definitionTrouble(found *apiextensionsv1.CustomResourceDefinition) string {
	served := slices.ContainsFunc(found.Spec.Versions, func(version apiextensionsv1.CustomResourceDefinitionVersion) bool {
		return version.Name == v1alpha1.GroupVersion.Version && version.Served
	})
	if !served {
		return "it does not serve " + v1alpha1.GroupVersion.Version + ", which this version of the plugin speaks; use the plugin of the operator's version"
	}
	for _, stored := range found.Status.StoredVersions {
		if !slices.ContainsFunc(found.Spec.Versions, func(v apiextensionsv1.CustomResourceDefinitionVersion) bool { return v.Name == stored }) {
			return fmt.Sprintf("objects may be stored as %s, which it does not have; write all of them once, and remove the version from status.storedVersions", stored)
		}
	}
	if !found.DeletionTimestamp.IsZero() {
		return "it is being deleted"
	}
	return ""
}

// checkOperators checks that the operator runs.
func checkOperators(ctx context.Context, c *cluster) (results []result) {
	deployments, err := c.operators(ctx)
	if err != nil || len(deployments) == 0 {
		return []result{judge("operator", err, "no Deployment with the label app.kubernetes.io/name=cognigy-operator; an upgrade of an operator that does not run is an installation")}
	}
	for _, deployment := range deployments {
		says, wanted := "", int32(1)
		if deployment.Spec.Replicas != nil {
			wanted = *deployment.Spec.Replicas
		}
		if ready := deployment.Status.ReadyReplicas; ready < wanted {
			says = fmt.Sprintf("%d of %d Pods are ready; find out why before you change more", ready, wanted)
		}
		about := joined(" ", "operator", deployment.Namespace+"/"+deployment.Name, versionOf(imageOf(&deployment)))
		results = append(results, judge(about, nil, says))
	}
	return results
}

// checkRelease checks that Helm is not in the middle of something.
func checkRelease(ctx context.Context, c *cluster) (results []result) {
	deployments, err := c.operators(ctx)
	if err != nil {
		return nil // said by checkOperators
	}
	for i := range deployments {
		name, namespace := helmRelease(&deployments[i])
		if name == "" {
			continue
		}
		latest, newest := "", ""
		err := kube.EachMetadata(ctx, c, secretList, func(secret *metadataOnly) {
			if version := fmt.Sprintf("%12s", secret.Labels["version"]); version > newest {
				newest, latest = version, secret.Labels["status"]
			}
		}, client.InNamespace(namespace), client.MatchingLabels{"owner": "helm", "name": name})
		says := ""
		if latest != "deployed" {
			says = fmt.Sprintf("its latest revision is %q; helm history %s -n %s shows more, helm rollback ends it", latest, name, namespace)
		}
		results = append(results, judge("Helm release "+namespace+"/"+name, err, says))
	}
	return results
}

// checkConnections checks that every connection reaches Cognigy.
func checkConnections(ctx context.Context, c *cluster) (results []result) {
	for _, kind := range connectionKindsInOrder {
		found, err := c.connections(ctx, kind, "")
		if err != nil {
			results = append(results, judge("connections", err, ""))
		}
		for _, each := range found {
			if said := connectionReport(each); said.health != healthReady {
				results = append(results, result{aspect(title(each)), outcomeFailed, joined(": ", said.reason, said.message)})
			} else {
				results = append(results, judge(title(each), nil, ""))
			}
		}
	}
	return results
}

// checkKeys checks that no attempt is pending, and that what fails after an upgrade did not fail before.
func checkKeys(ctx context.Context, c *cluster) []result {
	keys, err := c.keys(ctx, "")
	if err != nil {
		return []result{judge("keys", err, "")}
	}
	var pending, failed []string
	for i := range keys {
		name := keys[i].Namespace + "/" + keys[i].Name
		if keys[i].Status.Issuance != nil {
			pending = append(pending, name)
		}
		if said := keyReport(&keys[i]); said.health == healthFailed {
			failed = append(failed, name+" ("+said.reason+")")
		}
	}
	results := []result{judge("keys", nil, "")}
	if len(failed) > 0 {
		results[0].outcome, results[0].says = outcomeWarning, "failed before the upgrade: "+strings.Join(failed, ", ")
	}
	if len(pending) > 0 {
		results = append(results, result{"attempts", outcomeWarning, "pending for " + strings.Join(pending, ", ") + "; wait, so that the operator need not find out what became of them"})
	}
	return results
}
