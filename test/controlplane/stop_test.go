// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// Set for a copy of this test binary that starts a control plane and waits to be killed.
const victimVariable = "CONTROL_PLANE_TEST_VICTIM"

func beVictim() {
	c, err := Start(context.Background(), Options{ControllerManager: true})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(c.folder, c.guard.command.Process.Pid, strings.Trim(fmt.Sprint(groups(c.guard.pids)), "[]"))
	select {}
}

func gone(group int) bool { return errors.Is(syscall.Kill(-group, 0), syscall.ESRCH) }

// Hundreds of runs on one machine must not leave hundreds of API servers.
func TestStopLeavesNothingBehind(t *testing.T) {
	g := NewWithT(t)
	c, err := Start(t.Context(), Options{ControllerManager: true})
	g.Expect(err).NotTo(HaveOccurred())
	groups := append(groups(c.guard.pids), c.guard.command.Process.Pid)
	g.Expect(groups).To(HaveLen(4), "etcd, kube-apiserver, kube-controller-manager and the guard")
	for _, group := range groups {
		g.Expect(gone(group)).To(BeFalse())
	}
	g.Expect(c.Stop()).To(Succeed())
	g.Expect(c.Stop()).To(Succeed(), "a second Stop, as by a deferred call, is harmless")
	for _, group := range groups {
		g.Expect(gone(group)).To(BeTrue(), "process group %d", group)
	}
	g.Expect(c.folder).NotTo(BeADirectory())
}

// An operator that was not stopped first still watches; draining its connections would take a minute.
func TestStopDoesNotWaitForClients(t *testing.T) {
	g := NewWithT(t)
	c, err := Start(t.Context(), Options{})
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { _ = c.Stop() })
	clients, err := kubernetes.NewForConfig(c.Config())
	g.Expect(err).NotTo(HaveOccurred())
	watch, err := clients.CoreV1().Secrets("").Watch(t.Context(), metav1.ListOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	defer watch.Stop()
	started := time.Now()
	g.Expect(c.Stop()).To(Succeed())
	g.Expect(time.Since(started)).To(BeNumerically("<", stopTimeout))
}

// A test that panics, times out, or is killed never gets to Stop.
func TestDeathOfTheTestLeavesNothingBehind(t *testing.T) {
	g := NewWithT(t)
	victim := exec.CommandContext(context.Background(), os.Args[0])
	victim.Env = append(os.Environ(), victimVariable+"=1")
	output, err := victim.StdoutPipe()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(victim.Start()).To(Succeed())
	t.Cleanup(func() { _ = victim.Process.Kill() })
	line, err := bufio.NewReader(output).ReadString('\n')
	g.Expect(err).NotTo(HaveOccurred())
	var folder string
	var groups [4]int
	_, err = fmt.Sscan(line, &folder, &groups[0], &groups[1], &groups[2], &groups[3])
	g.Expect(err).NotTo(HaveOccurred(), line)
	for _, group := range groups {
		g.Expect(gone(group)).To(BeFalse())
	}

	g.Expect(victim.Process.Signal(syscall.SIGKILL)).To(Succeed())
	g.Expect(victim.Wait()).NotTo(Succeed())
	for _, group := range groups {
		g.Eventually(func() bool { return gone(group) }, soon).Should(BeTrue(), "process group %d", group)
	}
	g.Eventually(func() bool { _, err := os.Stat(folder); return os.IsNotExist(err) }, soon).Should(BeTrue())
}

// An interrupted suite cancels its context while the API server starts; envtest alone would try again for minutes.
func TestCancelledStartEndsSoonAndLeavesNothingBehind(t *testing.T) {
	g := NewWithT(t)
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	interrupted := errors.New("interrupted")
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, interrupted)
	defer cancel()
	started := time.Now()
	_, err := Start(ctx, Options{})
	g.Expect(err).To(MatchError(interrupted))
	g.Expect(time.Since(started)).To(BeNumerically("<", startTimeout/2))
	g.Expect(os.ReadDir(temporary)).To(BeEmpty())

	_, err = Start(ctx, Options{})
	g.Expect(err).To(MatchError(interrupted), "cancelled before it began")
}
