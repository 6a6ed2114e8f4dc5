// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/fips140"
	"fmt"
	"runtime"
)

// version is set by the linker.
var version = "dev"

// build says what this binary is, as in "cognigy-operator 0.1.0 (go1.26.8, linux/amd64)". Where cryptography is that of Go's
// FIPS 140-3 module, it names the module's version. It goes by what is in effect: GODEBUG can switch the module on and off.
func build() string {
	text := fmt.Sprintf("cognigy-operator %s (%s, %s/%s", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if fips140.Enabled() {
		text += ", FIPS 140-3 module " + fips140.Version()
	}
	return text + ")"
}
