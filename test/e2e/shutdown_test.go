// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"

	"github.com/cognigy-operator/cognigy-operator/config/rbac"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
)

var _ = Describe("The operator's process", func() {
	// As when everything of an installation is deleted at once: its namespace stays until its Pods have ended.
	DescribeTable("ends soon when it is told to, also if it has lost its permissions", Serial, func(restart bool) {
		const soon = 30 * time.Second // which is what a Pod has where nothing else is said
		e := newEnvironment()
		binding := permitAs(e, "robbed", func(*rbacv1.Role) {})
		run := func() *process {
			return launch(as("robbed"), "--watch-namespaces="+e.Namespace, "--cluster-id="+e.ClusterUID, "--leader-elect", "--namespace="+e.Namespace)
		}
		p := run()
		key := e.Key()
		e.Create(key)
		e.AwaitDelivered(key, 1)
		e.Delete(binding)
		e.Delete(key)
		Eventually(p.output.String).WithTimeout(patience).Should(ContainSubstring("is forbidden"))
		if restart {
			Expect(p.Stop(soon)).To(Succeed())
			p = run()
			Eventually(p.output.String).WithTimeout(patience).Should(ContainSubstring("is forbidden"))
		}
		Expect(p.Stop(soon)).To(Succeed())

		binding.ResourceVersion = ""
		e.Create(binding)
		run()
		e.AwaitGone(key)
	},
		Entry("as it works", false),
		Entry("as it starts", true),
	)
})

// permitAs gives a user a Role like the operator's own two in an environment's namespace, and returns its binding.
func permitAs(e *fixtures.Environment, user string, edit func(*rbacv1.Role)) *rbacv1.RoleBinding {
	GinkgoHelper()
	role, leases := &rbacv1.Role{}, &rbacv1.Role{}
	Expect(yaml.UnmarshalStrict(rbac.Manager, role)).To(Succeed())
	Expect(yaml.UnmarshalStrict(rbac.LeaderElection, leases)).To(Succeed())
	role.ObjectMeta, role.Rules = e.Meta(user), append(role.Rules, leases.Rules...)
	edit(role)
	e.Create(role)
	binding := &rbacv1.RoleBinding{
		ObjectMeta: e.Meta(user), RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: user},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	}
	e.Create(binding)
	return binding
}

// as is the kubeconfig of the administrator as another user.
func as(user string) []byte {
	GinkgoHelper()
	config, err := clientcmd.Load(bed.Admin)
	Expect(err).NotTo(HaveOccurred())
	for _, account := range config.AuthInfos {
		account.Impersonate = user
	}
	kubeconfig, err := clientcmd.Write(*config)
	Expect(err).NotTo(HaveOccurred())
	return kubeconfig
}
