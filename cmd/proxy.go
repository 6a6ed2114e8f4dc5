// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"os"
)

// bypassProxy has requests to the API server of the operator's own cluster use no proxy, whatever HTTPS_PROXY says: a proxy is the way out
// of the cluster. The kubelet names that API server in the environment of every Pod. Go reads NO_PROXY once, at the first request.
func bypassProxy() error {
	server := os.Getenv("KUBERNETES_SERVICE_HOST")
	if server == "" {
		return nil
	}
	excepted := server
	if given := cmp.Or(os.Getenv("NO_PROXY"), os.Getenv("no_proxy")); given != "" {
		excepted = given + "," + server
	}
	return os.Setenv("NO_PROXY", excepted)
}
