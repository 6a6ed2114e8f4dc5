// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package flux

import (
	"context"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/api/v1alpha1"
	"github.com/cognigy-operator/cognigy-operator/test/fixtures"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/simulator"
)

// What the page calls things.
const (
	namespace       = "crm"
	operator        = "cognigy-operator" // Kustomizations
	connections     = "crm-connection"
	keys            = "crm-keys"
	workload        = "crm-workload"
	connectionFile  = "connection/connection.yaml"
	keyFile         = "keys/crm.yaml"
	installFile     = "operator/install.yaml"
	shownEndpointID = "64f0c0ffee0123456789abcd"
)

// requestedAt is the annotation by which `flux reconcile` asks for another look.
const requestedAt = "reconcile.fluxcd.io/requestedAt"

var (
	kustomizationKind = schema.GroupVersionKind{Group: "kustomize.toolkit.fluxcd.io", Version: "v1", Kind: "Kustomization"}
	repositoryKind    = schema.GroupVersionKind{Group: "source.toolkit.fluxcd.io", Version: "v1", Kind: "OCIRepository"}
)

// running is the test that runs now, a step of the scenario or the scenario itself. Failures are its own.
type running struct{ *testing.T }

// scenario is what a user of the page has: a repository, a cluster with Flux, and a Cognigy.
type scenario struct {
	*fixtures.Environment
	whole     *testing.T // the scenario
	running   *running
	page      shown
	folder    string            // with the page's files, where commands are executed
	files     map[string]string // of the artifact
	reference string            // of the artifact
}

// newScenario returns the files of the page, adapted to the addresses of this test, of which nothing is pushed yet.
func newScenario(t *testing.T) *scenario {
	t.Helper()
	now := &running{t}
	e := fixtures.NewUnconnected(now, fixtures.Options{
		Cluster: cluster, Context: context.Background(), Patience: patience, Cognigy: simulator.Options{TLS: true},
	})
	e.Namespace = namespace
	s := &scenario{Environment: e, whole: t, running: now, page: readPage(t), folder: t.TempDir(), files: map[string]string{}}
	host := startRegistry(t)
	s.reference = host + "/platform:latest"
	s.adapt("flux.yaml", "url: oci://registry.example.com/platform", "url: oci://"+host+"/platform\n  insecure: true")
	s.adapt(connectionFile, "baseURL: https://api-trial.cognigy.ai",
		"baseURL: "+e.Cognigy.URL()+"\n  caBundle: "+base64.StdEncoding.EncodeToString(e.Cognigy.CABundle()))
	s.adapt(keyFile, shownEndpointID, e.Endpoint.ID)
	install, err := os.ReadFile(installation.File())
	s.Expect(err).NotTo(HaveOccurred())
	s.files[installFile] = string(install)
	for path, content := range s.page.files {
		if filepath.Dir(path) != "." {
			s.files[path] = content
			continue
		}
		s.Expect(os.WriteFile(filepath.Join(s.folder, path), []byte(content), 0o600)).To(Succeed())
	}
	return s
}

// adapt replaces a text that a file of the page has once.
func (s *scenario) adapt(path, shown, by string) {
	s.Expect(strings.Count(s.page.files[path], shown)).To(Equal(1), "%s has %q", path, shown)
	s.page.files[path] = strings.Replace(s.page.files[path], shown, by, 1)
}

// editKey replaces a text that the artifact's EndpointAPIKey has once.
func (s *scenario) editKey(old, by string) {
	s.Expect(strings.Count(s.files[keyFile], old)).To(Equal(1), "%s has %q", keyFile, old)
	s.files[keyFile] = strings.Replace(s.files[keyFile], old, by, 1)
}

// push pushes the files, has source-controller look, and returns the digest that Kustomizations apply from then on.
func (s *scenario) push(t *testing.T) string {
	t.Helper()
	digest := push(t, s.reference, s.files)
	s.reconcile(repositoryKind, "platform")
	s.Await(func(g Gomega) {
		revision, _, _ := unstructured.NestedString(s.read(g, repositoryKind, "platform").Object, "status", "artifact", "revision")
		g.Expect(revision).To(HaveSuffix(digest))
	})
	return digest
}

// applied waits until Kustomizations are Ready with an artifact.
func (s *scenario) applied(digest string, names ...string) {
	for _, name := range names {
		s.Await(func(g Gomega) {
			found := s.read(g, kustomizationKind, name)
			g.Expect(condition(found, "Ready")).To(HaveField("Status", "True"), "%s", name)
			g.Expect(found.Object["status"]).To(And(
				HaveKeyWithValue("lastAppliedRevision", HaveSuffix(digest)), HaveKeyWithValue("observedGeneration", found.GetGeneration()),
			), "%s", name)
		})
	}
}

// reconcile asks a controller of Flux to look again, as `flux reconcile` does, and waits until it says that it did.
func (s *scenario) reconcile(kind schema.GroupVersionKind, name string) {
	at := time.Now().Format(time.RFC3339Nano)
	object := fluxObject(kind, name)
	s.Expect(cluster.Patch(s.Context, object, client.RawPatch("application/merge-patch+json",
		[]byte(`{"metadata":{"annotations":{"`+requestedAt+`":"`+at+`"}}}`)))).To(Succeed())
	s.Await(func(g Gomega) {
		g.Expect(s.read(g, kind, name).Object["status"]).To(HaveKeyWithValue("lastHandledReconcileAt", at))
	})
}

// refused waits until a Kustomization is not Ready for a reason, and returns its message.
func (s *scenario) refused(name, reason string) (message string) {
	s.Await(func(g Gomega) {
		ready := condition(s.read(g, kustomizationKind, name), "Ready")
		g.Expect(ready).To(And(HaveField("Status", "False"), HaveField("Reason", reason)), "%s", name)
		message = ready.Message
	})
	return message
}

func (s *scenario) read(g Gomega, kind schema.GroupVersionKind, name string) *unstructured.Unstructured {
	object := fluxObject(kind, name)
	g.Expect(cluster.Get(s.Context, client.ObjectKeyFromObject(object), object)).To(Succeed())
	return object
}

func fluxObject(kind schema.GroupVersionKind, name string) *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(kind)
	object.SetNamespace(fluxNamespace)
	object.SetName(name)
	return object
}

// reported is a condition of one of Flux's objects.
type reported struct{ Type, Status, Reason, Message string }

func condition(object *unstructured.Unstructured, kind string) reported {
	conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	for _, each := range conditions {
		fields := each.(map[string]any)
		if fields["type"] == kind {
			return reported{kind, fields["status"].(string), fields["reason"].(string), fields["message"].(string)}
		}
	}
	return reported{Type: kind}
}

// execute executes commands as a user does who has the page's files: with bash and kubectl.
func (s *scenario) execute(t *testing.T, commands string) string {
	t.Helper()
	s.Expect(commands).NotTo(BeEmpty())
	command := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", commands)
	command.Dir = s.folder
	command.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig, "COGNIGY_API_KEY="+s.Cognigy.APIKey(),
		"PATH="+os.Getenv("KUBEBUILDER_ASSETS")+":"+os.Getenv("PATH"))
	output, err := command.CombinedOutput()
	s.Expect(err).NotTo(HaveOccurred(), "%s", output)
	return string(output)
}

// key returns the EndpointAPIKey of a name as it is now.
func (s *scenario) key(name string) *v1alpha1.EndpointAPIKey {
	key := &v1alpha1.EndpointAPIKey{}
	key.Namespace, key.Name = namespace, name
	return s.Read(key)
}
