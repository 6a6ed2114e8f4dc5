// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package options

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// variable is the environment variable of a flag.
func variable(flag string) string {
	return "COGNIGY_OPERATOR_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// readEnvironment sets the flags that the command line does not have and the environment has. An empty variable counts as none, since
// templates of manifests write one where a value is not set.
func readEnvironment(flags *pflag.FlagSet, getenv func(string) string) error {
	var wrong []error
	flags.VisitAll(func(flag *pflag.Flag) {
		value := getenv(variable(flag.Name))
		if flag.Changed || value == "" || !hasVariable(flag.Name) {
			return
		}
		if err := flags.Set(flag.Name, value); err != nil {
			wrong = append(wrong, fmt.Errorf("environment variable %s: %w", variable(flag.Name), err))
		}
	})
	return errors.Join(wrong...)
}
