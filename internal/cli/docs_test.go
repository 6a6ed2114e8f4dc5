// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/cognigy-operator/cognigy-operator/internal/cli"
)

var update = flag.Bool("update", false, "write docs/kubectl-cognigy.md")

const introduction = "# kubectl cognigy\n" + `
A plugin of kubectl that shows what the operator does with your keys, explains why, and asks it to act. It talks to the API server of Kubernetes alone, with
your own permissions: the built-in ClusterRole ` + "`view`" + ` is enough to look, ` + "`edit`" + ` to act. Where a permission is missing, it says which one. It never prints a key.

## Install it

With [krew](https://krew.sigs.k8s.io), from the manifest of a release; or put the binary of a release, or the one that ` + "`make build`" + ` writes into ` + "`bin`" + `, into
your PATH. kubectl finds it by its name.

<!-- not run: needs-internet -->
` + "```sh" + `
kubectl krew install --manifest-url=https://github.com/cognigy-operator/cognigy-operator/releases/latest/download/krew.yaml
` + "```" + `

` + "```sh" + `
kubectl cognigy --version
` + "```" + `

For completion in your shell, put an executable file ` + "`kubectl_complete-cognigy`" + ` into your PATH, too. Archives of a release have it:

<!-- not run: file -->
` + "```sh" + `
#!/usr/bin/env sh
exec kubectl cognigy __complete "$@"
` + "```" + `

Every command takes the flags by which kubectl finds a cluster, such as ` + "`--context`" + `, ` + "`--namespace`" + ` and ` + "`--as`" + `; ` + "`kubectl cognigy --help`" + ` lists them. Output has
colours on terminals, unless ` + "`NO_COLOR`" + ` is set. A command that fails, and a check that finds something wrong, end with the exit code 1.

`

// The page is what the commands say of themselves.
func TestDocs(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	root := cli.New(genericiooptions.IOStreams{In: &bytes.Buffer{}, Out: &bytes.Buffer{}, ErrOut: &bytes.Buffer{}}, "dev")
	var page strings.Builder
	page.WriteString(introduction)
	page.WriteString("## Commands\n\n| command | what it does |\n| --- | --- |\n")
	for _, command := range root.Commands() {
		if documented(command) {
			fmt.Fprintf(&page, "| [%s](#%s) | %s |\n", command.Name(), command.Name(), command.Short)
		}
	}
	for _, command := range root.Commands() {
		if documented(command) {
			page.WriteString(section(command))
		}
	}
	file := filepath.Join("..", "..", "docs", "kubectl-cognigy.md")
	if *update {
		g.Expect(os.WriteFile(file, []byte(page.String()), 0o600)).To(Succeed())
	}
	written, err := os.ReadFile(file)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(written)).To(Equal(page.String()), "docs/kubectl-cognigy.md is out of date: go test ./internal/cli -run TestDocs -update")
}

// documented leaves out the commands of cobra itself.
func documented(command *cobra.Command) bool { return command.GroupID != "" }

func section(command *cobra.Command) string {
	marker := ""
	if strings.Contains(command.Example, "--revoke=") { // ids of orphans, of which the test of the documentation has none
		marker = "<!-- not run: needs-trouble -->\n"
	}
	text := fmt.Sprintf("\n### %s\n\n%s\n\n<!-- not run: usage -->\n```\nkubectl cognigy %s\n```\n\nFor example:\n\n%s```sh\n%s\n```\n",
		command.Name(), command.Long, command.Use, marker, unindented(command.Example))
	if flags := command.LocalNonPersistentFlags(); flags.HasAvailableFlags() {
		text += fmt.Sprintf("\n<!-- not run: usage -->\n```\n%s\n```\n", strings.TrimRight(flags.FlagUsages(), "\n"))
	}
	return text
}

func unindented(example string) string {
	return strings.TrimPrefix(strings.ReplaceAll(example, "\n  ", "\n"), "  ")
}

// Every command says what it does, and shows an example.
func TestCommandsAreDocumented(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for _, command := range cli.New(genericiooptions.IOStreams{}, "dev").Commands() {
		g.Expect(command.Short).NotTo(BeEmpty(), command.Name())
		g.Expect(command.Long).NotTo(BeEmpty(), command.Name())
		if documented(command) {
			g.Expect(command.Example).To(ContainSubstring("kubectl cognigy "+command.Name()), command.Name())
		}
	}
}
