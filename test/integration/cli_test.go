// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/internal/cli"
	"github.com/cognigy-operator/cognigy-operator/test/states"
)

// printed is what a command of kubectl cognigy printed.
type printed struct {
	out, errOut string
	code        int
}

// kubectlCognigy runs a command in the environment's namespace, as administrator unless the arguments say otherwise. Whatever it prints
// must hold no plaintext.
func (e *environment) kubectlCognigy(arguments ...string) printed {
	GinkgoHelper()
	return e.kubectlCognigyWith("", arguments...)
}

// kubectlCognigyWith does the same, with something to read.
func (e *environment) kubectlCognigyWith(input string, arguments ...string) printed {
	GinkgoHelper()
	kubeconfig := filepath.Join(GinkgoT().TempDir(), "kubeconfig")
	Expect(os.WriteFile(kubeconfig, bed.Admin, 0o600)).To(Succeed())
	ctx, cancel := context.WithTimeout(e.Context, patience)
	defer cancel()
	var out, errOut bytes.Buffer
	streams := genericiooptions.IOStreams{In: strings.NewReader(input), Out: &out, ErrOut: &errOut}
	code := cli.Run(ctx, streams, "test", append([]string{"--kubeconfig=" + kubeconfig, "--namespace=" + e.Namespace}, arguments...))
	e.Expect(e.FindPlaintexts(map[string]string{"output": out.String(), "errors": errOut.String()})).To(BeEmpty())
	return printed{out.String(), errOut.String(), code}
}

// prints runs a command that succeeds, and returns what it prints.
func (e *environment) prints(arguments ...string) string {
	GinkgoHelper()
	found := e.kubectlCognigy(arguments...)
	Expect(found.code).To(BeZero(), "%s", found.errOut)
	return found.out
}

// volatile is what differs between two runs of a command, beside what states.WithoutChance replaces.
var volatile = []struct {
	found   *regexp.Regexp
	written string
}{
	{regexp.MustCompile("[0-9a-f]{4}•+[0-9a-f]{4}"), "0123••••••••cdef"},
	{regexp.MustCompile(`\b\d\d:\d\d:\d\d  `), "10:00:00  "},
	{regexp.MustCompile(`\b(\d+h\d+m|\d+d\d+h|\d+m\d+s|\d+[dhms])( ago\b|\)|\s{2,}|\n|, rotates)`), "5s$2"},
	{regexp.MustCompile(`\bin (\d+h\d+m|\d+d\d+h|\d+m\d+s|\d+[dhms])\b`), "in 5s"},
	{regexp.MustCompile(`([^\s│]) {2,}`), "$1   "},
	{regexp.MustCompile(`\bissued-\d+\b`), "issued"},
}

// golden compares what a command printed with a file of testdata/cli. With UPDATE_GOLDEN, it writes the file.
func golden(name, text string) {
	GinkgoHelper()
	text = states.WithoutChance(regexp.MustCompile("traceId [-0-9a-z]+").ReplaceAllString(text, "traceId api"))
	for _, each := range volatile {
		text = each.found.ReplaceAllString(text, each.written)
	}
	file := filepath.Join("testdata", "cli", name+".txt")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		Expect(os.MkdirAll(filepath.Dir(file), 0o750)).To(Succeed())
		Expect(os.WriteFile(file, []byte(text), 0o600)).To(Succeed())
	}
	wanted, err := os.ReadFile(file)
	Expect(err).NotTo(HaveOccurred())
	Expect(text).To(Equal(string(wanted)), "what is printed differs from %s; if that is wanted, run the spec with UPDATE_GOLDEN=1", file)
}

// permitView gives a user the ClusterRole view in the environment's namespace.
func (e *environment) permitView(user string) {
	GinkgoHelper()
	e.Create(&rbacv1.RoleBinding{
		ObjectMeta: e.Meta(user + "-view"),
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	})
}

// permitRules gives a user a Role in the environment's namespace.
func (e *environment) permitRules(user string, rules ...rbacv1.PolicyRule) {
	GinkgoHelper()
	e.Create(&rbacv1.Role{ObjectMeta: e.Meta(user), Rules: rules})
	e.Create(&rbacv1.RoleBinding{
		ObjectMeta: e.Meta(user), RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: user},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	})
}

// withOverlap has replaced keys work on.
func withOverlap(key *v1alpha1.EndpointAPIKey) {
	key.Spec.Rotation.Overlap = &metav1.Duration{Duration: time.Hour}
}
