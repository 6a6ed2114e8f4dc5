// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/util/version"
)

const assetsVariable = "KUBEBUILDER_ASSETS"

// findAssets returns the folder to start binaries from.
func findAssets(folder string, controllerManager bool) (string, error) {
	commands := []string{"etcd", "kube-apiserver"}
	if controllerManager {
		commands = append(commands, "kube-controller-manager")
	}
	from := "Options.Assets"
	if folder == "" {
		folder, from = os.Getenv(assetsVariable), assetsVariable
	}
	if folder == "" {
		return newestAssets(commands)
	}
	if lacking := missing(folder, commands); len(lacking) > 0 {
		return "", fmt.Errorf("%s is %s, which lacks %s; unset it and run `make control-plane`", from, folder, strings.Join(lacking, " and "))
	}
	return filepath.Abs(folder)
}

// newestAssets looks into bin/control-plane of the repository around the working directory: go test runs in the folder of
// the package, a command anywhere.
func newestAssets(commands []string) (string, error) {
	at, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if found := newestIn(filepath.Join(at, "bin", "control-plane"), commands); found != "" {
			return found, nil
		}
		if filepath.Dir(at) == at {
			return "", errors.New("there are no " + strings.Join(commands, ", ") + " yet; run `make control-plane`, or set " + assetsVariable)
		}
		at = filepath.Dir(at)
	}
}

func newestIn(folder string, commands []string) string {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return ""
	}
	var newest *version.Version
	found := ""
	for _, entry := range entries {
		candidate := filepath.Join(folder, entry.Name())
		v, err := version.ParseSemantic(entry.Name())
		if err != nil || len(missing(candidate, commands)) > 0 {
			continue
		}
		if newest == nil || newest.LessThan(v) {
			newest, found = v, candidate
		}
	}
	return found
}

func missing(folder string, commands []string) []string {
	var lacking []string
	for _, command := range commands {
		if info, err := os.Stat(filepath.Join(folder, command)); err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
			lacking = append(lacking, command)
		}
	}
	return lacking
}
