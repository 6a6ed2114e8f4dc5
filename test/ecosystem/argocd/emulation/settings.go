// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package emulation

import (
	"os"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// Scripts are those of a kind.
type Scripts struct {
	Health    string
	Discovery string
	Actions   map[string]string // by the action's name
}

// Configured returns the scripts of one of the operator's kinds from a file with argocd-cm.
func Configured(file, kind string) (Scripts, error) {
	settings, err := os.ReadFile(file)
	if err != nil {
		return Scripts{}, err
	}
	var of corev1.ConfigMap
	if err := yaml.UnmarshalStrict(settings, &of); err != nil {
		return Scripts{}, err
	}
	var actions struct {
		Discovery   string `json:"discovery.lua"`
		Definitions []struct {
			Name      string `json:"name"`
			ActionLua string `json:"action.lua"`
		} `json:"definitions"`
	}
	name := v1alpha1.GroupVersion.Group + "_" + kind
	if err := yaml.UnmarshalStrict([]byte(of.Data["resource.customizations.actions."+name]), &actions); err != nil {
		return Scripts{}, err
	}
	found := Scripts{Health: of.Data["resource.customizations.health."+name], Discovery: actions.Discovery, Actions: map[string]string{}}
	for _, action := range actions.Definitions {
		found.Actions[action.Name] = action.ActionLua
	}
	return found, nil
}
