// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// startTimeout is generous: on a busy machine that compiles at the same time, kube-apiserver needs far longer than the
// three seconds that it takes alone.
const (
	startTimeout = 90 * time.Second
	stopTimeout  = 20 * time.Second
)

// Options say what to start.
type Options struct {
	// Assets is the folder with the binaries; KUBEBUILDER_ASSETS if empty, or else the newest folder in bin/control-plane of
	// the repository that the process runs in.
	Assets string
	// CRDs are files, or folders of files, with the CustomResourceDefinitions to install.
	CRDs []string
	// ControllerManager starts kube-controller-manager with the controllers that matter here: garbage collector, namespaces,
	// ServiceAccounts, root CA, quota, aggregated roles, Deployments, ReplicaSets, StatefulSets, Jobs and the types in admission policies.
	ControllerManager bool
	// AuditLog is a file that one JSON line per request is written to, at level Metadata. ReadAuditLog reads it.
	AuditLog string
	// Output receives what the processes print; nil discards it.
	Output io.Writer
}

// ControlPlane is a running control plane.
type ControlPlane struct {
	folder     string
	guard      *guard
	plane      *envtest.ControlPlane
	manager    *manager
	config     *rest.Config
	kubeconfig []byte

	stopOnce sync.Once
	stopErr  error
}

// Start starts a control plane and returns when it can be used. The context bounds the start, not the life: stop it with
// Stop, or by ending the process.
func Start(ctx context.Context, options Options) (*ControlPlane, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	assets, err := findAssets(options.Assets, options.ControllerManager)
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "control-plane-")
	if err != nil {
		return nil, err
	}
	c := &ControlPlane{folder: folder}
	if c.guard, err = startGuard(folder); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	// envtest's own start cannot be cancelled; without its processes it ends at once.
	release := context.AfterFunc(ctx, c.guard.kill)
	defer release()
	if err := c.start(ctx, assets, options); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", context.Cause(ctx), err)
		}
		return nil, errors.Join(fmt.Errorf("starting the control plane in %s: %w", assets, err), c.Stop())
	}
	return c, nil
}

func (c *ControlPlane) start(ctx context.Context, assets string, options Options) error {
	if err := c.configure(assets, options); err != nil {
		return err
	}
	if err := c.plane.Start(); err != nil {
		return fmt.Errorf("%w (set Options.Output to see what it prints)", err)
	}
	// Tests should wait for the operator, not for the client's own rate limit.
	base := &rest.Config{QPS: 1000, Burst: 2000}
	admin, err := c.plane.AddUser(envtest.User{Name: "admin", Groups: []string{"system:masters"}}, base)
	if err != nil {
		return err
	}
	c.config = admin.Config()
	if c.kubeconfig, err = admin.KubeConfig(); err != nil {
		return err
	}
	if err := waitForNamespace(ctx, c.config, "default"); err != nil {
		return err
	}
	if len(options.CRDs) > 0 {
		if _, err := envtest.InstallCRDs(c.config, envtest.CRDInstallOptions{Paths: options.CRDs, ErrorIfPathMissing: true}); err != nil {
			return fmt.Errorf("installing CRDs: %w", err)
		}
	}
	if !options.ControllerManager {
		return nil
	}
	// Last, so that its garbage collector knows the CRDs from the beginning; it looks for new ones every 30 seconds only.
	return c.startManager(ctx, assets, options.Output)
}

func (c *ControlPlane) configure(assets string, options Options) error {
	certs, data := filepath.Join(c.folder, "apiserver"), filepath.Join(c.folder, "etcd")
	for _, folder := range []string{certs, data} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			return err
		}
	}
	apiserver, err := c.guard.wrap(filepath.Join(assets, "kube-apiserver"))
	if err != nil {
		return err
	}
	etcd, err := c.guard.wrap(filepath.Join(assets, "etcd"))
	if err != nil {
		return err
	}
	c.plane = &envtest.ControlPlane{
		APIServer: &envtest.APIServer{
			Path: apiserver, CertDir: certs, Out: options.Output, Err: options.Output,
			StartTimeout: startTimeout, StopTimeout: stopTimeout,
		},
		Etcd: &envtest.Etcd{
			Path: etcd, DataDir: data, Out: options.Output, Err: options.Output,
			StartTimeout: startTimeout, StopTimeout: stopTimeout,
		},
	}
	// The plugin is off by default; OpenShift has it on. It asks for permissions that nothing else does.
	c.plane.APIServer.Configure().Set("authorization-mode", "RBAC").Set("enable-admission-plugins", "OwnerReferencesPermissionEnforcement")
	return configureAudit(c.plane.APIServer, c.folder, options.AuditLog)
}

// Config returns an administrator's configuration.
func (c *ControlPlane) Config() *rest.Config { return rest.CopyConfig(c.config) }

// Kubeconfig returns an administrator's kubeconfig.
func (c *ControlPlane) Kubeconfig() []byte { return append([]byte(nil), c.kubeconfig...) }

// Etcd returns the address of etcd, for what the API server would not accept but read.
func (c *ControlPlane) Etcd() string { return c.plane.Etcd.URL.String() }

// Stop ends every process and removes their data. It may be called more than once.
func (c *ControlPlane) Stop() error {
	c.stopOnce.Do(func() {
		// There is nothing to be saved, and an API server that ends in order waits a minute for clients that still watch.
		c.guard.kill()
		var errs []error
		if c.manager != nil {
			errs = append(errs, c.manager.wait())
		}
		if c.plane != nil {
			// envtest signals the process once more, and may find it gone.
			if err := c.plane.Stop(); !errors.Is(err, syscall.ESRCH) {
				errs = append(errs, err)
			}
		}
		c.stopErr = errors.Join(append(errs, c.guard.stop())...)
	})
	return c.stopErr
}
