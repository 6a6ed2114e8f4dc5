// Copyright The cognigy-operator Authors.
// SPDX-License-Identifier: Apache-2.0

package flux

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/cognigy-operator/cognigy-operator/test/installation"
	"github.com/cognigy-operator/cognigy-operator/test/testbed"
)

const (
	fluxNamespace       = "flux-system"
	sourceController    = "source-controller"
	kustomizeController = "kustomize-controller"
)

// controllers are Flux's running controllers.
type controllers struct {
	processes map[string]*testbed.Process
	outputs   map[string]*testbed.Output
}

// startControllers starts Flux's controllers, each under its own ServiceAccount with the permissions that Flux installs for it.
func startControllers(ctx context.Context, assets, folder string) (*controllers, error) {
	started := &controllers{processes: map[string]*testbed.Process{}, outputs: map[string]*testbed.Output{}}
	if err := permit(ctx, assets); err != nil {
		return started, err
	}
	storage, err := testbed.FreeAddress(ctx)
	if err != nil {
		return started, err
	}
	flags := map[string][]string{
		sourceController: {
			"--storage-path=" + filepath.Join(folder, "storage"), "--storage-addr=" + storage, "--storage-adv-addr=" + storage,
		},
		kustomizeController: nil,
	}
	for name, own := range flags {
		// What Flux waits for another Kustomization is 30 seconds otherwise.
		own = append(own, "--metrics-addr=0", "--health-addr=127.0.0.1:0", "--watch-all-namespaces", "--requeue-dependency=1s")
		if err := started.start(ctx, filepath.Join(assets, name), filepath.Join(folder, name), own); err != nil {
			return started, err
		}
	}
	return started, nil
}

// start starts the command of a controller in a folder of its own: what it takes for left over in the folder for temporary files, it deletes.
func (c *controllers) start(ctx context.Context, command, folder string, flags []string) error {
	if err := errors.Join(os.Mkdir(folder, 0o700), os.MkdirAll(filepath.Join(filepath.Dir(folder), "storage"), 0o700)); err != nil {
		return err
	}
	name, file := filepath.Base(command), filepath.Join(folder, "kubeconfig")
	config, err := plane.KubeconfigFor(ctx, fluxNamespace, name)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, config, 0o600); err != nil {
		return err
	}
	bed := &testbed.Testbed{}
	bed.Binary = command
	c.outputs[name] = &testbed.Output{}
	process, err := bed.Run(file, []string{"TMPDIR=" + folder, "RUNTIME_NAMESPACE=" + fluxNamespace}, c.outputs[name], flags...)
	if err == nil {
		c.processes[name] = process
	}
	return err
}

// stop ends the controllers.
func (c *controllers) stop() error {
	var errs []error
	for name, process := range c.processes {
		if err := process.Stop(patience); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

// print prints what the controllers logged.
func (c *controllers) print() {
	for _, name := range slices.Sorted(maps.Keys(c.outputs)) {
		fmt.Fprintf(os.Stderr, "%s printed\n%s\n", name, c.outputs[name])
	}
}

// permit creates the controllers' ServiceAccounts. That of kustomize-controller is a cluster administrator, as Flux installs it.
func permit(ctx context.Context, assets string) error {
	roles, err := installation.Read(filepath.Join(assets, sourceController+"-role.yaml"))
	if err != nil {
		return err
	}
	if len(roles) != 1 {
		return fmt.Errorf("source-controller has %d roles", len(roles))
	}
	roles[0].SetName(sourceController)
	objects := []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: fluxNamespace}}, roles[0],
		account(sourceController), bind(sourceController, sourceController),
		account(kustomizeController), bind(kustomizeController, "cluster-admin"),
	}
	for _, object := range objects {
		if err := cluster.Create(ctx, object); err != nil {
			return err
		}
	}
	return nil
}

func account(name string) client.Object {
	return &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: fluxNamespace, Name: name}}
}

func bind(name, role string) client.Object {
	return &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: fluxNamespace, Name: name}},
	}
}
