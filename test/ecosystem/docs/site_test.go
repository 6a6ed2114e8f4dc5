// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	"github.com/cognigy-operator/cognigy-operator/test/ecosystem/deployed"
	"github.com/cognigy-operator/cognigy-operator/test/installation"
)

// grace stands for the 30 seconds for which a Pod that ends may call.
const grace = 2 * time.Second

// prelude is what the commands of a page find in bash. Pods end sooner here than after the 30 seconds that pages wait for, and a search
// through logs that finds nothing is no failure. Nobody can be asked.
// An earlier page may have left the namespace crm, empty.
const prelude = `set -euo pipefail
sleep() { command sleep $(( $1 < 3 ? $1 : 3 )); }
grep() { command grep "$@" || (( $? == 1 )); }
kubectl() {
	case $* in
	'create namespace crm') command kubectl get namespace crm || command kubectl "$@" ;;
	'cognigy uninstall '*|'cognigy rotate '*' --revoke-now') command kubectl "$@" --yes ;;
	*) command kubectl "$@" ;;
	esac
}
`

// site is where the pages are followed: a cluster, Cognigys, and a folder in which commands are executed.
type site struct {
	*cognigys
	cluster     *deployed.Cluster
	kubelet     *deployed.Kubelet
	callers     *callers
	clusterWide map[state][]string // objects without a namespace that a state has
	environment []string
	folder      string
}

func newSite(t *testing.T) *site {
	t.Helper()
	g := NewWithT(t)
	s := &site{cognigys: startCognigys(t), clusterWide: map[state][]string{}}
	var err error
	s.cluster, err = startCluster(t)
	g.Expect(err).NotTo(HaveOccurred())
	s.callers = newCallers(t, s.cognigys)
	s.kubelet = s.startKubelet(t, s.cluster)
	home := t.TempDir()
	g.Expect(os.WriteFile(filepath.Join(home, ".curlrc"), []byte("silent\nproxy = "+s.proxy+"\ncacert = "+s.authorities+"\n"), 0o600)).To(Succeed())
	s.environment = append(os.Environ(), "KUBECONFIG="+s.cluster.KubeconfigFile, "KUBECACHEDIR="+home, "CURL_HOME="+home,
		"HELM_CACHE_HOME="+home, "HELM_CONFIG_HOME="+home, "HELM_DATA_HOME="+home, "NO_COLOR=1",
		"PATH="+strings.Join([]string{binaries, os.Getenv("KUBEBUILDER_ASSETS"), os.Getenv("PATH")}, string(filepath.ListSeparator)),
		"COGNIGY_API_KEY="+s.trial.APIKey(), "TRIAL_API_KEY="+s.trial.APIKey(), "APP_API_KEY="+s.app.APIKey(),
		"REGISTRY_PASSWORD=none")
	others, err := filepath.Abs(filepath.Join("testdata", "others.yaml"))
	g.Expect(err).NotTo(HaveOccurred())
	s.execute(t, "kubectl apply -f "+others, "")
	s.clusterWide[nothing] = s.listClusterWide(t)
	return s
}

func (s *site) startKubelet(t *testing.T, cluster *deployed.Cluster) *deployed.Kubelet {
	t.Helper()
	kubelet := &deployed.Kubelet{
		Cluster: cluster, Binary: operator(), Operate: true, Environment: s.cognigys.environment(), Grace: grace,
		Started: func(ctx context.Context, pod *corev1.Pod) { s.callers.start(ctx, cluster.Client, pod) },
	}
	kubelet.Start(t)
	return kubelet
}

// openFolder makes the folder of a page, with what the repository has, and what its user built.
func (s *site) openFolder(t *testing.T) {
	t.Helper()
	g := NewWithT(t)
	s.folder = t.TempDir()
	root, err := filepath.Abs(repository)
	g.Expect(err).NotTo(HaveOccurred())
	entries, err := os.ReadDir(root)
	g.Expect(err).NotTo(HaveOccurred())
	for _, entry := range entries {
		if !slices.Contains([]string{"bin", "dist", ".git"}, entry.Name()) {
			g.Expect(os.Symlink(filepath.Join(root, entry.Name()), filepath.Join(s.folder, entry.Name()))).To(Succeed())
		}
	}
	manifests, err := os.ReadFile(installation.File())
	g.Expect(err).NotTo(HaveOccurred())
	s.write(t, filepath.Join("dist", "install.yaml"), string(manifests))
}

// write writes a file into the folder.
func (s *site) write(t *testing.T, name, content string) {
	t.Helper()
	g := NewWithT(t)
	path := filepath.Join(s.folder, name)
	g.Expect(os.MkdirAll(filepath.Dir(path), 0o700)).To(Succeed())
	g.Expect(os.WriteFile(path, []byte(content), 0o600)).To(Succeed())
}

// try executes commands with bash, and returns what they print.
func (s *site) try(ctx context.Context, commands, input string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	command := exec.CommandContext(ctx, "bash", "-c", prelude+commands)
	command.Dir, command.Env, command.Stdin = s.folder, s.environment, strings.NewReader(input)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	output, err := command.CombinedOutput()
	return string(output), errors.Join(err, context.Cause(ctx))
}

// execute executes commands, which must succeed.
func (s *site) execute(t *testing.T, commands, input string) string {
	t.Helper()
	begin := time.Now()
	output, err := s.try(t.Context(), commands, input)
	if err != nil {
		t.Fatalf("%s%s\n%s%v", input, commands, output, err)
	}
	t.Logf("%.1fs %s", time.Since(begin).Seconds(), commands)
	return output
}
