// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

// Package release_test checks what a release consists of with the code of the tools that read it.
package release_test

import (
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"github.com/yannh/kubeconform/pkg/validator"
)

const (
	repository = "../../.."
	group      = "cognigy-operator.io/"
)

// newValidator returns kubeconform with the schemas of our kinds alone, in the layout of `make dist`.
func newValidator(t *testing.T) validator.Validator {
	t.Helper()
	g := NewWithT(t)
	folder := t.TempDir()
	crds, err := filepath.Glob(filepath.Join(repository, "config", "crd", "bases", "*.yaml"))
	g.Expect(err).NotTo(HaveOccurred())
	for i := range crds {
		crds[i], err = filepath.Abs(crds[i])
		g.Expect(err).NotTo(HaveOccurred())
	}
	command := exec.CommandContext(t.Context(), "go", append([]string{"run", "./hack/schemas", folder}, crds...)...)
	command.Dir = repository
	output, err := command.CombinedOutput()
	g.Expect(err).NotTo(HaveOccurred(), "%s", output)
	kubeconform, err := validator.New([]string{folder + "/{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"},
		validator.Opts{Strict: true, IgnoreMissingSchemas: true})
	g.Expect(err).NotTo(HaveOccurred())
	return kubeconform
}

// check returns how many resources of ours a text has, and what is wrong with them.
func check(t *testing.T, kubeconform validator.Validator, name, text string) (ours int, wrong []string) {
	t.Helper()
	for _, result := range kubeconform.Validate(name, io.NopCloser(strings.NewReader(text))) {
		signature, err := result.Resource.Signature()
		NewWithT(t).Expect(err).NotTo(HaveOccurred(), name)
		if !strings.HasPrefix(signature.Version, group) {
			continue
		}
		ours++
		if result.Status != validator.Valid {
			wrong = append(wrong, name+": "+result.Err.Error())
		}
	}
	return ours, wrong
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return string(text)
}

func TestSamplesFitTheSchemas(t *testing.T) {
	g := NewWithT(t)
	kubeconform := newValidator(t)
	files, err := filepath.Glob(filepath.Join(repository, "config", "samples", "cognigy-operator.io_*.yaml"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(files).NotTo(BeEmpty())
	for _, file := range files {
		ours, wrong := check(t, kubeconform, file, read(t, file))
		g.Expect(wrong).To(BeEmpty())
		g.Expect(ours).To(BeNumerically(">", 0), file)
	}
}

// block is a block of YAML in Markdown, perhaps indented as part of a list.
var block = regexp.MustCompile("(?ms)^( *)```yaml\n(.*?)^ *```$")

func TestDocumentationFitsTheSchemas(t *testing.T) {
	g := NewWithT(t)
	kubeconform := newValidator(t)
	pages := []string{filepath.Join(repository, "README.md")}
	g.Expect(filepath.WalkDir(filepath.Join(repository, "docs"), func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".md") {
			pages = append(pages, path)
		}
		return err
	})).To(Succeed())
	total := 0
	for _, page := range pages {
		for _, found := range block.FindAllStringSubmatch(read(t, page), -1) {
			text := regexp.MustCompile("(?m)^"+found[1]).ReplaceAllString(found[2], "")
			if !strings.Contains("\n"+text, "\napiVersion: "+group) {
				continue // a part of a resource, or none of ours
			}
			ours, wrong := check(t, kubeconform, page, text)
			g.Expect(wrong).To(BeEmpty())
			total += ours
		}
	}
	g.Expect(total).To(BeNumerically(">", 5))
}

// The schemas notice what kubectl and the API server would refuse.
func TestSchemasRefuseMistakes(t *testing.T) {
	g := NewWithT(t)
	kubeconform := newValidator(t)
	sample := read(t, filepath.Join(repository, "config", "samples", "cognigy-operator.io_v1alpha1_endpointapikey.yaml"))
	for name, changed := range map[string]string{
		"a field that does not exist": strings.Replace(sample, "spec:", "spec:\n  dislpayName: CRM", 1),
		"a nested one":                strings.Replace(sample, "  endpoint:", "  endpoint:\n    url: https://example.com", 1),
		"a wrong type":                strings.Replace(sample, "spec:", "spec:\n  suspend: 1", 1),
		"a value that is not allowed": strings.Replace(sample, "spec:", "spec:\n  deletionPolicy: Keep", 1),
	} {
		g.Expect(changed).NotTo(Equal(sample), name)
		ours, wrong := check(t, kubeconform, name, changed)
		g.Expect(ours).To(Equal(1))
		g.Expect(wrong).To(HaveLen(1), name)
	}
}
