// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
)

// completionTimeout is how long a shell waits for names: somebody has pressed a key.
const completionTimeout = 3 * time.Second

// completeKeys proposes the names of the namespace's keys that are not given yet.
func (p *plugin) completeKeys(command *cobra.Command, given []string, _ string) ([]string, cobra.ShellCompDirective) {
	return p.complete(command, func(ctx context.Context, cluster *cluster) (names []string, err error) {
		keys, err := cluster.keys(ctx, cluster.namespace)
		for _, key := range keys {
			if !slices.Contains(given, key.Name) {
				names = append(names, key.Name)
			}
		}
		return names, err
	})
}

// completeKey is completeKeys for commands that take one.
func (p *plugin) completeKey(command *cobra.Command, given []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(given) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return p.completeKeys(command, given, begun)
}

func (p *plugin) complete(command *cobra.Command, list func(context.Context, *cluster) ([]string, error)) ([]string, cobra.ShellCompDirective) {
	cluster, err := p.connect()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	parent := command.Context()
	if parent == nil {
		parent = context.Background()
	}
	ctx, cancel := context.WithTimeout(parent, completionTimeout)
	defer cancel()
	names, err := list(ctx, cluster)
	if err != nil {
		cobra.CompDebugln(err.Error(), true)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeFlag proposes values of a flag of kubectl.
func (p *plugin) completeFlag(flag string) cobra.CompletionFunc {
	return func(command *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		if flag == "namespace" {
			return p.complete(command, func(ctx context.Context, cluster *cluster) (names []string, err error) {
				found := &corev1.NamespaceList{}
				err = cluster.List(ctx, found)
				for _, namespace := range found.Items {
					names = append(names, namespace.Name)
				}
				return names, err
			})
		}
		config, err := p.config.ToRawKubeConfigLoader().RawConfig()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		names := slices.Collect(maps.Keys(config.Contexts))
		switch flag {
		case "cluster":
			names = slices.Collect(maps.Keys(config.Clusters))
		case "user":
			names = slices.Collect(maps.Keys(config.AuthInfos))
		}
		return slices.Sorted(slices.Values(names)), cobra.ShellCompDirectiveNoFileComp
	}
}
