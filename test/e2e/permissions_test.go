// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"path/filepath"

	. "github.com/onsi/gomega"

	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/suite"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

// operatorAgent begins the user agent of each request of the operator's binary.
const operatorAgent = "cognigy-operator/"

// usesItsPermissions checks, when all specs have run, that the operator needs what the manifests permit, and no more, and that their policies
// refuse it nothing.
func usesItsPermissions(bed *testbed.Testbed) {
	requests, err := testbed.Requests(bed.AuditLog, installation.Namespace, installation.ServiceAccount, operatorAgent)
	Expect(err).NotTo(HaveOccurred())
	Expect(testbed.RefusedByPolicies(requests)).To(BeEmpty())
	granted, used, refused := grantedPermissions(), map[testbed.Permission]bool{}, map[testbed.Permission]bool{}
	for i := range requests {
		if asked := testbed.PermissionOf(&requests[i]); testbed.Forbidden(&requests[i]) {
			refused[asked] = true
		} else {
			used[asked] = true
		}
	}
	Expect(refused).To(BeEmpty(), "permissions that the operator lacks")
	if !suite.Whole() {
		return
	}
	for _, name := range testbed.NotRequested {
		used[name] = true
	}
	Expect(used).To(Equal(granted))
}

// grantedPermissions are those of the roles that the manifests bind to the operator's ServiceAccount, the optional one for restarts
// among them.
func grantedPermissions() map[testbed.Permission]bool {
	manifests, err := installation.Read(installation.File())
	Expect(err).NotTo(HaveOccurred())
	restart, err := installation.Read(filepath.Join(filepath.Dir(installation.File()), "..", "config", "rollout", "restart_role.yaml"))
	Expect(err).NotTo(HaveOccurred())
	granted, err := testbed.Granted(append(manifests, restart...), installation.Namespace, installation.ServiceAccount)
	Expect(err).NotTo(HaveOccurred())
	Expect(granted).NotTo(BeEmpty())
	return granted
}
