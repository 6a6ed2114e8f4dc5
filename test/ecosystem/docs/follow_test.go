// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
)

// placeholders are what pages write for names of their readers' objects, each with that of an object here.
var placeholders = strings.NewReplacer(
	"endpointapikey NAME", "endpointapikey crm-webhook", "secret NAME", "secret crm-webhook",
	"clustercognigyconnection NAME", "clustercognigyconnection production", "cognigyconnection NAME", "cognigyconnection cognigy",
	"NAMESPACE", "crm",
)

// follow does what a page says, from its first block to its last, or only what is below some headings.
func (s *site) follow(t *testing.T, page string, headings ...string) {
	t.Helper()
	blocks := read(t, page)
	followed := 0
	for i, b := range blocks {
		if len(headings) > 0 && !slices.Contains(headings, b.heading) {
			continue
		}
		followed++
		if at := fmt.Sprintf("%s:%d", page, b.line); !s.do(t, at, b, blocks) {
			t.Fatalf("%s: no test knows what to do with this block: mark it", at)
		}
		if i == len(blocks)-1 || blocks[i+1].heading != b.heading {
			s.hasKeys(t, page, b.heading)
		}
	}
	NewWithT(t).Expect(followed).NotTo(BeZero(), "%s has no block below %v", page, headings)
}

// do does what a block says, and reports whether it knows how.
func (s *site) do(t *testing.T, at string, b block, all []block) bool {
	t.Helper()
	text := placeholders.Replace(b.text())
	subject := strings.Fields(b.directive)
	switch {
	case strings.HasPrefix(b.directive, "not run: "):
	case strings.HasPrefix(b.directive, "as values of "):
		s.execute(t, "helm template cognigy-operator charts/"+subject[3]+" --namespace crm --values -", text)
	case strings.HasPrefix(b.directive, "as "):
		s.accepts(t, subject[1], subject[2], text)
	case strings.HasPrefix(b.directive, "raises "):
		s.raises(t, subject[1], text)
	case b.file() != "":
		name := strings.TrimSuffix(b.file(), "/kustomization.yaml") // of which kubectl is given the folder
		named := func(other block) bool { return strings.Contains(other.commands(), " "+name) }
		NewWithT(t).Expect(slices.ContainsFunc(all, named)).To(BeTrue(), "%s: no command names the file %s", at, b.file())
		s.write(t, b.file(), text)
	case b.language == "yaml" && strings.Contains(text, "apiVersion: "):
		s.execute(t, fmt.Sprintf("kubectl apply --server-side --force-conflicts --field-manager=line-%d -f -", b.line), text)
	case b.language == "sh":
		s.execute(t, text, "")
	case b.language == "console":
		s.converse(t, at, text)
	case b.language == "promql":
		s.understands(t, b.lines)
	default:
		return false
	}
	return true
}

// accepts has the API server check a part of an object. What a key resource has to have and the part does not is filled in.
func (s *site) accepts(t *testing.T, kind, name, part string) {
	t.Helper()
	g := NewWithT(t)
	object := &unstructured.Unstructured{}
	g.Expect(yaml.Unmarshal([]byte(part), &object.Object)).To(Succeed())
	object.SetAPIVersion(v1alpha1.GroupVersion.String())
	object.SetKind(kind)
	namespace, base, namespaced := strings.Cut(name, "/")
	if !namespaced {
		namespace, base = "", name
	}
	object.SetNamespace(namespace)
	object.SetName(base)
	spec, _ := object.Object["spec"].(map[string]any)
	if kind == "EndpointAPIKey" && spec["endpoint"] == nil {
		spec["connectionRef"] = map[string]any{"name": "cognigy"}
		spec["endpoint"] = map[string]any{"id": "64f0c0ffee0123456789abcd"}
	}
	text, err := yaml.Marshal(object.Object)
	g.Expect(err).NotTo(HaveOccurred())
	s.execute(t, "kubectl apply --server-side --force-conflicts --dry-run=server -f -", string(text))
}

// observing is how commands begin that can be repeated until they print what a page shows.
var observing = regexp.MustCompile(`^kubectl (--context \S+ )?(get|describe|logs|cognigy (status|explain)|.* --dry-run=server) `)

// converse executes commands, which have to print what is shown below each.
func (s *site) converse(t *testing.T, at, shown string) {
	t.Helper()
	for part := range strings.SplitSeq("\n"+shown, "\n$ ") {
		if part == "" {
			continue
		}
		lines := strings.Split(strings.TrimSuffix(part, "\n"), "\n")
		command, wanted := lines[0], lines[1:]
		for strings.HasSuffix(command, `\`) {
			command, wanted = command+"\n"+wanted[0], wanted[1:]
		}
		within := time.Nanosecond
		if observing.MatchString(command) {
			within = time.Minute
		}
		NewWithT(t).Eventually(func(g Gomega, ctx context.Context) {
			output, err := s.try(ctx, command, "")
			if len(wanted) > 0 { // which may be an error
				g.Expect(printed(output)).To(MatchRegexp(pattern(wanted)), "%s: %s\n%s", at, command, output)
			} else {
				g.Expect(err).NotTo(HaveOccurred(), "%s: %s\n%s", at, command, output)
			}
			t.Logf("%s\n%s", command, output)
		}).WithContext(t.Context()).WithTimeout(within).WithPolling(time.Second).Should(Succeed())
	}
}
