// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

// shell is where a reader of docs/moving executes what the pages say. Their YAML and commands are executed as they stand, but for
// what a simulated Cognigy cannot have: its addresses and ids; and for the namespaces, which specs side by side must not share.
type shell struct {
	*fixtures.Environment                             // with the Cognigy that the pages call trial, and their namespace crm
	app                   *fixtures.Environment       // with the Cognigy that they call app
	clusters              map[string]*testbed.Testbed // by the context that kubectl is given; "" is the one without
	pods                  map[string]*pods            // of these clusters
	operator              *process                    // of the newest cluster
	files                 map[string]string           // that the pages show
	namespaces            map[string]string           // by what the pages call them
	variables             map[string]string           // of the environment
	cognigys              *strings.Replacer           // from addresses and ids in the pages to those here
	authorities           []byte                      // certificates of both Cognigys
	context               string                      // of the command that is executed
}

// newShell returns a shell whose kubectl talks to a cluster, and starts the operator there.
func newShell(in *testbed.Testbed) *shell {
	GinkgoHelper()
	connected := func() *fixtures.Environment {
		return fixtures.NewUnconnected(GinkgoT(), fixtures.Options{
			Cluster: in.Cluster, Namespaces: namespaces, Context: context.Background(), Patience: patience, Cognigy: simulator.Options{TLS: true},
		})
	}
	s := &shell{Environment: connected(), app: connected(), files: map[string]string{}, pods: map[string]*pods{}}
	orders := s.Cognigy.AddEndpoint(s.Endpoint.ProjectID, "Orders")
	address := func(e *fixtures.Environment, endpoint simulator.Endpoint) string {
		return e.Cognigy.URL() + "/" + endpoint.URLToken
	}
	s.cognigys = strings.NewReplacer(
		"https://api-trial.cognigy.ai", s.Cognigy.URL(), "https://api-app.cognigy.ai", s.app.Cognigy.URL(),
		"https://endpoint-trial.cognigy.ai/URL-TOKEN", address(s.Environment, s.Endpoint), "64f0c0ffee0123456789abcd", s.Endpoint.ID,
		"https://endpoint-trial.cognigy.ai/ORDERS-URL-TOKEN", address(s.Environment, orders), "64f0c0ffee0123456789abce", orders.ID,
		"https://endpoint-app.cognigy.ai/URL-TOKEN", address(s.app, s.app.Endpoint), "65f0c0ffee0123456789abcd", s.app.Endpoint.ID,
	)
	s.variables = map[string]string{"TRIAL_API_KEY": s.Cognigy.APIKey(), "APP_API_KEY": s.app.Cognigy.APIKey()}
	s.namespaces = map[string]string{"crm": s.Namespace}
	s.authorities = slices.Concat(s.Cognigy.CABundle(), s.app.Cognigy.CABundle())
	s.clusters = map[string]*testbed.Testbed{}
	s.addCluster("", in)
	return s
}

// addCluster has the operator and Pods run in a cluster, and kubectl know it by a context.
func (s *shell) addCluster(context string, added *testbed.Testbed, flags ...string) {
	GinkgoHelper()
	s.clusters[context], s.context = added, context
	s.pods[context] = runPods(added.Cluster, namespaces.Names(), s.authorities)
	s.operate(flags...)
	if added == bed {
		DeferCleanup(s.discard)
	}
}

// discard removes what the operators of later specs would meet in the cluster that all share.
func (s *shell) discard() {
	for _, namespace := range s.namespaces {
		s.Expect(cluster.DeleteAllOf(s.Context, &v1alpha1.EndpointAPIKey{}, client.InNamespace(namespace))).To(Succeed())
		s.Await(func(g Gomega) {
			left := &v1alpha1.EndpointAPIKeyList{}
			g.Expect(cluster.List(s.Context, left, client.InNamespace(namespace))).To(Succeed())
			g.Expect(left.Items).To(BeEmpty())
		})
		s.Expect(cluster.DeleteAllOf(s.Context, &v1alpha1.CognigyConnection{}, client.InNamespace(namespace))).To(Succeed())
	}
}

// operate starts the operator in the cluster of the context.
func (s *shell) operate(flags ...string) {
	GinkgoHelper()
	s.operator = launch(s.clusters[s.context].Kubeconfig, flags...)
	s.operator.awaitReady()
}

// running returns the Pods of all clusters, of which one may have two contexts.
func (s *shell) running() []*pods {
	found := map[*pods]bool{}
	for _, each := range s.pods {
		found[each] = true
	}
	return slices.Collect(maps.Keys(found))
}

// cluster is the one that the command is for.
func (s *shell) cluster() client.Client { return s.clusters[s.context].Cluster }

// namespace returns the one here that the pages give a name.
func (s *shell) namespace(shown string) string {
	GinkgoHelper()
	Expect(s.namespaces).To(HaveKey(shown), "no command creates the namespace")
	return s.namespaces[shown]
}

// follow executes the commands of a section of a page, in the order in which they stand there. Every command of the page must be
// one that can be executed, and one of them must apply each file.
func (s *shell) follow(name, section string) {
	GinkgoHelper()
	p := readPage(name)
	maps.Copy(s.files, p.files)
	var lines []string
	for _, commands := range p.commands {
		for _, command := range commands {
			s.find(command.line)
			lines = append(lines, command.line)
		}
	}
	for file := range p.files {
		Expect(lines).To(ContainElement(ContainSubstring(" -f "+file)), "no command of %s applies %s", name, file)
	}
	Expect(p.commands).To(HaveKey(section))
	for _, command := range p.commands[section] {
		s.execute(command)
	}
}

var contextFlag = regexp.MustCompile(`^kubectl --context (\S+) `)

// execute executes a command, and waits for the output that is shown with it.
func (s *shell) execute(shown shownCommand) {
	GinkgoHelper()
	By(shown.line)
	s.context = ""
	if given := contextFlag.FindStringSubmatch(shown.line); given != nil {
		s.context = given[1]
		Expect(s.clusters).To(HaveKey(s.context))
	}
	run, arguments := s.find(shown.line)
	output := run(s, arguments)
	if shown.output == nil {
		return
	}
	Expect(output).NotTo(BeNil(), "the output of this command is not known")
	s.Await(func(g Gomega) { g.Expect(stable(output(g))).To(Equal(stable(shown.output))) })
}

// find returns what a command does, and the arguments of its form.
func (s *shell) find(line string) (func(*shell, []string) func(Gomega) []string, []string) {
	GinkgoHelper()
	line = contextFlag.ReplaceAllString(line, "kubectl ")
	for _, known := range commands {
		if arguments := known.form.FindStringSubmatch(line); arguments != nil {
			return known.run, arguments[1:]
		}
	}
	Fail("no test knows what this command does: " + line)
	return nil, nil
}

// read returns the object that a file of the pages describes.
func (s *shell) read(file string) *unstructured.Unstructured {
	GinkgoHelper()
	Expect(s.files).To(HaveKey(file), "no page shows the file")
	object := &unstructured.Unstructured{}
	Expect(yaml.Unmarshal([]byte(s.cognigys.Replace(s.files[file])), &object.Object)).To(Succeed())
	object.SetNamespace(s.namespace(object.GetNamespace()))
	if object.GetKind() == "CognigyConnection" {
		Expect(unstructured.SetNestedField(object.Object, encoded(s.authorities), "spec", "caBundle")).To(Succeed())
	}
	return object
}

// expand replaces variables of the environment, which must be known.
func (s *shell) expand(text string) string {
	return os.Expand(text, func(name string) string {
		Expect(s.variables).To(HaveKey(name))
		return s.variables[name]
	})
}
