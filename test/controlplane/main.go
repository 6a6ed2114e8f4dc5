// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"fmt"
	"os"
)

// Main ends the process of a package's tests as they did. An error of starting or ending what they need fails them.
func Main(run func() (code int, err error)) {
	code, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}
