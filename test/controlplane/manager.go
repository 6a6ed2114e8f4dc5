// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// controllers are those that the behaviour of Secrets, namespaces, permissions and rollouts depends on, and the one that
// checks policies. The others would act on Nodes, of which there are none.
const controllers = "garbage-collector-controller,namespace-controller,serviceaccount-controller," +
	"root-ca-certificate-publisher-controller,resourcequota-controller,clusterrole-aggregation-controller," +
	"deployment-controller,replicaset-controller,statefulset-controller,job-controller,validatingadmissionpolicy-status-controller"

// manager is a running kube-controller-manager.
type manager struct {
	command *exec.Cmd
	ended   chan struct{}
	err     error
}

func (c *ControlPlane) startManager(ctx context.Context, assets string, output io.Writer) error {
	// The same user as in a real cluster: RBAC knows what it may do, and the audit log tells it from the administrator.
	user, err := c.plane.AddUser(envtest.User{Name: "system:kube-controller-manager"}, nil)
	if err != nil {
		return err
	}
	kubeconfig, err := user.KubeConfig()
	if err != nil {
		return err
	}
	file, ca := filepath.Join(c.folder, "controller-manager.kubeconfig"), filepath.Join(c.folder, "ca.crt")
	if err := errors.Join(os.WriteFile(file, kubeconfig, 0o600), os.WriteFile(ca, user.Config().CAData, 0o600)); err != nil {
		return err
	}
	script, err := c.guard.wrap(filepath.Join(assets, "kube-controller-manager"))
	if err != nil {
		return err
	}
	command := exec.CommandContext(context.Background(), script,
		"--kubeconfig="+file,
		"--use-service-account-credentials",
		// envtest's key: the API server verifies with its other half.
		"--service-account-private-key-file="+filepath.Join(c.plane.APIServer.CertDir, "sa-signer.key"),
		"--root-ca-file="+ca,
		"--controllers="+controllers,
		"--leader-elect=false",
		"--secure-port=0",
		// Garbage collection is waited for in tests; the default of 20 requests a second would be what they measure.
		"--kube-api-qps=500", "--kube-api-burst=1000",
	)
	command.Stdout, command.Stderr = output, output
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		return err
	}
	c.manager = &manager{command: command, ended: make(chan struct{})}
	go func() {
		c.manager.err = command.Wait()
		close(c.manager.ended)
	}()
	return c.waitForManager(ctx)
}

// waitForManager waits for the ServiceAccount that a controller makes in every namespace: the first visible sign of work.
func (c *ControlPlane) waitForManager(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-c.manager.ended:
			cancel(fmt.Errorf("kube-controller-manager ended (set Options.Output to see why): %w", c.manager.err))
		case <-ctx.Done():
		}
	}()
	return waitForServiceAccount(ctx, c.config, "default", "default")
}

// wait waits for the end of a process that was killed.
func (m *manager) wait() error {
	select {
	case <-m.ended:
		return nil
	case <-time.After(stopTimeout):
		return errors.New("kube-controller-manager does not end")
	}
}
