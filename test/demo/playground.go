// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
)

// stayUp leaves the user something to play with, until the context ends.
func (d *demo) stayUp(ctx context.Context) error {
	d.out.heading("Applying the sample once more, for you to play with")
	if err := d.applyKey(ctx); err != nil {
		return err
	}
	if _, err := d.awaitReady(ctx); err != nil {
		return err
	}
	d.out.heading("It stays up until Ctrl-C. In another terminal (kubectl is up to you):")
	d.out.line(d.invitation())
	<-ctx.Done()
	return context.Cause(ctx)
}

// invitation is a few commands to try. They work as they are printed.
func (d *demo) invitation() string {
	return fmt.Sprintf(`
export KUBECONFIG=%[1]s
kubectl config set-context --current --namespace=%[2]s

# What there is, and what was done.
kubectl get cognigy,secrets
kubectl describe endpointapikey %[3]s
tail -f %[4]s

# Delete the Secret; it is back before you have looked, with another key.
kubectl delete secret %[3]s

# Call the Endpoint as a workload does: {"ok":true}. Before Cognigy.AI 2026.16.0, the header is X-Webhook-Key or x-rest-endpoint-key.
KEY=$(kubectl get secret %[3]s -o go-template='{{index .data "api-key" | base64decode}}')
curl --cacert %[5]s -X POST -H "%[8]s: $KEY" \
  %[6]s

# Every key that Cognigy ever made, and when it was revoked.
curl --cacert %[5]s %[7]s/_simulator/ledger
`, d.kubeconfig(), d.name.Namespace, d.name.Name, d.logFile(), d.caFile(), d.endpointURL(), d.cognigy.URL(), callerHeader)
}
