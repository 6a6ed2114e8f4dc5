// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"os"
	"path/filepath"

	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// One line per request, when it has been answered; bodies stay out, so that no Secret gets into the file. What a client asks about its own
// permissions changes nothing, and Kubernetes permits it to everybody: it is neither work nor a permission to count.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
- {level: None, resources: [{group: authorization.k8s.io, resources: [selfsubjectaccessreviews, selfsubjectrulesreviews]}]}
- {level: Metadata}
`

func configureAudit(server *envtest.APIServer, folder, log string) error {
	if log == "" {
		return nil
	}
	log, err := filepath.Abs(log)
	if err != nil {
		return err
	}
	policy := filepath.Join(folder, "audit-policy.yaml")
	server.Configure().
		Set("audit-policy-file", policy).
		Set("audit-log-path", log).
		// Megabytes: never rotate, since counts need the whole log. Not 0, which older API servers take for the default.
		Set("audit-log-maxsize", "100000")
	return os.WriteFile(policy, []byte(auditPolicy), 0o600)
}
